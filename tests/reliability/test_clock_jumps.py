"""Clocks jump: an hour, three days, back again, twice a year. Reminders and digests come once all the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hospital_bot.simulator.phone import Phone
from tests.delivery.conftest import Ward, ann, clock, hospital, ward

__all__ = ["ann", "clock", "hospital", "ward"]

REMINDER = "A reminder of your visit"
VISIT = "2026-11-25 12:00"
"""A Wednesday; its reminders are due a day and two hours before."""


def reminders(ward: Ward, phone: Phone) -> int:
    """The second question to who has not answered is none."""
    return sum(REMINDER in text and "not heard" not in text for text in ward.texts(phone))


async def test_a_jump_of_an_hour_and_back_reminds_once(ward: Ward, ann: Phone) -> None:
    ward.book(ann, VISIT)
    await ward.becomes("2026-11-24 11:30")
    assert reminders(ward, ann) == 0

    for wall in ("2026-11-24 12:30", "2026-11-24 11:30", "2026-11-24 12:30"):
        await ward.becomes(wall)

    assert reminders(ward, ann) == 1


async def test_a_jump_of_three_days_brings_the_one_reminder_that_still_helps(ward: Ward, ann: Phone) -> None:
    ward.book(ann, VISIT)
    await ward.becomes("2026-11-22 11:30")

    await ward.becomes("2026-11-25 11:30")
    assert reminders(ward, ann) == 1

    for wall in ("2026-11-22 11:30", "2026-11-25 11:30"):
        await ward.becomes(wall)
    assert reminders(ward, ann) == 0


@pytest.mark.parametrize("night", ["2027-03-28", "2027-10-31"], ids=["an hour is skipped", "an hour is repeated"])
async def test_over_a_night_on_which_the_clock_changes_everything_comes_once_and_in_time(
    ward: Ward, night: str
) -> None:
    start = datetime.fromisoformat(f"{night} 10:00")
    ward.hospital.clock.now = ward.hospital.clinic.instant(start - timedelta(days=2))
    osei = await ward.staff(ward.doctor())
    patient = await ward.patient("Ann")
    ward.book(patient, f"{start:%Y-%m-%d %H:%M}")
    await ward.ticks()
    ward.news(osei)

    came: list[datetime] = []
    while ward.hospital.clock.now < ward.hospital.clinic.instant(start):
        ward.hospital.clock.turn(minutes=30)
        await ward.ticks()
        came += [ward.hospital.clinic.wall(ward.hospital.clock.now)] * reminders(ward, patient)

    assert len(came) == 2
    assert all(8 <= at.hour < 21 for at in came)
    assert came[-1] <= start - timedelta(hours=1)
    assert sum("1 visit" in text for text in ward.texts(osei)) == 1
