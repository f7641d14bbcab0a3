"""Doctors get their day once, when they want it, as it is; and say in it who came."""

from __future__ import annotations

from datetime import datetime

import pytest

from handlers.texts import notices as words
from hospital_bot.clinic import Clinic
from hospital_bot.services import digests
from hospital_bot.services.digests import Digest, Line
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from hospital_bot.slots import Span
from hospital_bot.telegram.cut import fit
from tests.delivery.conftest import Ward


@pytest.fixture
def doctor(ward: Ward) -> Added:
    return ward.doctor(weekly="mon-sun 09:00-12:00 13:00-15:00")


@pytest.fixture
async def osei(ward: Ward, doctor: Added) -> Phone:
    return await ward.staff(doctor)


@pytest.fixture
async def ann(ward: Ward, osei: Phone) -> Phone:
    return await ward.patient("Ann")


def lists(ward: Ward, phone: Phone) -> list[str]:
    """The digests among what came, not the news of bookings."""
    return [text for text in ward.texts(phone) if text.startswith("🗓")]


async def test_a_digest_tells_who_comes_when_and_what_is_free(ward: Ward, osei: Phone, ann: Phone) -> None:
    bob = await ward.patient("Bob")
    ward.book(ann, "2026-11-21 09:30")
    ward.book(ann, "2026-11-23 09:30", reason="an <itch>")
    ward.book(bob, "2026-11-23 11:30")
    await ward.becomes("2026-11-22 09:30")
    await ann.taps(words.COMING)
    leave(ward, "2026-11-23 13:30", "2026-11-24 09:00")
    await ward.becomes("2026-11-23 07:00")

    (digest,) = lists(ward, osei)
    assert digest == (
        "🗓 Monday, 23 November 2026\n2 visits, 1 confirmed by the patient\n\n"
        "09:30 Ann · returning · coming\n        an <itch>\n"
        "11:30 Bob · new · no answer yet\n\n"
        "Free: 09:00–09:30, 10:00–11:30, 13:00–13:30\n\n"
        "Away: 13:30–24:00"
    )


def test_a_day_too_long_for_a_message_says_how_many_more_visits_there_are_and_what_is_free() -> None:
    start = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - the clinic's wall clock
    line = Line(1, start, 5, "confirmed", "Ann", "because " * 30, returning=False, coming=False, age=None)
    gaps, leave = (Span(600, 660),), (Span(660, 720),)
    day = Digest(start.date(), "Dr. Osei", (line,) * 90, gaps, leave, on_evenings=False, weekly=False)

    told = fit(words.digest(day, Clinic()))

    assert f"… and {90 - told.count('Ann')} more.</b> “The whole day” lists them all." in told
    assert told.endswith("Free: 10:00–11:00\n\nAway: 11:00–12:00")


def leave(ward: Ward, starts: str, ends: str) -> None:
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO time_off (doctor_id, starts, ends) VALUES (1, ?, ?)",
            (starts + ":00.000000", ends + ":00.000000"),
        )


