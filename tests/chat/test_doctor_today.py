"""A doctor looks at the day and the week, and says who came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.chat.conftest import Hospital
from tests.chat.practice import status, visit

NINE = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
"""Monday, 09:05 on the clinic's clock."""


async def test_the_day_lists_visits_in_order_with_reason_and_gaps(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    visit(hospital, bob, osei, "2026-11-23 10:00", reason="Knee & <hip>")
    visit(hospital, ann, osei, "2026-11-23 09:00")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)

    await phone.says("/today")

    assert phone.last.text == (
        "Monday, 23 November 2026\n2 visits\n\n09:00 Ann\n        new\n10:00 Bob\n        new · Knee & <hip>\n\n"
        "Free: 09:30–10:00, 10:30–12:00"
    )
    assert phone.last.buttons[:4] == ["09:00 Ann", "Arrived", "10:00 Bob", "Arrived"]


async def test_a_day_of_many_visits_is_turned_and_keeps_its_page(hospital: Hospital) -> None:
    osei = hospital.doctor(weekly="mon-sun 09:00-17:30", minutes=10)
    for person in range(10):
        phone = await hospital.patient(f"Ann {person}")
        for place in range(person * 5, person * 5 + 5):
            start = datetime(2026, 11, 23, 9) + timedelta(minutes=10 * place)  # noqa: DTZ001 - the clinic's wall clock
            visit(hospital, phone, osei, f"{start:%Y-%m-%d %H:%M}", reason="because " * 30)
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)

    await phone.says("/today")
    assert "50 visits, here from 09:00 to 13:00" in phone.last.text
    assert phone.last.text.count("because…") == 25
    assert phone.last.text.endswith("Free: 17:20–17:30")

    await phone.taps("Later ›")
    first, *_ = phone.last.buttons
    await phone.taps("Arrived")
    assert phone.last.buttons[0] == f"● {first}"
    assert "17:10 Ann 9" in phone.last.text
    await phone.taps("‹ Earlier")
    assert "09:00 Ann 0" in phone.last.text


async def test_an_empty_day_says_so_and_turns(hospital: Hospital) -> None:
    hospital.clock.now = NINE
    phone = await hospital.staff(hospital.doctor())

    await phone.says("/today")
    assert phone.last.text == "Monday, 23 November 2026\nNo visits."

    await phone.taps("Tue 24 Nov")
    assert phone.last.text.startswith("Tuesday, 24 November 2026")
    await phone.taps("Today's visits")
    assert phone.last.text.startswith("Monday, 23 November 2026")


async def test_arrived_then_done_each_take_one_tap_in_the_list(hospital: Hospital) -> None:
    osei = hospital.doctor()
    booked = visit(hospital, await hospital.patient("Ann"), osei, "2026-11-23 09:00")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)

    await phone.walks("/today", "Arrived")
    assert status(hospital, booked) == "arrived"

    await phone.taps("Done")
    assert status(hospital, booked) == "completed"
    assert "09:00 Ann · done" in phone.last.text


async def test_a_visits_page_offers_no_show_once_it_has_begun(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await hospital.patient("Ann")
    visit(hospital, ann, osei, "2026-11-23 09:00")
    later = visit(hospital, ann, osei, "2026-11-23 10:00")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)

    await phone.walks("/today", "10:00 Ann")
    assert phone.last.buttons == ["Arrived", "Records", "Move or cancel", "‹ Back"]
    for mark in ("no_show", "completed"):
        await phone.forges(f"doctor.mark:{later.appointment_id}:{mark}:visit", phone.last.id)
        assert phone.alert == "The visit has not begun yet."

    await phone.taps("‹ Back", "09:00 Ann", "No-show")
    assert "did not come" in phone.last.text


