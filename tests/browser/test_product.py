"""The whole product on the page, as a person meets it in the demo."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import time_machine
from playwright.async_api import expect

from hospital_bot import slots
from hospital_bot.demo.stage import Stage, stage
from tests.browser.conftest import Open, in_one_loop
from tests.browser.desk import NARROW, Desk, Hand

pytestmark = in_one_loop

PATIENCE = 30_000
"""Milliseconds for what comes with the next tick."""
EVENING = time(20)
FRIDAY = datetime(2026, 11, 27, 2, tzinfo=UTC)
SATURDAY = 5
PASSWORD = "seven quiet otters"


@pytest_asyncio.fixture(loop_scope="session")
async def hospital(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """In the evening: the next free time is far enough ahead to be moved and cancelled."""
    begun = getattr(request, "param", None)
    with time_machine.travel(begun, tick=True) if begun else nullcontext():
        async with stage(tmp_path) as on:
            clinic, now = on.product.hospital.clinic, on.clock.now()
            today = clinic.instant(datetime.combine(clinic.today(now), EVENING))
            on.clock.turn((today if now < today else today + timedelta(days=1)) - now)
            yield on


@pytest_asyncio.fixture(loop_scope="session")
async def desk(hospital: Stage, windows: Open) -> Desk:
    return await windows(hospital.address)


async def pastes_code(desk: Desk, hand: Hand, *, number: int) -> None:
    """Copy the code of the newest letter, once there are so many, and paste it into the chat."""
    codes = desk.mail.get_by_role("button", name="Copy code")
    await expect(codes).to_have_count(number)
    await codes.first.click()
    await expect(desk.page.get_by_text(re.compile(r"^Copied: \d{6}$"))).to_be_visible()
    await hand.field.focus()
    await desk.page.keyboard.press("Control+V")
    await desk.page.keyboard.press("Enter")


async def chooses_a_time(hand: Hand) -> None:
    await hand.says("/book")
    await hand.taps(re.compile("^Cardiology"), re.compile("^Dr. Amina Osei"), re.compile("free$"))
    await hand.taps_first(re.compile(r"^\d\d:\d\d$"))
    await hand.taps("Skip")


async def test_somebody_new_registers_books_moves_and_cancels(desk: Desk) -> None:
    mia = await desk.takes("A new phone")
    await mia.starts()
    await mia.taps("I'm new here: register")
    for question, answer in (
        ("name", "Mia Sørensen"),
        ("mail", "mia@example.com"),
        ("number", "+49 30 901820"),
        ("address", "5 Harbour Street, Berlin"),
        ("password", PASSWORD),
    ):
        await expect(mia.last).to_contain_text(question)
        await mia.says(answer)
    await mia.taps(re.compile("Confirm|right"))
    await pastes_code(desk, mia, number=1)
    await expect(mia.last).to_contain_text("Mia Sørensen")
    await expect(mia.log).not_to_contain_text(PASSWORD)

    await chooses_a_time(mia)
    await mia.taps("✅ Confirm")
    await mia.sees("Booked")
    await desk.shoot("booked-wide")
    await mia.says("/appointments")
    await mia.taps(re.compile("Osei"), "Move")
    await mia.taps_first(re.compile("free$"))
    await mia.taps_first(re.compile(r"^\d\d:\d\d$"))
    await mia.taps("✅ Move it")
    await mia.sees("Moved")
    await mia.taps("Cancel visit", "I can't come")
    await mia.sees("is cancelled")
    await desk.shoot("cancelled-wide")


async def test_two_phones_race_for_one_time(desk: Desk, hospital: Stage, windows: Open) -> None:
    elsewhere = await windows(hospital.address)
    ann, ben = Hand(elsewhere.page, "Ann Palmer"), Hand(desk.page, "Ben Okafor")
    await ben.starts()
    await ben.taps("Log in")
    await ben.types_from_card("ben@patients.example")
    await expect(ben.last).to_contain_text("password")
    await ben.types_from_card("three blue herons")
    await pastes_code(desk, ben, number=1)
    await ben.sees("Ben Okafor")

    await asyncio.gather(chooses_a_time(ann), chooses_a_time(ben))
    await asyncio.gather(ann.taps("✅ Confirm"), ben.taps("✅ Confirm"))
    heard = re.compile("Booked|Someone just took that time")
    await asyncio.gather(expect(ann.log).to_contain_text(heard), expect(ben.log).to_contain_text(heard))

    said = [await ann.log.inner_text(), await ben.log.inner_text()]
    assert sum("Booked" in each for each in said) == 1
    assert sum("Someone just took that time" in each for each in said) == 1
    await desk.shoot("race-wide")


@pytest.mark.parametrize("hospital", [None, FRIDAY], indirect=True, ids=["today", "before a weekend"])
async def test_the_clock_brings_the_reminder_and_the_doctors_day(desk: Desk, hospital: Stage) -> None:
    ann = Hand(desk.page, "Ann Palmer")
    await chooses_a_time(ann)
    await ann.taps("✅ Confirm")
    await ann.sees("Booked")
    osei = await desk.takes("Dr. Amina Osei")
    await becomes_the_morning_of(desk, hospital, next_weekday(hospital))
    await osei.sees("07:00")
    await desk.clock.get_by_role("button", name="Just before the next visit").click()

    await expect(ann.log).to_contain_text("reminder of your visit", timeout=PATIENCE)
    await desk.shoot("reminder-wide")


def next_weekday(hospital: Stage) -> date:
    """After today: the doctor's next day of work."""
    today = hospital.product.hospital.clinic.today(hospital.clock.now())
    return next(day for day in slots.days(today, today + timedelta(days=4)) if day > today and day.weekday() < SATURDAY)


