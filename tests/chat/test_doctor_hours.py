"""A doctor changes working hours and takes leave; visits that fall outside are decided about one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital, chat_of
from tests.chat.practice import deliver, heard, status, visit

FRIDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)


async def _osei(hospital: Hospital, **facts: Any) -> tuple[Added, Phone]:
    added = hospital.doctor(**facts)
    phone = await hospital.staff(added)
    await phone.starts()
    return added, phone


async def _ann(hospital: Hospital, name: str = "Ann") -> Phone:
    phone = await hospital.patient(name)
    await phone.starts()
    return phone


async def test_a_weekday_is_changed_by_tap_and_typed_times(hospital: Hospital) -> None:
    _, osei = await _osei(hospital)

    await osei.walks("/schedule", "Week", "Monday")
    await osei.says("9:00-11:00 14:00-16:00")
    assert "mon 09:00-11:00 14:00-16:00" in osei.last.text
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'hours.change'") == 0

    await osei.taps("✅ Confirm", "Your hours")
    assert "mon 09:00-11:00 14:00-16:00\ntue-sun 09:00-12:00" in osei.last.text
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'hours.change'") == 1


async def test_several_days_are_typed_at_once_and_the_others_stay(hospital: Hospital) -> None:
    _, osei = await _osei(hospital)

    await osei.walks("/schedule", "Week")
    await osei.says("Tue-Thu 10:00-11:00; Sat,Sun off")
    await osei.taps("✅ Confirm", "Your hours")

    assert "mon 09:00-12:00\ntue-thu 10:00-11:00\nfri 09:00-12:00\n" in osei.last.text


@pytest.mark.parametrize("typed", ["nonsense", "mon 25:00-26:00", "mon 10:00-09:00", "x" * 400, "mon", ";", "mon 9-10"])
async def test_times_that_cannot_be_read_change_nothing(hospital: Hospital, typed: str) -> None:
    _, osei = await _osei(hospital)

    await osei.walks("/schedule", "Week")
    await osei.says(typed)
    assert osei.last.text.startswith("I can't read these times.")

    await osei.taps("‹ Back")
    assert "mon-sun 09:00-12:00" in osei.last.text


async def test_the_slot_length_changes_and_booked_visits_keep_theirs(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    booked = visit(hospital, await _ann(hospital), added, "2026-11-23 10:00")

    await osei.walks("/schedule", "Slot length", "20 min")
    asked = "mon-sun 09:00-12:00\n20 minutes each"
    assert osei.last.text == f"Is this right?\n\n{asked}\n\nNo booked visit falls outside."
    await osei.walks("✅ Confirm", "Your hours")

    assert "20 minutes each" in osei.last.text
    query = "SELECT minutes FROM appointments WHERE appointment_id = :id"
    assert hospital.scalar(query, id=booked.appointment_id) == 30


async def test_a_single_day_is_off(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)

    await osei.walks("/schedule", "A single day", "24", "Off that day", "✅ Confirm", "Your hours")

    assert "Tue 24 Nov: off" in osei.last.text
    ann = await _ann(hospital)
    await ann.forges(f"book.times:{added.doctor_id}:20261124", ann.last.id)
    assert "Nothing is free any more on Tuesday, 24 November 2026" in ann.last.text


async def test_an_older_change_is_not_confirmed_in_place_of_the_newest(hospital: Hospital) -> None:
    _, osei = await _osei(hospital)
    await osei.walks("/schedule", "Week", "Monday")
    await osei.says("09:00-11:00")
    older = osei.last
    await osei.walks("/schedule", "Week")
    await osei.says("tue off")
    newer = osei.last

    await osei.taps_in(older.id, older.data_of("✅ Confirm"))
    assert osei.alert == "Not changed: you asked for another change after that one. Here it is."
    assert next(message for message in osei.messages if message.id == older.id).text == newer.text

    for message in (newer, older):
        await osei.taps_in(message.id, newer.data_of("✅ Confirm"))
    assert osei.alert == "That change does not wait for you any more. These are your hours now."
    await osei.says("/schedule")
    assert "mon 09:00-12:00\nwed-sun 09:00-12:00" in osei.last.text


async def test_a_past_day_cannot_be_chosen(hospital: Hospital) -> None:
    _, osei = await _osei(hospital)
    await osei.walks("/schedule", "A single day")

    for data in ("hours.day:20261119", "hours.day:20280101", "hours.none"):
        await osei.forges(data, osei.last.id)
        assert osei.toast == "That day can't be chosen."


async def test_hours_preview_lists_what_would_fall_outside_and_drops_nothing(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    booked = visit(hospital, await _ann(hospital), added, "2026-11-23 11:00")

    await osei.walks("/schedule", "Week", "Monday")
    await osei.says("09:00-11:00")
    assert "1 booked visit would fall outside" in osei.last.text
    assert "Mon 23 Nov 11:00 Ann" in osei.last.text

    await osei.taps("✅ Confirm")
    assert osei.last.buttons[0] == "Mon 23 Nov 11:00 · Ann"
    assert status(hospital, booked) == "confirmed"
    await osei.says("/schedule")
    assert osei.last.buttons[0] == "⚠ 1 visit outside your hours"


async def _leave_on_monday(osei: Phone) -> None:
    await osei.walks("/timeoff", "Add leave", "23")
    await osei.taps("24", "✅ Confirm")


async def test_leave_is_previewed_then_blocks_booking(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    visit(hospital, ann, added, "2026-11-24 10:00")

    await osei.walks("/timeoff", "Add leave", "23", "24")
    assert "Leave from Mon 23 Nov to Tue 24 Nov?" in osei.last.text
    assert "Tue 24 Nov 10:00 Ann" in osei.last.text
    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 0

    await osei.taps("✅ Confirm")
    assert "Leave from Mon 23 Nov to Tue 24 Nov." in osei.last.text
    await ann.forges(f"book.yes:{added.doctor_id}:202611231000", ann.last.id)
    assert "That time is not offered any more." in ann.last.text


async def test_leave_confirmed_twice_is_one_leave_and_can_be_removed(hospital: Hospital) -> None:
    _, osei = await _osei(hospital)
    await osei.walks("/timeoff", "Add leave", "23", "24")
    summary = osei.last.data_of("✅ Confirm")

    await osei.taps("✅ Confirm")
    await osei.forges(summary, osei.last.id)
    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 1

    await osei.walks("/timeoff", "Mon 23 Nov to Tue 24 Nov", "Remove this leave")
    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 0


@pytest.mark.parametrize(
    "data",
    [
        "timeoff.yes:20261124:20261123",
        "timeoff.yes:20261119:20261124",
        "timeoff.yes:20261124:20990101",
        "timeoff.check:20261124:20261123",
        "timeoff.from:20261119:20261101",
        "timeoff.sick:20261119",
        "timeoff.ill:20261119",
    ],
)
async def test_days_that_cannot_be_leave_change_nothing(hospital: Hospital, data: str) -> None:
    _, osei = await _osei(hospital)
    await osei.says("/timeoff")

    await osei.forges(data, osei.last.id)

    assert osei.toast == "That day can't be chosen."
    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 0


async def test_a_kept_visit_stays_and_is_no_longer_listed(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    booked = visit(hospital, await _ann(hospital), added, "2026-11-23 10:00")
    await _leave_on_monday(osei)

    await osei.taps("Mon 23 Nov 10:00 · Ann", "Keep it")

    assert "No visit falls outside your hours." in osei.last.text
    assert status(hospital, booked) == "confirmed"


async def test_a_cancelled_visit_is_asked_about_once_and_its_patient_told(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    booked = visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)

    await osei.taps("Mon 23 Nov 10:00 · Ann", "Cancel visit")
    assert status(hospital, booked) == "confirmed"
    await osei.taps("Yes, cancel it")
    await deliver(hospital)

    assert status(hospital, booked) == "cancelled"
    assert heard(ann, "We cancelled your visit") == 1


async def test_a_patient_is_offered_three_kept_times_and_takes_one(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    booked = visit(hospital, ann, added, "2026-11-23 10:00", reason="Knee")
    await _leave_on_monday(osei)

    await osei.taps("Mon 23 Nov 10:00 · Ann", "Offer other times")
    await deliver(hospital)
    offer = ann.last
    assert "your visit on Monday, 23 November 2026, 10:00 can't take place" in offer.text
    assert "Dr. Osei" not in chat_of(ann).split("can't take place")[1]
    assert len(offer.buttons) == 4

    await ann.taps(offer.buttons[0])
    assert "Booked." in chat_of(ann)
    query = "SELECT COUNT(*) FROM appointments WHERE moved_from = :id AND live = 1 AND reason = 'Knee'"
    assert hospital.scalar(query, id=booked.appointment_id) == 1


async def test_nobody_else_can_have_a_time_that_is_kept_until_it_is_kept_no_longer(hospital: Hospital) -> None:
    added, osei = await _osei(hospital, weekly="mon,wed 09:00-09:30")
    ann, bob = await _ann(hospital), await _ann(hospital, "Bob")
    visit(hospital, ann, added, "2026-11-23 09:00")
    await osei.walks("/timeoff", "Add leave", "23", "23", "✅ Confirm")
    await osei.taps("Mon 23 Nov 09:00 · Ann", "Offer other times")
    await deliver(hospital)

    await bob.forges(f"book.yes:{added.doctor_id}:202611250900", bob.last.id)
    assert "Someone just took that time." in bob.last.text
    await bob.forges(f"book.times:{added.doctor_id}:20261125", bob.last.id)
    assert "Nothing is free any more" in bob.last.text

    hospital.clock.turn(minutes=15)
    await bob.forges(f"book.yes:{added.doctor_id}:202611250900", bob.last.id)
    assert "Booked." in chat_of(bob)
    await ann.taps("Wed 25 Nov 09:00 · same doctor")
    assert "These times are not kept any more." in ann.last.text


async def test_an_offer_is_one_visit_however_often_it_is_tapped(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)
    await osei.taps("Mon 23 Nov 10:00 · Ann", "Offer other times")
    await deliver(hospital)
    offer = ann.last

    for label in (*offer.buttons[:3], offer.buttons[0]):
        await ann.forges(offer.data_of(label), offer.id)

    assert heard(ann, "Booked.") == 4
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == 1


async def test_taking_a_kept_time_costs_at_most_ten_statements(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)
    with hospital.statements() as deciding:
        await osei.taps("Mon 23 Nov 10:00 · Ann", "Offer other times")
    await deliver(hospital)

    with hospital.statements() as taking:
        await ann.taps(ann.last.buttons[0])

    assert len(deciding) <= 20, "two taps"
    assert len(taking) <= 10


async def test_another_patients_offer_is_answered_as_one_that_nobody_has(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann, bob = await _ann(hospital), await _ann(hospital, "Bob")
    visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)
    await osei.taps("Mon 23 Nov 10:00 · Ann", "Offer other times")
    await deliver(hospital)
    _, hold_id, doctor_id = ann.last.data_of(ann.last.buttons[0]).split(":")

    answers = []
    for number in (hold_id, "999"):
        await bob.forges(f"offer.take:{number}:{doctor_id}", bob.last.id)
        answers.append(bob.last.text)

    assert answers[0] == answers[1]
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == 0


async def test_a_kept_time_that_meets_another_visit_of_the_patient_is_refused(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    other = hospital.doctor("Dr. Novak", "Orthopaedics")
    ann = await _ann(hospital)
    visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)
    await osei.taps("Mon 23 Nov 10:00 · Ann", "Offer other times")
    await deliver(hospital)
    hold = "SELECT hold_date FROM holds ORDER BY hold_id LIMIT 1"
    start = f"{str(hospital.scalar(hold))[:10]} {str(hospital.scalar(hold.replace('hold_date', 'hold_time')))[:5]}"
    visit(hospital, ann, other, start)

    await ann.taps(ann.last.buttons[0])

    assert ann.alert == "You have another visit at that time. Please choose another one."


async def test_leave_takes_away_what_was_kept_there(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)
    await osei.taps("Mon 23 Nov 10:00 · Ann", "Offer other times")
    await deliver(hospital)

    await osei.walks("/timeoff", "Add leave", "25")
    await osei.taps("30", "✅ Confirm")
    await ann.taps(ann.last.buttons[0])

    assert "These times are not kept any more." in ann.last.text


async def test_whom_the_bot_cannot_reach_must_be_called(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    visit(hospital, ann, added, "2026-11-23 10:00")
    await ann.blocks()
    await _leave_on_monday(osei)

    await osei.taps("Mon 23 Nov 10:00 · Ann")

    assert "Please call: +4930123456" in osei.last.text
    assert "Offer other times" not in osei.last.buttons


ACTIONS = ["open", "offer", "keep", "cancel", "drop"]


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_colleagues_visit_cannot_be_decided_about(hospital: Hospital, action: str) -> None:
    added = hospital.doctor()
    booked = visit(hospital, await _ann(hospital), added, "2026-11-23 10:00")
    novak = await hospital.staff(hospital.doctor("Dr. Novak", "Orthopaedics"))
    await novak.says("/schedule")

    answers = []
    for number in (booked.appointment_id, 999):
        await novak.forges(f"outside.{action}:{number}", novak.last.id)
        answers.append((novak.last.text, novak.toast))

    assert answers[0] == answers[1]
    assert status(hospital, booked) == "confirmed"


async def test_a_colleagues_leave_cannot_be_seen_or_removed(hospital: Hospital) -> None:
    _, osei = await _osei(hospital)
    await _leave_on_monday(osei)
    novak = await hospital.staff(hospital.doctor("Dr. Novak", "Orthopaedics"))
    await novak.says("/timeoff")

    answers = []
    for data in ("timeoff.show:1", "timeoff.show:9", "timeoff.drop:1", "timeoff.drop:9"):
        await novak.forges(data, novak.last.id)
        answers.append((novak.last.text, novak.toast))

    assert len(set(answers)) == 1
    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 1


async def test_a_visit_that_was_cancelled_meanwhile_cannot_be_kept(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    ann = await _ann(hospital)
    booked = visit(hospital, ann, added, "2026-11-23 10:00")
    await _leave_on_monday(osei)
    await osei.taps("Mon 23 Nov 10:00 · Ann")
    await ann.forges(f"visits.drop:{booked.appointment_id}:0", ann.last.id)

    await osei.taps("Keep it")

    assert osei.last.text.startswith("That visit is over, or was cancelled meanwhile.")


@pytest.mark.parametrize("command", ["/schedule", "/timeoff", "/late", "/requests", "/absences"])
async def test_a_patient_is_refused(hospital: Hospital, command: str) -> None:
    ann = await _ann(hospital)

    await ann.says(command)

    assert ann.last.text == "That is not possible with your account."


async def test_a_long_agenda_costs_no_more_statements(hospital: Hospital) -> None:
    added, osei = await _osei(hospital)
    counts = []
    for number in range(3):
        visit(hospital, await _ann(hospital, f"Ann {'abc'[number]}"), added, f"2026-11-{23 + number} 10:00")
        with hospital.statements() as seen:
            await osei.forges("timeoff.check:20261123:20261130", osei.last.id)
        counts.append(len(seen))

    assert len(set(counts)) == 1
    assert max(counts) <= 10