async def test_done_is_taken_back_until_a_record_says_so(hospital: Hospital) -> None:
    osei = hospital.doctor()
    booked = visit(hospital, await hospital.patient("Ann"), osei, "2026-11-23 09:00")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)
    await phone.walks("/today", "09:00 Ann", "Done")

    await phone.taps("↩ Not done yet")
    assert status(hospital, booked) == "arrived"

    await phone.taps("Done", "Write the record")
    await phone.says("Cough for a week")
    await phone.taps("Skip", "Skip", "✅ Keep it")
    await phone.forges(f"doctor.visit:{booked.appointment_id}", phone.last.id)
    assert "↩ Not done yet" not in phone.last.buttons
    await phone.forges(f"doctor.mark:{booked.appointment_id}:arrived:visit", phone.last.id)
    assert phone.alert == "Its record is written: the visit stays done."


async def test_a_time_that_was_given_away_meanwhile_is_not_taken_again(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    booked = visit(hospital, ann, osei, "2026-11-23 11:00")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)
    await phone.walks("/today", "11:00 Ann", "Arrived", "Done")
    other = visit(hospital, bob, osei, "2026-11-23 11:00")

    await phone.taps("↩ Not done yet")

    assert phone.alert == "Somebody else has that time now."
    assert (status(hospital, booked), status(hospital, other)) == ("completed", "confirmed")


@pytest.mark.parametrize(
    "data", ["doctor.visit:{id}", "doctor.mark:{id}:arrived:day", "doctor.mark:{id}:arrived:visit"]
)
async def test_a_colleagues_visit_is_answered_as_one_that_nobody_has(hospital: Hospital, data: str) -> None:
    booked = visit(hospital, await hospital.patient("Ann"), hospital.doctor(), "2026-11-23 09:00")
    hospital.clock.now = NINE
    novak = await hospital.staff(hospital.doctor("Dr. Novak", "Orthopaedics"))
    await novak.says("/today")

    answers = []
    for number in (booked.appointment_id, 999):
        await novak.forges(data.format(id=number), novak.last.id)
        answers.append((novak.last.text, novak.toast))

    assert answers[0] == answers[1]
    assert status(hospital, booked) == "confirmed"


@pytest.mark.parametrize("command", ["/today", "/week"])
async def test_a_patient_has_no_doctors_day(hospital: Hospital, command: str) -> None:
    ann = await hospital.patient("Ann")

    await ann.says(command)

    assert ann.last.text == "That is not possible with your account."


async def test_the_week_counts_visits_and_leads_to_a_day(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await hospital.patient("Ann")
    visit(hospital, ann, osei, "2026-11-24 10:00")
    visit(hospital, ann, osei, "2026-11-24 11:00")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)

    await phone.says("/week")
    assert phone.last.buttons[:2] == ["Mon 23 Nov · –", "Tue 24 Nov · 2 visits, 10:00–11:30"]

    await phone.taps("Later ›", "‹ Earlier", "Tue 24 Nov · 2 visits, 10:00–11:30")
    assert "11:00 Ann" in phone.last.text


@pytest.mark.parametrize("data", ["doctor.day:00010101", "doctor.day:99991231", "doctor.week:99991231"])
async def test_days_beyond_every_calendar_are_answered(hospital: Hospital, data: str) -> None:
    hospital.clock.now = NINE
    phone = await hospital.staff(hospital.doctor())
    await phone.says("/today")

    await phone.forges(data, phone.last.id)

    assert "Something went wrong" not in phone.last.text


async def test_a_full_day_costs_as_many_statements_as_an_empty_one(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await hospital.patient("Ann")
    hospital.clock.now = NINE
    phone = await hospital.staff(osei)
    await phone.says("/start")
    counts = []
    for clock in ("10:30", "11:00", "11:30"):
        with hospital.statements() as seen:
            await phone.forges("doctor.day:20261123", phone.last.id)
        counts.append(len(seen))
        booked = visit(hospital, ann, osei, f"2026-11-23 {clock}")
    with hospital.statements() as seen:
        await phone.forges(f"doctor.mark:{booked.appointment_id}:arrived:day", phone.last.id)

    assert len(set(counts)) == 1
    assert len(seen) <= 10