async def becomes_the_morning_of(desk: Desk, hospital: Stage, visit: date) -> None:
    """Morning after morning."""
    morning = hospital.product.hospital.clinic.instant(datetime.combine(visit, time(7)))
    while (before := hospital.clock.now()) < morning:
        await desk.clock.get_by_role("button", name="Next morning").click()
        while hospital.clock.now() - before < timedelta(minutes=1):  # noqa: ASYNC110 - the page turns it
            await asyncio.sleep(0.05)


async def test_the_page_shows_the_answer_the_days_list_a_delay_and_a_sick_day(desk: Desk, hospital: Stage) -> None:
    ann = Hand(desk.page, "Ann Palmer")
    await ann.says("/book")
    await ann.taps(re.compile("^Cardiology"), re.compile("^Dr. Amina Osei"))
    await ann.last.get_by_role("button", name=re.compile("free$")).nth(1).click()
    await ann.taps_first(re.compile(r"^\d\d:\d\d$"))
    await ann.taps("Skip", "✅ Confirm")
    await ann.sees("Booked")
    said = re.findall(r"\w+day, (\d+ \w+ \d{4}), \d\d:\d\d", await ann.log.inner_text())
    await becomes_the_morning_of(desk, hospital, datetime.strptime(said[-1], "%d %B %Y").date())  # noqa: DTZ007 - a wall date
    await ann.last.get_by_role("button", name="✅ I'm coming").click(timeout=PATIENCE)
    await ann.sees("We expect you")

    osei = await desk.takes("Dr. Amina Osei")
    await expect(osei.log).to_contain_text("🗓", timeout=PATIENCE)
    await osei.says("/logout")
    await expect(osei.log).to_contain_text(re.compile("You are (logged out here|not logged in)"))
    await osei.says("/login")
    await osei.types_from_card("amina.osei@stbrigid.example")
    await expect(osei.last).to_contain_text("password")
    await osei.types_from_card("three blue herons")
    await pastes_code(desk, osei, number=1)
    await osei.sees("you are logged in")
    await osei.says("/today")
    await expect(osei.last).to_contain_text("Ann Palmer")
    await desk.shoot("day-wide")
    await osei.taps("Running late", "+20 min")
    await expect(ann.log).to_contain_text("later than planned", timeout=PATIENCE)

    await osei.says("/timeoff")
    await osei.taps("🤒 Off sick today", "✅ Yes, I'm off sick")
    await osei.sees("Get well soon")
    await desk.clock.get_by_role("button", name="An hour later").click()
    await expect(ann.log).to_contain_text("These times are kept for you", timeout=PATIENCE)
    await osei.taps("Who has moved?")
    await desk.shoot("sick-day-wide")


async def test_the_product_on_a_narrow_screen(hospital: Stage, windows: Open) -> None:
    desk = await windows(hospital.address, NARROW)
    await desk.shoot("product-people-narrow")
    ann = await desk.takes("Ann Palmer")
    await ann.says("/book")
    await ann.taps(re.compile("^Cardiology"))
    await desk.shoot("product-doctors-narrow")
    await ann.taps(re.compile("^Dr. Amina Osei"))
    await ann.sees("free")
    await desk.shoot("product-days-narrow")
    await ann.taps_first(re.compile("free$"))
    await expect(ann.button(re.compile(r"^\d\d:\d\d$"))).to_be_visible()
    await desk.shoot("product-times-narrow")
