"""Everybody can use the page: without a mouse, by ear, in the dark, on a small screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Page, expect

from tests.browser.conftest import Demo, Open, in_one_loop
from tests.browser.desk import NARROW, WIDE, Desk, Hand, Scheme

pytestmark = in_one_loop

SEVERE = {"serious", "critical"}
LONGEST_WALK = 60


async def barriers(page: Page) -> list[str]:
    """What axe-core finds severe, with the elements it means."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run()")
    severe = [each for each in found["violations"] if each["impact"] in SEVERE]
    return [f"{each['id']}: {node['html'][:120]}" for each in severe for node in each["nodes"]]


async def tab_to(page: Page, label: str) -> None:
    """Press Tab until what has the focus bears this label."""
    for _ in range(LONGEST_WALK):
        await page.keyboard.press("Tab")
        named = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        if label in await page.evaluate(named):
            return
    pytest.fail(f"{label} is not reached with Tab")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_no_serious_barrier_is_found(demo: Demo, windows: Open, size: tuple[int, int], scheme: Scheme) -> None:
    demo.post("ann@example.org", "Your code", "It is 483920. https://t.me/hospital_bot?start=x")
    desk = await windows(demo.address, size, scheme)
    found = {"people": await barriers(desk.page)}
    ann = await desk.takes("Ann")
    found["empty chat"] = await barriers(desk.page)
    await ann.starts()
    for text in ("qr", "visit", "number", "/book"):
        await ann.says(text)
    await ann.sees("Which time?")
    found["chat"] = await barriers(desk.page)
    await ann.button("Commands").click()
    found["commands"] = await barriers(desk.page)
    await desk.page.keyboard.press("Escape")
    await ann.button("Ask the desk").click()
    await expect(desk.page.get_by_role("dialog")).to_be_visible()
    found["alert"] = await barriers(desk.page)
    await desk.page.keyboard.press("Enter")
    await desk.shoot(f"chat-{size[0]}-{scheme}")
    if size == NARROW:
        for view in ("Mailbox", "Clock"):
            await desk.goes_to(view)
            found[view] = await barriers(desk.page)
            await desk.shoot(f"{view.lower()}-{size[0]}-{scheme}")

    assert {where: each for where, each in found.items() if each} == {}


async def test_a_visit_is_booked_with_the_keyboard_alone(desk: Desk) -> None:
    keys, ann = desk.page.keyboard, Hand(desk.page, "Ann")
    await tab_to(desk.page, "Ann")
    await keys.press("Enter")
    await expect(ann.button("Start")).to_be_focused()
    await keys.press("Enter")
    await expect(ann.field).to_be_focused()
    await keys.type("/b")
    await keys.press("ArrowUp")
    await expect(ann.button("/book Book a visit")).to_be_focused()
    await keys.press("Enter")
    await ann.sees("Which time?")
    await desk.page.keyboard.press("Shift+Tab")
    await desk.page.keyboard.press("Shift+Tab")
    await tab_backwards(desk.page, "10:30")
    await keys.press("Enter")

    await ann.sees("10:30 is booked.")
    await expect(ann.button("Change")).to_be_focused()


async def tab_backwards(page: Page, label: str) -> None:
    for _ in range(LONGEST_WALK):
        if await page.evaluate("document.activeElement.textContent") == label:
            return
        await page.keyboard.press("Shift+Tab")
    pytest.fail(f"{label} is not reached with Shift+Tab")


async def test_the_command_menu_is_walked_with_arrows_and_left_with_escape(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.button("Commands").focus()
    await desk.page.keyboard.press("Enter")
    await expect(ann.button("/book Book a visit")).to_be_focused()
    await desk.page.keyboard.press("ArrowDown")
    await expect(ann.button("/help What I can do")).to_be_focused()
    await desk.page.keyboard.press("Escape")
    await expect(ann.field).to_be_focused()


async def test_focus_is_not_lost_when_its_message_is_deleted(desk: Desk, demo: Demo) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("/book")
    await ann.button("10:00").focus()
    chat = demo.telegram.chat(demo.backstage.cast[0].person_id)
    demo.telegram.delete(chat, max(chat.messages))

    await expect(ann.log).to_be_focused()


async def test_new_messages_are_read_out_with_their_sender(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await expect(ann.log).to_have_accessible_name("Chat of Ann with St. Brigid's")
    await expect(ann.last).to_contain_text("St. Brigid's:")
