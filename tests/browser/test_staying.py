"""Reloads, restarts and outages lose nothing."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from hospital_bot.simulator import server
from hospital_bot.simulator.storage import kept
from tests.browser.conftest import Demo, Open, in_one_loop, new_demo
from tests.browser.desk import Desk, Hand
from tests.browser.reception import reception

pytestmark = in_one_loop


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


async def test_a_reload_shows_the_same_desk(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("remember me")
    await ann.sees("You said: remember me")
    await ann.page.reload()

    await ann.sees("Welcome", "You said: remember me")
    await expect(ann.button("Start")).to_have_count(0)


async def test_two_windows_show_the_same(desk: Desk, demo: Demo, windows: Open) -> None:
    other = await windows(demo.address)
    ann = await desk.takes("Ann")
    await ann.starts()
    await Hand(other.page, "Ann").sees("Welcome")


async def test_a_restart_forgets_nothing_and_the_page_finds_back(windows: Open, tmp_path: Path) -> None:
    file = tmp_path / "telegram.json"
    old = new_demo()
    async with (
        kept(file, old.telegram, old.mailbox, old.clock),
        server.running(old.telegram, old.mailbox, old.backstage) as address,
        reception(old.telegram, address),
    ):
        desk = await windows(address)
        ann = Hand(desk.page, "Ann")
        await ann.starts()
        await ann.says("before")
        await ann.sees("You said: before")
        await ann.field.fill("half typed")

    await expect(desk.page.get_by_text("does not answer")).to_be_visible()
    desk.complaints.clear()  # the browser says that it lost the connection

    new = new_demo()
    async with (
        kept(file, new.telegram, new.mailbox, new.clock),
        server.running(new.telegram, new.mailbox, new.backstage, port=port_of(address)),
        reception(new.telegram, address),
    ):
        await expect(desk.page.get_by_text("does not answer")).to_be_hidden()
        await expect(ann.field).to_have_value("half typed")
        await ann.field.press("Enter")
        await ann.sees("You said: before", "You said: half typed")
        desk.complaints.clear()


async def test_what_could_not_be_sent_stays_in_the_field(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.page.route("**/says", lambda route: route.abort())
    await ann.says("are you there?")

    await expect(ann.region.get_by_text("can't be reached just now")).to_be_visible()
    await expect(ann.field).to_have_value("are you there?")
    desk.complaints.clear()  # the browser says that the request failed
