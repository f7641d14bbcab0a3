"""A doctor or an administrator leaves; somebody calls the desk about their account."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from handlers import texts
from handlers.texts import account as words
from hospital_bot.errors import BadInput, CodeSpent, NotAllowed, NotFound, NotOffered, VisitsAhead
from hospital_bot.services import accounts, booking, callers, calls, doctors, leave, leaving
from hospital_bot.services.agenda import Entry
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of
from tests.chat.practice import administrator, deliver, heard, patient_id, visit
from tests.security.test_security_page import app_with, enrolled

VERSION = "SELECT token_version FROM users WHERE user_id = :id"


def _leaves(hospital: Hospital, doctor: Added, *, take_back: bool = True) -> list[Entry]:
    facts = {"doctor_id": doctor.doctor_id, "take_back": take_back, "clinic": hospital.clinic}
    return hospital.do(leaving.doctor_leaves, **facts)


async def _started(hospital: Hospital, name: str = "Ann") -> Phone:
    phone = await hospital.patient(name)
    await phone.starts()
    return phone


async def test_the_patients_of_a_doctor_who_leaves_choose_times_with_colleagues(hospital: Hospital) -> None:
    osei, _ = hospital.doctor(), hospital.doctor("Dr. Lang")
    ann = await _started(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    await deliver(hospital)

    assert [entry.patient_name for entry in _leaves(hospital, osei)] == ["Ann"]
    await deliver(hospital)

    assert "your visit on Monday, 23 November 2026, 10:00 can't take place" in ann.last.text
    assert "another doctor" in ann.last.buttons[0]
    await ann.taps(ann.last.buttons[0])
    assert hospital.scalar("SELECT doctor_id FROM appointments WHERE live = 1") != osei.doctor_id
    await ann.walks("/privacy", "Who saw my data")
    assert "The hospital offered other times for a visit" in ann.last.text


async def test_without_a_colleague_they_are_told_and_asked_to_choose(hospital: Hospital) -> None:
    osei = hospital.doctor()
    hospital.doctor("Dr. Lang", "Surgery")
    ann = await _started(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    _leaves(hospital, osei)
    await deliver(hospital)

    assert "can't take place" in ann.last.text
    await ann.taps(ann.last.buttons[0])
    assert "Something went wrong" not in chat_of(ann)


async def test_whom_the_bot_does_not_reach_is_named_to_be_called(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await _started(hospital), await _started(hospital, "Bob")
    visit(hospital, ann, osei, "2026-11-23 10:00")
    visit(hospital, bob, osei, "2026-11-23 11:00")
    hospital.do(accounts.mark_blocked, telegram_id=bob.id, reachable=False)

    assert [(entry.patient_name, entry.reachable) for entry in _leaves(hospital, osei)] == [
        ("Ann", True),
        ("Bob", False),
    ]


async def test_visits_are_not_taken_back_unasked(hospital: Hospital) -> None:
    osei = hospital.doctor()
    visit(hospital, await _started(hospital), osei, "2026-11-23 10:00")

    with pytest.raises(VisitsAhead, match="visits ahead: 1, the last on 2026-11-23"):
        _leaves(hospital, osei, take_back=False)

    assert hospital.scalar("SELECT active FROM doctors") == 1
    assert hospital.scalar("SELECT count(*) FROM appointments WHERE live = 1") == 1


async def test_a_doctor_who_has_left_is_out_and_hears_nothing_more(hospital: Hospital) -> None:
    osei = hospital.doctor()
    phone, ann = await hospital.staff(osei), await _started(hospital)
    await phone.starts()
    visit(hospital, ann, osei, "2026-11-23 10:00")
    version = hospital.scalar(VERSION, id=osei.user_id)
    _leaves(hospital, osei)
    hospital.clock.turn(days=1)
    await deliver(hospital)

    assert heard(phone, "Ann") == 0
    assert hospital.scalar("SELECT count(*) FROM telegram_accounts WHERE telegram_id = :id", id=phone.id) == 0
    await phone.says("/today")
    assert "log in" in phone.last.text.lower()
    assert hospital.scalar(VERSION, id=osei.user_id) == version + 1
    await ann.walks("/book")
    assert "Cardiology" not in chat_of(ann).split("can't take place")[-1]
    with pytest.raises(NotOffered):
        _leaves(hospital, osei)


async def test_an_invitation_ends_when_the_doctor_leaves(hospital: Hospital) -> None:
    osei = hospital.doctor()
    token = hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    phone = await hospital.phone("Dr. Osei")
    _leaves(hospital, osei)

    await phone.says(f"/start i_{token}")

    assert "This invitation can't be used" in phone.last.text
    with pytest.raises(CodeSpent):
        hospital.do(doctors.accept_invitation, token=token, keys=hospital.keys)
    fresh = hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    with pytest.raises(CodeSpent):
        hospital.do(doctors.accept_invitation, token=fresh, keys=hospital.keys)


async def test_a_doctor_who_leaves_in_the_middle_of_a_login_does_not_get_in(hospital: Hospital) -> None:
    osei, phone = hospital.doctor(), await hospital.phone("Dr. Osei")
    token = hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    await phone.says(f"/start i_{token}")
    await phone.says(PASSWORD)
    _leaves(hospital, osei)

    await phone.says(hospital.code("Dr. Osei"))
    assert "your password again" in phone.last.text
    await phone.says(PASSWORD)

    assert "That didn't work" in phone.last.text
    assert hospital.scalar("SELECT COUNT(*) FROM telegram_accounts WHERE telegram_id = :id", id=phone.id) == 0


async def test_a_doctor_who_comes_back_is_booked_again(hospital: Hospital) -> None:
    osei = hospital.doctor()
    _leaves(hospital, osei)
    hospital.do(leaving.doctor_returns, doctor_id=osei.doctor_id)
    with pytest.raises(NotFound):
        hospital.do(leaving.doctor_returns, doctor_id=osei.doctor_id)

    ann = await _started(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")

    assert hospital.scalar("SELECT count(*) FROM appointments WHERE live = 1") == 1


async def test_an_administrator_who_leaves_has_a_patients_account(hospital: Hospital) -> None:
    phone = await administrator(hospital)
    user_id = hospital.scalar("SELECT user_id FROM users WHERE name = 'Nora'")
    await phone.walks("/calls")
    assert "call" in phone.last.text.lower()
    hospital.do(leaving.admin_leaves, user_id=user_id)
    with pytest.raises(NotFound):
        hospital.do(leaving.admin_leaves, user_id=user_id)
    hospital.clock.turn(days=1)
    await deliver(hospital)

    await phone.says("/calls")
    assert "log in" in phone.last.text.lower()
    hospital.do(accounts.link, telegram_id=phone.id, user_id=user_id, role="patient")
    await phone.says("/calls")

    assert phone.last.text == texts.refused(NotAllowed())


async def test_a_lost_telephone_is_logged_out_and_codes_go_by_mail_again(hospital: Hospital) -> None:
    ann, key = await enrolled(hospital)
    found = hospital.do(callers.find, email=email_of("Ann"))
    assert found.app
    hospital.do(callers.take_app_away, account=found)
    await ann.says("/appointments")
    assert "log in" in ann.last.text.lower()

    found = hospital.do(callers.find, email=email_of("Ann"))
    assert not found.app
    with pytest.raises(BadInput):
        hospital.do(callers.take_app_away, account=found)
    new = await hospital.phone("Ann")
    await new.walks("/login")
    await new.says(email_of("Ann"))
    await new.says(PASSWORD)
    assert "I have sent a mail" in new.last.text
    await new.says(app_with(key, hospital))
    assert "not the code" in new.last.text
    await new.says(hospital.code("Ann"))

    assert new.last.text.startswith(words.logged_in("Ann", moved=True).partition("\n")[0])


async def test_the_patient_sees_what_the_desk_has_changed(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    found = hospital.do(callers.find, email=email_of("Ann").upper())
    assert (found.role, found.reach, found.patient_id) == ("patient", "linked", patient_id(hospital, ann))
    assert hospital.do(callers.rename, account=found, name="  Ann   Berg ") == "Ann Berg"
    assert (
        hospital.do(callers.change_email, account=found, email="Ann.Berg@People.Example") == "ann.berg@people.example"
    )
    await ann.says("/profile")
    assert "log in" in ann.last.text.lower()
    hospital.do(accounts.link, telegram_id=ann.id, user_id=found.user_id, role="patient")
    await ann.says("/profile")
    assert "Name: Ann Berg\nE-mail: ann.berg@people.example" in ann.last.text

    await ann.walks("/privacy", "Who saw my data")

    assert "The hospital changed your name" in ann.last.text
    assert "The hospital changed your e-mail address" in ann.last.text


async def test_an_address_that_somebody_has_is_not_given_to_another(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    await hospital.patient("Bob")
    found = hospital.do(callers.find, email=email_of("Ann"))

    with pytest.raises(BadInput, match="taken"):
        hospital.do(callers.change_email, account=found, email=email_of("Bob"))
    with pytest.raises(NotFound):
        hospital.do(callers.find, email="nobody@people.example")


def test_another_specialization_is_where_patients_find_the_doctor(hospital: Hospital) -> None:
    osei = hospital.doctor()
    facts = {"doctor_id": osei.doctor_id}
    hospital.do(doctors.change, specialization="Surgery", room=None, **facts)
    hospital.do(doctors.change, specialization=None, room="", **facts)

    listed = hospital.db.run(doctors.list_doctors)
    assert [(each.specialization, each.room) for each in listed] == [("Surgery", "")]
    with pytest.raises(BadInput):
        hospital.do(doctors.change, specialization=" ", room=None, **facts)


async def test_whoever_does_not_know_that_the_visit_is_cancelled_is_called(hospital: Hospital) -> None:
    """On the day it was taken back and the day after, and on the visit's own day."""
    osei = hospital.doctor()
    ann, bob = await _started(hospital), await _started(hospital, "Bob")
    await bob.blocks()
    for phone in (ann, bob):
        visit(hospital, phone, osei, f"2026-12-03 {10 if phone is ann else 11}:00")
    _leaves(hospital, osei)
    await deliver(hospital)
    today = hospital.clinic.today(hospital.clock())

    def called(days: int) -> list[str]:
        found = hospital.do(calls.call_list, day=today + timedelta(days=days), clinic=hospital.clinic)
        return [f"{call.patient_name}, {call.start:%d %b %H:%M}, {call.why}" for call in found]

    assert called(0) == called(1) == ["Bob, 03 Dec 11:00, cancelled by us"]
    assert called(2) == []
    assert called((date(2026, 12, 3) - today).days) == ["Bob, 03 Dec 11:00, cancelled by us"]


