"""Phones, mail and clock around the chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Demo, Open, in_one_loop
from tests.browser.desk import NARROW, Desk, Hand

pytestmark = in_one_loop


async def test_two_phones_lie_side_by_side(desk: Desk) -> None:
    ann, ben = Hand(desk.page, "Ann"), Hand(desk.page, "Ben")
    await ann.starts()
    await ben.starts()
    await ben.says("from Ben")

    await ben.sees("You said: from Ben")
    await expect(ann.log).not_to_contain_text("from Ben")


async def test_a_card_says_what_to_try_and_types_the_account(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.region.get_by_text("What to try").click()
    await ann.taps("ann@example.org")

    await expect(ann.region).to_contain_text("Try /book.")
    await expect(ann.field).to_have_value("ann@example.org")


async def test_a_new_phone_is_anybodys(desk: Desk) -> None:
    await desk.people.get_by_role("textbox", name="Name for a new phone").fill("Zoë")
    await desk.people.get_by_role("button", name="New phone").click()
    zoe = Hand(desk.page, "Zoë")
    await zoe.starts()
    await zoe.sees("Welcome")


async def test_a_phone_that_was_put_away_counts_what_is_unread(desk: Desk, demo: Demo) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.sees("Welcome")
    await ann.button("Put Ann’s phone away").click()
    await ann.page.wait_for_timeout(0)
    demo.telegram.post(demo.telegram.chat(demo.backstage.cast[0].person_id), demo.telegram.bot, {"text": "Reminder"})

    await expect(desk.people.get_by_role("button", name="Ann")).to_contain_text("1")
    await expect(desk.page).to_have_title("(1) St. Brigid's")
    await desk.takes("Ann")
    await expect(ann.log.get_by_text("New messages")).to_be_visible()
    await expect(desk.page).to_have_title("St. Brigid's")


async def test_the_newest_mail_is_on_top_and_its_code_is_copied_with_one_tap(desk: Desk, demo: Demo) -> None:
    demo.post("ann@example.org", "Welcome", "Hello")
    demo.post("ann@example.org", "Your code", "It is 483920.")
    letters = desk.mail.get_by_role("listitem")
    await expect(letters.get_by_role("heading")).to_have_text(["Your code", "Welcome"])
    await letters.get_by_role("button", name="Copy code 483920").click()

    await expect(desk.page.get_by_text("Copied: 483920")).to_be_visible()
    assert await desk.copied() == "483920"


async def test_a_mailed_link_opens_on_the_phone_of_whom_it_was_written_to(desk: Desk, demo: Demo) -> None:
    demo.post("ben@example.org", "Invitation", "https://t.me/hospital_bot?start=i_secret")
    await desk.mail.get_by_role("link").click()
    await Hand(desk.page, "Ben").sees("You said: /start i_secret")


async def test_mail_is_no_page_of_its_own(desk: Desk, demo: Demo) -> None:
    demo.post("ann@example.org", "<b>Hi</b>", "<script>alert(1)</script> javascript:alert(2)")
    await expect(desk.mail).to_contain_text("<b>Hi</b>")
    await expect(desk.mail).to_contain_text("<script>alert(1)</script> javascript:alert(2)")
    await expect(desk.mail.get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize(
    ("button", "shown", "day"),
    [("An hour later", "11:30", "Monday 23 November"), ("Next morning", "07:00", "Tuesday 24 November")],
)
async def test_the_clock_is_turned(desk: Desk, button: str, shown: str, day: str) -> None:
    await expect(desk.clock).to_contain_text("10:30")
    await desk.clock.get_by_role("button", name=button).click()
    await expect(desk.clock).to_contain_text(shown)
    await expect(desk.clock).to_contain_text(day)


async def test_the_clock_goes_to_just_before_the_next_visit_then_to_it(desk: Desk, demo: Demo) -> None:
    to_visit = desk.clock.get_by_role("button", name="Just before the next visit")
    await to_visit.click()
    await expect(desk.clock).to_contain_text("No visit is booked yet.")

    demo.visits.append(demo.clock.now() + timedelta(days=2))
    await to_visit.click()
    await expect(desk.clock).to_contain_text("It is now 10:20, Wednesday 25 November.")
    await to_visit.click()
    await expect(desk.clock).to_contain_text("It is now 10:30, Wednesday 25 November.")


async def test_what_is_sent_after_the_clock_was_turned_stands_under_its_own_day(desk: Desk) -> None:
    ann = await desk.takes("Ann")
    await ann.starts()
    await desk.clock.get_by_role("button", name="Next morning").click()
    await ann.says("good morning")
    await ann.sees("Monday 23 November", "Tuesday 24 November", "07:00")


async def test_a_narrow_screen_shows_one_thing_at_a_time(demo: Demo, windows: Open) -> None:
    desk = await windows(demo.address, NARROW)
    await expect(desk.mail).to_be_hidden()
    await desk.shoot("people-narrow")
    ann = await desk.takes("Ann")
    await desk.shoot("start-narrow")
    await ann.starts()
    await ann.says("/book")
    await ann.sees("Which time?")
    await desk.shoot("chat-narrow")

    await expect(desk.people).to_be_hidden()
    await desk.goes_to("Ben’s phone")
    await expect(ann.region).to_be_hidden()
    await desk.goes_to("Clock")
    await expect(desk.clock).to_be_visible()
    await desk.shoot("clock-narrow")


async def test_on_a_narrow_screen_mail_is_announced_with_its_code(demo: Demo, windows: Open) -> None:
    desk = await windows(demo.address, NARROW)
    ann = await desk.takes("Ann")
    await ann.starts()
    demo.post("ann@example.org", "Your code", "It is 483920.")
    notice = desk.page.locator("#notice")
    await expect(notice).to_contain_text("Your code")
    await desk.shoot("mail-notice-narrow")
    await notice.get_by_role("button", name="Copy code 483920").click()

    assert await desk.copied() == "483920"
    await desk.goes_to("Mailbox, 1 new")
    await expect(desk.mail).to_contain_text("It is 483920.")
    await desk.shoot("mail-narrow")


@pytest.mark.parametrize("size", [(320, 568), NARROW, (768, 1024), (1024, 768), (1920, 1080)], ids=str)
async def test_nothing_is_wider_than_the_screen(demo: Demo, windows: Open, size: tuple[int, int]) -> None:
    desk = await windows(demo.address, size)
    ann = await desk.takes("Ann")
    await ann.starts()
    await ann.says("/book")
    await ann.sees("Which time?")
    await desk.shoot(f"width-{size[0]}")
    assert await desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_one_phone_too_many_puts_the_idlest_away(desk: Desk) -> None:
    ann, ben = Hand(desk.page, "Ann"), Hand(desk.page, "Ben")
    await ben.starts()
    await ann.starts()
    osei = await desk.takes("Dr. Osei")

    await expect(osei.region).to_be_in_viewport(ratio=1)
    await expect(ann.region).to_be_in_viewport(ratio=1)
    await expect(ben.region).to_have_count(0)
    await desk.takes("Ben")
    await ben.sees("Welcome")
