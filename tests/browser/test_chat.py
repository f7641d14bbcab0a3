"""What the bot sends looks on the page as it would in Telegram."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Route, expect

from tests.browser.conftest import Demo, in_one_loop
from tests.browser.desk import Desk

pytestmark = in_one_loop


async def test_formatted_text_is_formatted(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()

    await expect(ann.last.locator("strong")).to_have_text("Welcome")
    await expect(ann.last.locator("em")).to_have_text("the desk")
    await expect(ann.last.locator("blockquote")).to_have_text("Take care")
    await desk.shoot("chat-wide")


async def test_what_looks_like_html_stays_text(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    attack = "<img src=x onerror=alert(1)><b>bold</b>"
    await ann.says(attack)

    await ann.sees(f"You said: {attack}")
    await expect(ann.log.locator(".bubble img, .bubble b")).to_have_count(0)


async def test_a_code_in_a_message_is_copied_by_tapping_it(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.taps("123456")

    await expect(desk.page.get_by_text("Copied: 123456")).to_be_visible()
    assert await desk.copied() == "123456"


async def test_a_command_in_a_message_can_be_tapped(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.taps("/help")
    await ann.sees("You said: /help")


async def test_a_link_to_the_bot_starts_it_within_the_page(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.log.get_by_role("link", name="Say hello").click()
    await ann.sees("You said: /start hello")


async def test_buttons_change_in_place_and_the_tap_is_answered(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("/book")
    await ann.taps("10:30")

    await expect(ann.last).to_contain_text("10:30 is booked.")
    await expect(ann.last).to_contain_text("edited")
    await expect(ann.region.get_by_text("10:30 is yours")).to_be_visible()
    await expect(ann.last.get_by_role("group").get_by_role("button")).to_have_text(["Change", "Copy it"])
    assert await ann.log.get_by_role("article").count() == 4


async def test_an_alert_waits_until_it_is_closed(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("/book")
    await ann.taps("Ask the desk")

    alert = desk.page.get_by_role("dialog")
    await expect(alert).to_contain_text("Please call the desk.")
    await alert.get_by_role("button", name="OK").click()
    await expect(alert).to_be_hidden()
    await expect(ann.button("Ask the desk")).to_be_focused()


async def test_a_contact_is_shared_by_the_keyboard_of_the_bot(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("number")
    await ann.taps("Share my number")

    await ann.sees("+1555", "You said: something")


async def test_a_key_of_the_bots_keyboard_says_its_label(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("number")
    await ann.taps("Hide quick answers", "Show quick answers", "Rather not")
    await ann.sees("You said: Rather not")


async def test_a_calendar_file_is_downloaded(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("visit")
    async with desk.page.expect_download() as started:
        await ann.log.get_by_role("link", name="visit.ics").click()

    download = await started.value
    assert download.suggested_filename == "visit.ics"
    assert await asyncio.to_thread(Path(await download.path()).read_bytes) == b"BEGIN:VCALENDAR"


async def test_a_picture_is_shown(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("qr")

    picture = ann.log.get_by_role("img", name="Scan me")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("complete", True)
    assert await picture.evaluate("image => image.naturalWidth") > 0


async def test_a_deleted_message_vanishes(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("secret")

    await ann.sees("Forgotten.")
    await expect(ann.log.get_by_text("secret", exact=True)).to_have_count(0)


async def test_the_bot_is_seen_typing(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("think")
    await expect(ann.region.get_by_text("typing…")).to_be_visible()


async def test_a_long_text_wraps_and_keeps_its_lines(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.field.fill("first\nsecond " + "x" * 300)
    await ann.field.press("Enter")

    await ann.sees("You said: first")
    fits = "log => log.scrollWidth <= log.clientWidth"
    assert await ann.log.evaluate(fits)


async def test_a_menu_opened_while_the_start_is_on_its_way_stays_open(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    is_open = asyncio.Event()

    async def slow(route: Route) -> None:
        response = await route.fetch()
        await is_open.wait()
        await route.fulfill(response=response)

    await desk.page.route("**/starts", slow)
    await ann.starts()
    async with desk.page.expect_response("**/starts"):
        await ann.region.get_by_label("More").click()
        is_open.set()

    await desk.page.evaluate("() => new Promise(requestAnimationFrame)")
    await expect(ann.button("Block the bot")).to_be_visible()


async def test_a_blocked_bot_can_be_unblocked(desk: Desk, demo: Demo) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.region.get_by_label("More").click()
    await ann.taps("Block the bot", "Unblock")

    await expect(ann.field).to_be_visible()
    assert not demo.telegram.chat(demo.backstage.cast[0].person_id).is_blocked