async def test_nobody_gets_a_digest_of_an_empty_day(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.cancel(ward.book(ann, "2026-11-21 09:30"))
    await ward.becomes("2026-11-21 07:00")

    assert lists(ward, osei) == []


async def test_a_day_of_leave_is_told_too(ward: Ward, osei: Phone) -> None:
    leave(ward, "2026-11-21 00:00", "2026-11-28 00:00")
    await ward.becomes("2026-11-21 07:00")

    assert lists(ward, osei) == ["🗓 Saturday, 21 November 2026\nNo visits.\n\nAway: all day"]


async def test_there_is_one_digest_a_day_however_often_it_is_planned(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.book(ann, "2026-11-21 09:30")
    for wall in ("2026-11-21 06:59", "2026-11-21 07:00", "2026-11-21 07:01", "2026-11-21 09:00"):
        await ward.becomes(wall)

    assert len(lists(ward, osei)) == 1


async def test_a_late_digest_says_so_and_one_for_a_day_that_is_over_stays_away(
    ward: Ward, osei: Phone, ann: Phone
) -> None:
    ward.book(ann, "2026-11-21 09:30")
    ward.book(ann, "2026-11-22 09:30")
    await ward.becomes("2026-11-21 09:00")
    (late,) = lists(ward, osei)
    assert "This list should have come at 07:00" in late

    await ward.becomes("2026-11-22 10:00")
    assert lists(ward, osei) == []
    assert ward.state("digest")[1] == ("skipped", "the day is over")


async def test_a_visit_booked_during_the_day_makes_no_late_digest(ward: Ward, osei: Phone, ann: Phone) -> None:
    await ward.becomes("2026-11-21 08:00")
    ward.book(ann, "2026-11-21 11:30")
    await ward.becomes("2026-11-21 08:01")

    assert lists(ward, osei) == []


async def test_a_doctor_may_have_it_on_the_evening_before(ward: Ward, osei: Phone, ann: Phone) -> None:
    for wall in ("2026-11-21 09:30", "2026-11-22 09:30"):
        ward.book(ann, wall)
    await ward.ticks()
    await ward.becomes("2026-11-21 07:00")
    ward.logs_in(osei)
    await osei.taps("On the evening before: no")
    assert "On the evening before: yes" in osei.last.buttons
    ward.news(osei)

    await ward.becomes("2026-11-21 18:00")
    assert [text.splitlines()[0] for text in lists(ward, osei)] == ["🗓 Sunday, 22 November 2026"]
    await ward.becomes("2026-11-22 07:00")
    assert lists(ward, osei) == []


async def test_what_is_left_out_of_an_evenings_digest_is_among_the_whole_day(
    ward: Ward, doctor: Added, osei: Phone, ann: Phone
) -> None:
    ward.wish(doctor, on_evenings=True)
    fill(ward, ann, "2026-11-22", 60)
    await ward.becomes("2026-11-21 18:00")
    assert "more. “The whole day” lists them all." in osei.last.text
    assert "13:55" not in osei.last.text

    ward.logs_in(osei)
    await osei.taps("The whole day")
    assert osei.last.text.startswith("Sunday, 22 November 2026\n60 visits")
    await osei.taps("Later ›", "Later ›")

    assert "13:55 Ann" in osei.last.text
    assert len(lists(ward, osei)) == 1


def fill(ward: Ward, patient: Phone, day: str, size: int) -> None:
    """Visits of this patient from nine on, every five minutes."""
    patient_id = ward.patient_id(patient)
    clocks = [f"{9 + n // 12:02}:{n % 12 * 5:02}:00.000000" for n in range(size)]
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO appointments"
            " (patient_id, doctor_id, appointment_date, appointment_time, status, minutes, reason, created_at)"
            " VALUES (?, 1, ?, ?, 'confirmed', 5, ?, '2026-11-01 00:00:00.000000')",
            [(patient_id, f"{day} 00:00:00.000000", clock, "because " * 9) for clock in clocks],
        )


async def test_a_doctor_may_have_the_week_on_sundays(ward: Ward, doctor: Added, osei: Phone, ann: Phone) -> None:
    ward.wish(doctor, weekly=True)
    for wall in ("2026-11-23 09:30", "2026-11-23 11:00", "2026-11-25 13:00"):
        ward.book(ann, wall)
    leave(ward, "2026-11-27 00:00", "2026-11-28 00:00")
    await ward.becomes("2026-11-22 17:59")
    assert lists(ward, osei) == []

    await ward.becomes("2026-11-22 18:00")
    (week,) = lists(ward, osei)
    assert week == (
        "🗓 Your week from Monday, 23 November 2026\n\n"
        "Mon 23 Nov: 2 visits, 09:30–11:30\nWed 25 Nov: 1 visit, 13:00–13:30\nFri 27 Nov: away"
    )


async def test_every_morning_the_admin_reads_whom_to_call(ward: Ward, osei: Phone, ann: Phone) -> None:
    desk = await ward.staff(ward.doctor("Cleo of the desk"))
    changes = "UPDATE users SET role = 'admin' WHERE name LIKE 'Cleo%'"
    lost = "DELETE FROM telegram_accounts WHERE telegram_id = ?"
    ward.book(ann, "2026-11-21 09:30")
    ward.book(ann, "2026-11-22 11:00")
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(changes)
        connection.exec_driver_sql(lost, (ann.id,))
    for wall in ("2026-11-21 07:00", "2026-11-21 07:30"):
        await ward.becomes(wall)

    assert ward.texts(desk) == [
        "📞 To call: Saturday, 21 November 2026\n1 patient\n\n09:30 Ann, +4930123456 · Dr. Osei · not linked"
    ]


async def test_without_anybody_to_call_the_admin_is_left_in_peace(ward: Ward) -> None:
    desk = await ward.staff(ward.doctor("Cleo of the desk"))
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET role = 'admin'")
    await ward.becomes("2026-11-21 07:00")

    assert (ward.news(desk), ward.state("calls")) == ([], [("skipped", "nobody to call")])


async def test_on_the_night_the_clock_changes_the_digest_comes_once(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.hospital.clock.now = datetime.fromisoformat("2027-03-20T08:00:00+00:00")
    ward.book(ann, "2027-03-28 09:30")
    for wall in ("2027-03-28 01:59", "2027-03-28 03:01", "2027-03-28 06:59", "2027-03-28 07:00", "2027-03-28 08:00"):
        await ward.becomes(wall)

    assert len(lists(ward, osei)) == 1


async def test_a_doctor_says_who_came(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.book(ann, "2026-11-21 09:30")
    ward.book(ann, "2026-11-21 11:30")
    await ward.ticks()
    await ward.becomes("2026-11-21 07:00")
    assert osei.last.buttons[:6] == ["09:30 Arrived", "Done", "No-show", "11:30 Arrived", "Done", "No-show"]

    await ward.becomes("2026-11-21 09:40")
    ward.logs_in(osei)
    await osei.taps("09:30 Arrived")
    assert "Ann · new · arrived" in osei.last.text
    assert osei.last.buttons[:2] == ["09:30 Done", "No-show"]
    await osei.taps("09:30 Done")

    assert "Ann · new · done" in osei.last.text
    assert ward.hospital.scalar("SELECT GROUP_CONCAT(action) FROM audit_log WHERE action LIKE 'visit.%'") == (
        "visit.arrived,visit.completed"
    )


async def test_nobody_is_missed_before_the_visit_begins(ward: Ward, osei: Phone, ann: Phone) -> None:
    ward.book(ann, "2026-11-21 09:30")
    await ward.ticks()
    await ward.becomes("2026-11-21 07:00")
    ward.logs_in(osei)
    await osei.taps("No-show")
    assert osei.toast == "The visit has not begun yet."
    assert ward.hospital.scalar("SELECT status FROM appointments") == "confirmed"

    await ward.becomes("2026-11-21 09:30")
    ward.logs_in(osei)
    await osei.taps(words.REFRESH, "No-show")
    assert "did not come" in osei.last.text


@pytest.mark.parametrize("status", ["confirmed", "pending", "cancelled", "nonsense"])
async def test_a_doctor_cannot_say_anything_else(ward: Ward, osei: Phone, ann: Phone, status: str) -> None:
    visit = ward.book(ann, "2026-11-21 09:30")
    ward.cancel(visit)
    await osei.forges(f"digest.mark:20261121:1:{status}", osei.last.id)

    assert ward.hospital.scalar("SELECT status FROM appointments") == "cancelled"


async def test_another_doctors_visit_is_as_unknown_as_none(ward: Ward, osei: Phone, ann: Phone) -> None:
    other = await ward.staff(ward.doctor("Dr. Adeyemi"))
    ward.book(ann, "2026-11-21 09:30")
    await ward.becomes("2026-11-21 09:30")
    ward.logs_in(other)
    for appointment_id in (1, 99):
        await other.forges(f"digest.mark:20261121:{appointment_id}:arrived", other.last.id)
        assert "not there any more" in other.last.text
    await ann.forges("digest.mark:20261121:1:arrived", ann.last.id)

    assert "not possible with your account" in ann.last.text
    assert ward.hospital.scalar("SELECT status FROM appointments") == "confirmed"


async def test_a_thousand_doctors_cost_as_many_statements_as_one(ward: Ward, osei: Phone, ann: Phone) -> None:
    def planned() -> int:
        with ward.hospital.statements() as seen:
            ward.hospital.do(digests.plan_digests, clinic=ward.hospital.clinic)
        return len(seen)

    ward.book(ann, "2026-11-22 09:30")
    ward.hospital.clock.now = datetime.fromisoformat("2026-11-22T18:00:00+00:00")
    one = planned()
    crowd(ward, 1000)

    assert planned() == one == 6
    assert ward.hospital.scalar("SELECT COUNT(*) FROM notifications WHERE kind = 'digest'") == 1001


def crowd(ward: Ward, size: int) -> None:
    ids = range(1001, 1001 + size)
    day = "2026-11-22 00:00:00.000000"
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (user_id, name, email, password, role) VALUES (?, 'Dr. Mass', ?, '', 'doctor')",
            [(number, f"{number}@people.example") for number in ids],
        )
        connection.exec_driver_sql("INSERT INTO doctors (doctor_id, user_id) VALUES (?, ?)", [(n, n) for n in ids])
        connection.exec_driver_sql(
            "INSERT INTO time_off (doctor_id, starts, ends) VALUES (?, ?, ?)",
            [(number, day, "2026-11-23 00:00:00.000000") for number in ids],
        )
