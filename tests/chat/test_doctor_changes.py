"""A doctor runs late, falls ill, or answers requests; patients are told and can choose."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital, chat_of
from tests.chat.practice import administrator, deliver, heard, status, visit

MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
"""09:05 on the clinic's clock."""


async def _person(hospital: Hospital, name: str = "Ann") -> Phone:
    phone = await hospital.patient(name)
    await phone.starts()
    return phone


async def _on_monday(hospital: Hospital, doctor: Added) -> Phone:
    """The doctor at work, after whatever was due before."""
    await deliver(hospital)
    hospital.clock.now = MONDAY
    phone = await hospital.staff(doctor)
    await phone.starts()
    await deliver(hospital)
    return phone


async def _desk(hospital: Hospital) -> Phone:
    phone = await administrator(hospital)
    await phone.starts()
    return phone


async def test_running_late_tells_the_remaining_patients_when_to_come(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await _person(hospital), await _person(hospital, "Bob")
    visit(hospital, ann, osei, "2026-11-23 10:00")
    visit(hospital, bob, osei, "2026-11-24 10:00")
    phone = await _on_monday(hospital, osei)

    await phone.walks("/late", "+20 min")
    await deliver(hospital)

    assert phone.last.text == "✅ 1 patient told: 20 minutes later."
    assert "about 10:20 instead of 10:00" in ann.last.text
    assert heard(bob, "later than planned") == 0


async def test_the_same_delay_is_told_once_and_a_new_one_again(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    phone = await _on_monday(hospital, osei)

    for label in ("+10 min", "+10 min", "+30 min", "+10 min"):
        await phone.walks("/late", label)
        await deliver(hospital)

    assert heard(ann, "about 10:10") == 2
    assert heard(ann, "about 10:30") == 1


async def test_on_time_again_is_told_only_to_those_who_heard_of_a_delay(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    phone = await _on_monday(hospital, osei)

    await phone.walks("/late", "On time again")
    assert phone.last.text.startswith("Nobody has to be told")

    await phone.walks("/late", "+10 min", "Change it", "On time again")
    await deliver(hospital)
    assert heard(ann, "on time after all: 10:00") == 1
    assert heard(ann, "later than planned") == 0


async def test_a_delay_is_not_told_to_who_has_cancelled_or_was_seen(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await _person(hospital), await _person(hospital, "Bob")
    seen = visit(hospital, bob, osei, "2026-11-23 09:00")
    booked = visit(hospital, ann, osei, "2026-11-23 11:30")
    phone = await _on_monday(hospital, osei)
    await phone.forges(f"doctor.mark:{seen.appointment_id}:completed:day", phone.last.id)

    await phone.walks("/late", "+30 min")
    await ann.forges(f"visits.drop:{booked.appointment_id}:0", ann.last.id)
    await deliver(hospital)

    assert heard(ann, "later than planned") + heard(bob, "later than planned") == 0


async def test_whom_a_delay_does_not_reach_is_named_to_the_doctor(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await _person(hospital), await _person(hospital, "Bob")
    visit(hospital, ann, osei, "2026-11-23 10:00")
    visit(hospital, bob, osei, "2026-11-23 10:30")
    phone = await _on_monday(hospital, osei)
    await bob.blocks()

    await phone.walks("/late", "+20 min")

    assert phone.last.text == (
        "✅ 1 patient told: 20 minutes later.\n\n☎ The bot can't reach 1 patient. Please call:\n10:30 Bob, +4930123456"
    )


@pytest.mark.parametrize("data", ["late.tell:17", "late.tell:-10", "late.tell:9999999999"])
async def test_a_delay_that_is_not_offered_tells_nobody(hospital: Hospital, data: str) -> None:
    osei = hospital.doctor()
    visit(hospital, await _person(hospital), osei, "2026-11-23 10:00")
    phone = await _on_monday(hospital, osei)

    await phone.forges(data, phone.last.id)

    assert phone.last.text.startswith("Running late")
    assert hospital.scalar("SELECT COUNT(*) FROM notifications WHERE kind = 'late'") == 0


async def test_telling_a_full_day_costs_at_most_ten_statements(hospital: Hospital) -> None:
    osei = hospital.doctor()
    for name, clock in (("Ann", "10:00"), ("Bob", "10:30"), ("Cy", "11:00")):
        visit(hospital, await _person(hospital, name), osei, f"2026-11-23 {clock}")
    phone = await _on_monday(hospital, osei)

    with hospital.statements() as seen:
        await phone.forges("late.tell:10", phone.last.id)

    assert len(seen) <= 10
    assert "3 patients told" in phone.last.text


async def _off_sick(phone: Phone) -> None:
    await phone.walks("/timeoff", "🤒 Off sick today", "✅ Yes, I'm off sick")


async def test_a_sick_day_is_previewed_confirmed_once_and_told_after_ten_minutes(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    booked = visit(hospital, ann, osei, "2026-11-23 10:00")
    phone = await _on_monday(hospital, osei)

    await phone.walks("/timeoff", "🤒 Off sick today")
    assert "1 visit; each patient is offered three other times:\n10:00 Ann" in phone.last.text.replace(
        "Mon 23 Nov ", ""
    )
    await phone.taps("✅ Yes, I'm off sick")
    hospital.clock.turn(minutes=9)
    await deliver(hospital)
    assert (heard(ann, "can't take place"), status(hospital, booked)) == (0, "confirmed")

    hospital.clock.turn(minutes=1)
    await deliver(hospital)
    assert (heard(ann, "can't take place"), status(hospital, booked)) == (1, "cancelled")
    assert "kept for you until 09:30" in ann.last.text


async def test_nothing_more_is_booked_on_a_sick_day_from_the_first_moment(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    phone = await _on_monday(hospital, osei)

    await _off_sick(phone)
    await ann.forges(f"book.yes:{osei.doctor_id}:202611231130", ann.last.id)

    assert "That time is not offered any more." in ann.last.text


async def test_a_sick_day_can_be_undone_for_ten_minutes(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    booked = visit(hospital, ann, osei, "2026-11-23 11:00")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)

    hospital.clock.turn(minutes=9)
    await phone.taps("↩ Undo")
    hospital.clock.turn(minutes=5)
    await deliver(hospital)

    assert "you can be booked again" in phone.last.text
    assert (heard(ann, "can't take place"), status(hospital, booked)) == (0, "confirmed")


async def test_after_ten_minutes_a_sick_day_stands(hospital: Hospital) -> None:
    osei = hospital.doctor()
    visit(hospital, await _person(hospital), osei, "2026-11-23 11:00")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)

    hospital.clock.turn(minutes=10)
    await phone.taps("↩ Undo")

    assert phone.alert == "Too late: your patients have been told. Please call the hospital."
    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 1


async def test_whose_visit_is_about_to_begin_is_told_at_once(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await _person(hospital), await _person(hospital, "Bob")
    visit(hospital, ann, osei, "2026-11-23 10:00")
    visit(hospital, bob, osei, "2026-11-23 11:00")
    phone = await _on_monday(hospital, osei)
    hospital.clock.turn(minutes=47)

    await phone.walks("/timeoff", "🤒 Off sick today")
    assert "everybody is told at once, and it can't be undone" in phone.last.text
    await phone.taps("✅ Yes, I'm off sick")
    said = phone.last
    await deliver(hospital)

    assert "2 patients will be told now." in said.text
    assert said.buttons == ["Who has moved?"]
    assert (heard(ann, "can't take place"), heard(bob, "can't take place")) == (1, 1)


async def test_leave_on_a_day_off_sick_stays_when_that_is_undone(hospital: Hospital) -> None:
    osei = hospital.doctor()
    phone = await _on_monday(hospital, osei)
    await phone.walks("/timeoff", "🤒 Off sick tomorrow", "✅ Yes, I'm off sick")

    await phone.walks("/timeoff", "Add leave", "24", "24", "✅ Confirm")
    assert "Leave from" in phone.last.text
    await phone.taps("↩ Undo")

    assert hospital.scalar("SELECT COUNT(*) FROM time_off WHERE tell_at IS NULL") == 1


async def test_a_sick_day_said_twice_is_one(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    visit(hospital, ann, osei, "2026-11-23 11:00")
    phone = await _on_monday(hospital, osei)

    await _off_sick(phone)
    hospital.clock.turn(minutes=3)
    await _off_sick(phone)
    hospital.clock.turn(minutes=12)
    await deliver(hospital)

    assert hospital.scalar("SELECT COUNT(*) FROM time_off") == 1
    assert heard(ann, "can't take place") == 1


async def test_a_sick_doctors_patients_are_offered_a_colleague_sooner_and_the_doctor_later(hospital: Hospital) -> None:
    osei = hospital.doctor()
    hospital.doctor("Dr. Weber")
    ann, bob = await _person(hospital), await _person(hospital, "Bob")
    for each, clock in ((ann, "10:30"), (bob, "11:00")):
        visit(hospital, each, osei, f"2026-11-23 {clock}")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)
    hospital.clock.turn(minutes=10)
    await deliver(hospital)

    for each in (ann, bob):
        assert any("Mon 23 Nov" in label and "another doctor" in label for label in each.last.buttons)
        assert any("Tue 24 Nov" in label and "same doctor" in label for label in each.last.buttons)
    assert not {*ann.last.buttons[:3]} & {*bob.last.buttons[:3]}


async def test_the_doctor_sees_who_moved_who_waits_and_whom_to_call(hospital: Hospital) -> None:
    osei = hospital.doctor()
    people = [await _person(hospital, name) for name in ("Ann", "Bob", "Cy", "Di")]
    booked = [
        visit(hospital, each, osei, f"2026-11-23 {clock}")
        for each, clock in zip(people, ("10:00", "10:30", "11:00", "11:30"), strict=True)
    ]
    ann, _, cy, di = people
    phone = await _on_monday(hospital, osei)
    await cy.blocks()
    await _off_sick(phone)
    assert "3 patients will be told" in phone.last.text
    assert "can't reach 1 patient: “Who has moved?” says whom to call" in phone.last.text
    await di.forges(f"visits.drop:{booked[3].appointment_id}:0", di.last.id)
    hospital.clock.turn(minutes=10)
    await deliver(hospital)
    await ann.taps(ann.last.buttons[0])

    await phone.taps("Who has moved?")

    board = next(
        message.text for message in phone.messages if "1 moved, 1 waiting, 1 to call, 1 cancelled" in message.text
    )
    assert board.splitlines()[-4:] == [
        "10:00 Ann · ✓ Tue 24 Nov 09:00",
        "10:30 Bob · no answer yet",
        "11:00 Cy · ☎ +4930123456",
        "11:30 Di · cancelled it",
    ]


async def test_who_took_an_offered_time_and_gave_it_back_has_cancelled(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)
    hospital.clock.turn(minutes=10)
    await deliver(hospital)
    await ann.taps(ann.last.buttons[0])
    await ann.taps("Cancel visit", "I can't come")

    await phone.taps("Who has moved?")

    assert "10:00 Ann · cancelled it" in chat_of(phone)


async def test_who_was_seen_by_a_colleague_meanwhile_has_moved(hospital: Hospital) -> None:
    osei, weber = hospital.doctor(), hospital.doctor("Dr. Weber", weekly="mon-sun 09:00-12:00")
    ann = await _person(hospital)
    visit(hospital, ann, osei, "2026-11-23 11:00")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)
    hospital.clock.turn(minutes=10)
    await deliver(hospital)
    await ann.taps(next(label for label in ann.last.buttons if "another doctor" in label))
    taken = hospital.scalar("SELECT MAX(appointment_id) FROM appointments")
    colleague = await hospital.staff(weber)
    await colleague.says("/today")
    for mark in ("arrived", "completed"):
        await colleague.forges(f"doctor.mark:{taken}:{mark}:day", colleague.last.id)
    assert hospital.scalar("SELECT status FROM appointments WHERE appointment_id = :id", id=taken) == "completed"

    await phone.taps("Who has moved?")

    assert "11:00 Ann · ✓ Mon 23 Nov" in chat_of(phone)


@pytest.mark.parametrize(
    ("specialization", "line"), [("Cardiology", "✓ has another visit"), ("Dermatology", "no answer yet")]
)
async def test_another_visit_is_in_place_of_the_lost_one_when_it_is_of_the_same_kind(
    hospital: Hospital, specialization: str, line: str
) -> None:
    osei, weber = hospital.doctor(), hospital.doctor("Dr. Weber", specialization, weekly="mon-sun 13:00-15:00")
    ann = await _person(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)
    hospital.clock.turn(minutes=10)
    await deliver(hospital)

    visit(hospital, ann, weber, "2026-11-23 14:00")
    await phone.taps("Who has moved?")

    assert f"10:00 Ann · {line}" in chat_of(phone)


async def test_the_hospitals_desk_sees_it_too_and_a_colleague_does_not(hospital: Hospital) -> None:
    osei = hospital.doctor()
    visit(hospital, await _person(hospital), osei, "2026-11-23 11:00")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)
    desk, novak = await _desk(hospital), await hospital.staff(hospital.doctor("Dr. Novak", "Orthopaedics"))

    await desk.walks("/absences", "Mon 23 Nov · Dr. Osei")
    assert "11:00 Ann" in desk.last.text

    await novak.says("/today")
    answers = []
    for number in (1, 99):
        await novak.forges(f"timeoff.board:{number}", novak.last.id)
        answers.append(novak.last.text)
    assert answers[0] == answers[1]


async def test_an_offer_to_a_patient_who_has_chosen_already_is_not_sent(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _person(hospital)
    booked = visit(hospital, ann, osei, "2026-11-23 11:30")
    phone = await _on_monday(hospital, osei)
    await _off_sick(phone)

    await ann.forges(f"move.yes:{booked.appointment_id}:{osei.doctor_id}:202611241000", ann.last.id)
    hospital.clock.turn(minutes=10)
    await deliver(hospital)

    assert heard(ann, "can't take place") == 0
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == 1


async def _approving(hospital: Hospital) -> tuple[Added, Phone]:
    osei = hospital.doctor()
    phone = await hospital.staff(osei)
    await phone.walks("/schedule", "Bookings wait for my answer: no")
    assert "Bookings wait for my answer: yes" in phone.last.buttons
    return osei, phone


async def _asks(hospital: Hospital, phone: Phone, doctor: Added) -> None:
    await phone.forges(f"book.yes:{doctor.doctor_id}:202611231000", phone.last.id)
    await deliver(hospital)


async def test_a_request_holds_its_time_until_the_doctor_confirms(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann, bob = await _person(hospital), await _person(hospital, "Bob")

    await _asks(hospital, ann, osei)
    await bob.forges(f"book.yes:{osei.doctor_id}:202611231000", bob.last.id)
    assert "Asked for." in chat_of(ann)
    assert "Someone just took that time." in bob.last.text
    assert heard(phone, "Visit asked for") == 1

    await phone.taps("✅ Confirm")
    await deliver(hospital)
    assert "Confirmed." in phone.last.text
    assert heard(ann, "Your visit is confirmed") == 1
    assert hospital.scalar("SELECT status FROM appointments") == "confirmed"


async def test_a_request_looks_like_one_until_it_is_answered(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)

    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei · asked for")
    assert "Only asked for: the doctor has not answered yet." in ann.last.text
    await ann.taps("Calendar file")
    assert b"STATUS:TENTATIVE" in await ann.downloads(ann.last.document)

    await phone.taps("✅ Confirm")
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei")
    assert "asked for" not in ann.last.text
    await ann.taps("Calendar file")
    assert b"STATUS" not in await ann.downloads(ann.last.document)


async def test_declining_offers_the_patient_other_times(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)

    await phone.taps("Decline")
    await deliver(hospital)
    assert "the time you asked for, Monday, 23 November 2026, 10:00, is not possible" in ann.last.text

    assert not any("Mon 23 Nov 10:00" in label for label in ann.last.buttons)

    await ann.taps(ann.last.buttons[0])
    assert hospital.scalar("SELECT status FROM appointments WHERE live = 1") == "pending"


async def test_an_offered_time_that_was_taken_and_given_back_is_gone(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)
    await phone.taps("Decline")
    await deliver(hospital)
    offer = ann.last

    await ann.taps(offer.buttons[2])
    taken = hospital.scalar("SELECT appointment_id FROM appointments WHERE live = 1")
    await ann.forges(f"visits.drop:{taken}:0", ann.last.id)
    await ann.forges(offer.data_of(offer.buttons[2]), offer.id)

    assert "These times are not kept any more." in chat_of(ann)
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == 0


async def test_an_answer_that_was_given_stands(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)
    asked = phone.last

    await phone.taps("✅ Confirm")
    await phone.forges(asked.data_of("Decline"), phone.last.id)
    assert phone.alert == "This request has ended: answered, withdrawn, or too old."

    await phone.forges(asked.data_of("✅ Confirm"), phone.last.id)
    assert "Confirmed." in phone.last.text
    await deliver(hospital)
    assert heard(ann, "Your visit is confirmed") == 1


async def test_what_the_patient_withdrew_is_not_declined(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)
    asked = phone.last
    await ann.forges("visits.drop:1:0", ann.last.id)

    await phone.forges(asked.data_of("Decline"), asked.id)
    await deliver(hospital)

    assert phone.alert == "This request has ended: answered, withdrawn, or too old."
    assert heard(ann, "is not possible") == 0


async def test_declining_twice_is_once(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)
    asked = phone.last

    await phone.taps("Decline")
    await phone.forges(asked.data_of("Decline"), asked.id)
    await deliver(hospital)

    assert "Declined." in phone.last.text
    assert heard(ann, "is not possible") == 1


async def test_a_declined_request_cannot_be_confirmed(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    await _asks(hospital, await _person(hospital), osei)
    asked = phone.last

    await phone.taps("Decline")
    await phone.forges(asked.data_of("✅ Confirm"), phone.last.id)

    assert phone.alert == "This request has ended: answered, withdrawn, or too old."
    assert hospital.scalar("SELECT status FROM appointments") == "cancelled"


async def test_an_unanswered_request_reminds_the_doctor_then_expires_with_alternatives(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    ann = await _person(hospital)
    await _asks(hospital, ann, osei)

    hospital.clock.turn(hours=13)
    await deliver(hospital)
    assert heard(phone, "Visit asked for") == 2
    assert heard(ann, "nobody could confirm") == 0

    hospital.clock.turn(hours=11)
    await deliver(hospital)
    assert heard(ann, "nobody could confirm the time you asked for") == 1
    assert len(ann.last.buttons) == 4
    assert hospital.scalar("SELECT status FROM appointments") == "cancelled"


async def test_requests_are_listed_and_answered_from_a_visits_page(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    await _asks(hospital, await _person(hospital), osei)

    await phone.walks("/requests", "Mon 23 Nov 10:00 · Ann", "✅ Confirm")
    await phone.says("/requests")

    assert phone.last.text == "Nobody waits for your answer."


@pytest.mark.parametrize("action", ["yes", "no"])
async def test_a_colleague_cannot_answer_a_request(hospital: Hospital, action: str) -> None:
    osei, _ = await _approving(hospital)
    await _asks(hospital, await _person(hospital), osei)
    novak = await hospital.staff(hospital.doctor("Dr. Novak", "Orthopaedics"))
    await novak.says("/today")

    answers = []
    for number in (1, 999):
        await novak.forges(f"approval.{action}:{number}", novak.last.id)
        answers.append((novak.last.text, novak.toast))

    assert answers[0] == answers[1]
    assert hospital.scalar("SELECT status FROM appointments") == "pending"


async def test_a_request_gets_no_reminder_and_answering_costs_at_most_ten_statements(hospital: Hospital) -> None:
    osei, phone = await _approving(hospital)
    await _asks(hospital, await _person(hospital), osei)
    reminders = "SELECT COUNT(*) FROM notifications WHERE kind = 'reminder'"
    assert hospital.scalar(reminders) == 0

    with hospital.statements() as seen:
        await phone.taps("✅ Confirm")

    assert hospital.scalar(reminders) == 2
    assert len(seen) <= 10
