"""Patients are reminded, answer, and are not written to at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.texts import notices as words
from hospital_bot.clinic import Clinic
from hospital_bot.services import accounts
from hospital_bot.services.reminders import QUIET, due
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import chat_of
from tests.delivery.conftest import Ward

BERLIN = Clinic("Harbour Hospital", ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("visit", "hours", "reminded"),
    [
        ("2026-11-23 10:00", 24, "2026-11-22 10:00"),
        ("2026-11-23 10:00", 2, "2026-11-23 08:00"),
        ("2026-11-23 09:59", 2, "2026-11-22 20:45"),
        ("2026-11-23 22:00", 24, "2026-11-22 20:45"),
        ("2026-11-23 21:00", 24, "2026-11-22 20:45"),
        ("2026-11-23 20:59", 24, "2026-11-22 20:59"),
        ("2026-10-25 12:00", 24, "2026-10-24 13:00"),  # the night is an hour longer
        ("2026-03-29 12:00", 24, "2026-03-28 11:00"),  # and shorter
        ("2026-10-25 02:30", 24, "2026-10-23 20:45"),
    ],
)
def test_a_reminder_comes_before_the_visit_or_on_the_evening_before(visit: str, hours: int, reminded: str) -> None:
    instant = due(datetime.fromisoformat(visit), timedelta(hours=hours), BERLIN)

    assert BERLIN.wall(instant) == datetime.fromisoformat(reminded)


def test_at_no_time_of_year_is_anybody_reminded_late_or_at_night() -> None:
    start = datetime.fromisoformat("2026-01-01 00:00")
    for quarter in range(0, 365 * 96, 5):
        visit, before = start + timedelta(minutes=15 * quarter), timedelta(hours=2 if quarter % 2 else 24)
        instant = due(visit, before, BERLIN)
        assert instant <= BERLIN.instant(visit) - before
        assert QUIET[1] <= BERLIN.wall(instant).time() < QUIET[0]


async def test_a_patient_is_reminded_answers_and_is_reminded_again(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00")
    await ward.becomes("2026-11-22 11:59")
    assert ward.news(ann) == []

    await ward.becomes("2026-11-22 12:00")
    (reminder,) = ward.news(ann)
    assert reminder.text.endswith("A reminder of your visit: Monday, 23 November 2026, 12:00.\nAre you coming?")
    await ann.taps(words.COMING)
    assert "Thank you. We expect you on Monday, 23 November 2026, 12:00." in ann.last.text

    await ward.becomes("2026-11-23 10:00")
    (second,) = ward.news(ann)
    assert words.COMING not in second.buttons
    assert second.text.endswith("12:00.")


async def test_a_lock_screen_learns_no_more_than_place_and_time(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00", reason="an itch")
    await ward.becomes("2026-11-22 12:00")
    (reminder,) = ward.news(ann)

    told = reminder.text + "".join(reminder.buttons)
    assert not any(word in told for word in ("Osei", "Cardiology", "itch", "Room", "12 "))
    await ann.taps(words.DETAILS)
    assert "Dr. Osei" in ann.last.text


async def test_no_reminder_for_what_is_booked_later_than_that(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-20 13:30")
    await ward.becomes("2026-11-20 11:29")
    assert ward.news(ann) == []

    await ward.becomes("2026-11-20 11:30")
    assert len(ward.news(ann)) == 1


async def test_several_visits_of_a_day_come_in_one_message(ward: Ward, ann: Phone) -> None:
    ward.doctor("Dr. Adeyemi", specialization="Dentistry")
    ward.book(ann, "2026-11-23 15:00")
    ward.book(ann, "2026-11-23 12:00", doctor_id=2)
    await ward.becomes("2026-11-22 12:00")
    await ward.becomes("2026-11-22 15:00")

    (reminder,) = ward.news(ann)
    assert "your 2 visits: Monday, 23 November 2026, 12:00 and 15:00" in reminder.text
    assert {"Move 12:00", "Cancel visit 15:00", "Details 12:00"} <= set(reminder.buttons)
    await ann.taps(words.COMING)
    assert ward.hospital.scalar("SELECT COUNT(coming_at) FROM appointments") == 2


async def test_a_visit_booked_after_the_days_reminder_has_its_own(ward: Ward, ann: Phone) -> None:
    ward.doctor("Dr. Adeyemi", specialization="Dentistry")
    ward.book(ann, "2026-11-23 12:00")
    await ward.becomes("2026-11-22 12:00")
    ward.book(ann, "2026-11-23 16:00", doctor_id=2)
    ward.news(ann)

    await ward.becomes("2026-11-22 16:00")
    assert ["12:00 and 16:00" in text for text in ward.texts(ann)] == [True]


async def test_a_moved_visit_is_reminded_of_at_its_new_time_alone(ward: Ward, ann: Phone) -> None:
    later = ward.move(ward.book(ann, "2026-11-24 12:00"), "2026-11-26 12:00")
    await ward.becomes("2026-11-24 11:00")
    assert ward.news(ann) == []

    ward.move(later, "2026-11-26 18:00")
    await ward.becomes("2026-11-25 12:00")
    assert ward.news(ann) == []
    await ward.becomes("2026-11-25 18:00")
    assert ["26 November 2026, 18:00" in text for text in ward.texts(ann)] == [True]


async def test_a_cancelled_visit_is_not_reminded_of(ward: Ward, ann: Phone) -> None:
    ward.cancel(ward.book(ann, "2026-11-23 12:00"))
    await ward.becomes("2026-11-23 10:00")

    assert ward.news(ann) == []
    assert set(ward.state("reminder")) == {("skipped", "no visit ahead that day")}


async def test_who_does_not_answer_is_asked_once_more_and_then_called(ward: Ward, ann: Phone) -> None:
    visit = ward.book(ann, "2026-11-23 15:00")
    await ward.becomes("2026-11-22 15:00")
    assert ward.calls("2026-11-23") == []
    ward.news(ann)

    await ward.becomes("2026-11-23 12:00")
    assert ["We have not heard from you yet" in text for text in ward.texts(ann)] == [True]
    (call,) = ward.calls("2026-11-23")
    assert (call.appointment_id, call.patient_name, call.phone, call.why) == (
        visit.appointment_id,
        "Ann",
        "+4930123456",
        "no answer",
    )
    await ann.taps(words.COMING)
    assert ward.calls("2026-11-23") == []


async def test_who_has_answered_is_not_asked_again(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 15:00")
    await ward.becomes("2026-11-22 15:00")
    await ann.taps(words.COMING)
    ward.news(ann)

    await ward.becomes("2026-11-23 12:00")
    assert (ward.news(ann), ward.state("nudge")) == ([], [("skipped", "answered")])


async def test_after_a_long_outage_only_the_last_reminder_comes(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 15:00")
    await ward.becomes("2026-11-23 13:30")

    assert len(ward.news(ann)) == 1
    assert [state for state, _ in ward.state("reminder") + ward.state("nudge")] == ["skipped", "sent", "skipped"]


async def test_after_the_visit_nothing_comes(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-21 15:00")
    await ward.becomes("2026-11-24 15:00")

    assert ward.news(ann) == []


async def test_a_clock_put_back_repeats_nothing(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00")
    await ward.becomes("2026-11-22 12:30")
    ward.news(ann)

    for wall in ("2026-11-22 11:30", "2026-11-22 12:00", "2026-11-22 13:30"):
        await ward.becomes(wall)
    assert ward.news(ann) == []


async def test_a_reminder_can_be_answered_long_after_the_login_ran_out(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00")
    ward.hospital.db.run(accounts.end_session, user_id=_user(ward, ann))
    await ward.becomes("2026-11-22 12:00")

    await ann.taps(words.COMING)
    assert "Thank you" in ann.last.text
    await ann.taps(words.DETAILS)
    assert "log in" in ann.last.text


def _user(ward: Ward, phone: Phone) -> int:
    return int(ward.hospital.scalar("SELECT user_id FROM telegram_accounts WHERE telegram_id = :id", id=phone.id))


async def test_nobody_answers_for_another(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00")
    bob = await ward.patient("Bob")
    await bob.forges("notice.coming:20261123", bob.last.id)

    assert words.NO_VISIT_LEFT in chat_of(bob)
    assert ward.hospital.scalar("SELECT COUNT(coming_at) FROM appointments") == 0


async def test_an_answer_to_a_visit_cancelled_since_is_told_so(ward: Ward, ann: Phone) -> None:
    visit = ward.book(ann, "2026-11-23 12:00")
    await ward.becomes("2026-11-22 12:00")
    ward.cancel(visit)
    await ann.taps(words.COMING)

    assert ann.last.text == words.NO_VISIT_LEFT


async def test_two_hours_before_it_is_too_late_to_move_in_the_chat(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-20 12:00")
    await ward.becomes("2026-11-20 10:00:30")

    (reminder,) = ward.news(ann)
    assert reminder.buttons == [words.COMING, words.DETAILS]
    assert "please call us: +49 431 9876543" in reminder.text


async def test_whom_nothing_reaches_is_on_the_call_list(ward: Ward, ann: Phone) -> None:
    bob = await ward.patient("Bob")
    ward.book(ann, "2026-11-23 12:00")
    ward.book(bob, "2026-11-23 12:30")
    ward.hospital.db.run(accounts.unlink, user_id=_user(ward, bob))
    await ann.blocks()
    await ward.becomes("2026-11-22 12:00")

    assert [(call.patient_name, call.why) for call in ward.calls("2026-11-23")] == [
        ("Ann", "blocked"),
        ("Bob", "not linked"),
    ]
    assert ward.state("reminder")[0] == ("skipped", "the bot is blocked")