async def test_whoever_cancelled_it_themselves_is_not_called(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann = await _started(hospital)
    booked = visit(hospital, ann, osei, "2026-12-03 10:00")
    await ann.blocks()
    user_id = hospital.scalar("SELECT user_id FROM users WHERE name = 'Ann'")
    facts = {"appointment_id": booked.appointment_id, "patient_id": patient_id(hospital, ann), "user_id": user_id}
    hospital.do(booking.cancel, elsewhere=True, clinic=hospital.clinic, **facts)
    await deliver(hospital)
    assert hospital.scalar("SELECT count(*) FROM notifications WHERE kind = 'cancelled' AND state = 'skipped'") >= 1

    assert hospital.do(calls.call_list, day=date(2026, 12, 3), clinic=hospital.clinic) == []


async def test_the_desk_reads_of_another_day_which_it_is(hospital: Hospital) -> None:
    osei, phone = hospital.doctor(), await administrator(hospital)
    bob = await _started(hospital, "Bob")
    await bob.blocks()
    visit(hospital, bob, osei, "2026-12-03 11:00")
    _leaves(hospital, osei)
    await deliver(hospital)
    await phone.says("/calls")

    assert "Thu 3 Dec 11:00 Bob, +4930123456 · Dr. Osei · cancelled by us" in phone.last.text


async def test_who_was_told_in_the_end_is_not_called_and_nobody_is_listed_twice(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _started(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00")
    await ann.blocks()
    facts = {"doctor_id": osei.doctor_id, "user_id": osei.user_id, "channel": "test", "clinic": hospital.clinic}
    hospital.do(leave.report_sick, day=date(2026, 11, 23), **facts)
    hospital.clock.turn(minutes=11)
    await deliver(hospital)
    _leaves(hospital, osei)
    await deliver(hospital)
    day = {"day": date(2026, 11, 23), "clinic": hospital.clinic}
    assert [call.why for call in hospital.do(calls.call_list, **day)] == ["cancelled by us"]

    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE notifications SET state = 'sent', problem = NULL WHERE notification_id ="
            " (SELECT max(notification_id) FROM notifications WHERE kind = 'offer')"
        )

    assert hospital.do(calls.call_list, **day) == []
