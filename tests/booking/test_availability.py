"""What is offered: what a slow and simple model says, in few statements, however many appointments there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from hospital_bot.errors import BookingError, NotFound
from hospital_bot.services import availability
from hospital_bot.values import Who
from tests.hospital import MONDAY, NOW, Hospital, at
from tests.servers import numbers

CARDIOLOGY = Who.any_of("Cardiology")
DAYS = [MONDAY + timedelta(days=days) for days in range(3)]

quarters = st.integers(0, 95).map(lambda n: timedelta(minutes=15 * n))
moments = st.tuples(st.sampled_from(DAYS), st.integers(0, 24 * 60 - 1)).map(
    lambda pair: at("00:00", pair[0]) + timedelta(minutes=pair[1])
)


@st.composite
def hours(draw: st.DrawFn) -> list[tuple[str, str]]:
    edges = sorted(draw(st.sets(quarters, min_size=2, max_size=4)))
    clocks = [f"{at('00:00') + edge:%H:%M}" for edge in edges]
    return list(zip(clocks[::2], clocks[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, Any]:
    doctors = st.tuples(hours(), st.sampled_from([10, 15, 30, 45, 60]))
    visits = st.tuples(st.integers(0, 1), moments, st.integers(1, 90), st.sampled_from(["confirmed", "cancelled"]))
    leave = st.tuples(st.integers(0, 1), moments, moments)
    return {
        "doctors": draw(st.lists(doctors, min_size=2, max_size=2)),
        "visits": draw(st.lists(visits, max_size=6, unique_by=lambda visit: visit[:2])),
        "leave": draw(st.lists(leave, max_size=2)),
        "now": draw(moments),
    }


def naive(calendar: dict[str, Any], number: int, day: date) -> set[datetime]:
    """Minute by minute, with no regard for speed."""
    ranges, length = calendar["doctors"][number]
    busy = [
        (start, start + timedelta(minutes=lasts))
        for who, start, lasts, status in calendar["visits"]
        if who == number and status == "confirmed"
    ]
    busy += [(starts, ends) for who, starts, ends in calendar["leave"] if who == number]
    found = set()
    for first, last in ranges:
        start, step = at(first, day), timedelta(minutes=length)
        while start + step <= at(last, day):
            minutes = [start + timedelta(minutes=n) for n in range(length)]
            if start >= calendar["now"] + timedelta(hours=1) and not any(b <= m < e for m in minutes for b, e in busy):
                found.add(start)
            start += step
    return found


def fill(hospital: Hospital, calendar: dict[str, Any]) -> list[int]:
    for table in ("appointments", "time_off", "doctors"):
        hospital.sql(f"DELETE FROM {table}")  # noqa: S608 - three names of ours
    doctors = [hospital.doctor(ranges, minutes=length) for ranges, length in calendar["doctors"]]
    for number, start, length, status in calendar["visits"]:
        hospital.appointment(doctors[number], hospital.patient(), start, minutes=length, status=status)
    for number, starts, ends in calendar["leave"]:
        hospital.leave(doctors[number], starts, ends)
    hospital.now = datetime.fromisoformat(f"{calendar['now'].isoformat()}+00:00")
    return doctors


same_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@given(calendar=calendars())
@same_database
def test_what_is_offered_is_what_a_simple_model_says(hospital: Hospital, calendar: dict[str, Any]) -> None:
    doctors = fill(hospital, calendar)
    expected = {day: [naive(calendar, number, day) for number in (0, 1)] for day in DAYS}
    for day, each in expected.items():
        assert [set(hospital.times(doctor, day)) for doctor in doctors] == each
        assert hospital.times(CARDIOLOGY, day) == sorted(each[0] | each[1])
    counts = {day: len(each[0]) + len(each[1]) for day, each in expected.items()}
    offered = hospital.days(CARDIOLOGY)
    assert {day: offered.get(day, 0) for day in DAYS} == counts
    assert month(hospital, CARDIOLOGY) == offered
    firsts = {line.doctor.doctor_id: line.next_start for line in lines(hospital)}
    for number, doctor in enumerate(doctors):
        soonest = sorted(start for each in expected.values() for start in each[number])
        assert soonest[:1] in ([], [firsts[doctor]])


@given(calendar=calendars(), asked=st.lists(quarters, max_size=8), day=st.sampled_from(DAYS))
@same_database
def test_what_is_offered_can_be_booked_and_what_is_not_is_refused(
    hospital: Hospital, calendar: dict[str, Any], asked: list[timedelta], day: date
) -> None:
    whos = [*(Who(doctor) for doctor in fill(hospital, calendar)), CARDIOLOGY]
    for doctor in whos:
        offered = hospital.times(doctor, day)
        for start in {*offered[:2], *offered[-1:], *(at("00:00", day) + quarter for quarter in asked)}:
            assert can_book(hospital, doctor, start) == (start in offered)


def can_book(hospital: Hospital, doctor: Who, start: datetime) -> bool:
    """Tried, and given back."""
    try:
        visit = hospital.book(hospital.patient(), doctor, start)
    except BookingError:
        return False
    hospital.sql("DELETE FROM appointments WHERE appointment_id = :id", id=visit.appointment_id)
    return True


def lines(hospital: Hospital, who: Who | None = CARDIOLOGY) -> list[availability.DoctorLine]:
    return hospital.db.run(availability.doctor_lines, who=who, clinic=hospital.clinic, now=hospital.now)


def month(hospital: Hospital, who: Who, first: date = MONDAY, last: date = date.max) -> dict[date, int]:
    where: dict[str, Any] = {"first": first, "last": last, "clinic": hospital.clinic, "now": hospital.now}
    return {line.day: line.free for line in hospital.db.run(availability.month, who=who, **where)}


def specializations(hospital: Hospital) -> list[availability.SpecializationLine]:
    return hospital.db.run(availability.specializations, clinic=hospital.clinic, now=hospital.now)


def test_specializations_come_by_name_with_their_doctors_and_next_day(hospital: Hospital) -> None:
    hospital.doctor(specialization="surgery", dates={"2026-11-20": [], "2026-11-21": []})
    hospital.doctor()
    hospital.doctor(dates={"2026-11-20": []})
    hospital.doctor([], specialization="Dermatology")
    hospital.doctor(specialization="Urology", active=False)
    hospital.doctor(specialization="")

    found = [(line.name, line.doctors, line.next_day) for line in specializations(hospital)]

    assert found == [
        ("Cardiology", 2, date(2026, 11, 20)),
        ("Dermatology", 1, None),
        ("surgery", 1, date(2026, 11, 22)),
    ]


def test_doctors_come_by_who_is_free_first_and_the_full_ones_last(hospital: Hospital) -> None:
    hospital.doctor([], name="Dr. Never")
    hospital.doctor([("14:00", "15:00")], name="Dr. Late")
    hospital.doctor([], name="Dr. Absent")
    hospital.doctor(name="Dr. Early")
    assert [line.doctor.name for line in lines(hospital)] == ["Dr. Early", "Dr. Late", "Dr. Absent", "Dr. Never"]


def test_a_doctor_who_is_full_for_weeks_is_free_after_them(hospital: Hospital) -> None:
    osei, today = hospital.doctor(), hospital.now.date()
    hospital.leave(osei, at("00:00", today), at("00:00", today + timedelta(days=40)))
    (line,) = lines(hospital)
    assert line.next_start == at("09:00", today + timedelta(days=40))
    assert list(hospital.days(osei, today, most=2)) == [today + timedelta(days=40), today + timedelta(days=41)]


@pytest.mark.parametrize(
    "stored", [None, "", "{", "[]", "null", "[" * 5000, '{"weekly": {"mon": [["9", "x"]]}, "slot_minutes": 1e400}']
)
def test_one_broken_schedule_disturbs_nobody_else(hospital: Hospital, stored: str | None) -> None:
    broken, osei = hospital.doctor(name="Dr. Broken"), hospital.doctor()
    hospital.write_schedule(broken, stored)
    ann = hospital.patient()
    hospital.appointment(broken, ann, at("15:00"))

    assert hospital.clocks(broken) == []
    assert hospital.clocks(CARDIOLOGY) == hospital.clocks(osei) != []
    assert hospital.book(ann, CARDIOLOGY, at("09:00")).doctor_id == osei
    assert hospital.upcoming(ann) == [at("09:00"), at("15:00")]


def test_a_patient_who_asks_for_nobody_is_told_so(hospital: Hospital) -> None:
    for ask in (hospital.times, hospital.days):
        with pytest.raises(NotFound):
            ask(999)


@pytest.mark.parametrize("first", [date.min, date.max])
def test_days_at_the_end_of_time_are_cut_to_what_is_offered(hospital: Hospital, first: date) -> None:
    osei = hospital.doctor()
    assert len(hospital.days(osei, first)) == (61 if first == date.min else 0)
    assert len(month(hospital, Who(osei), first)) == (61 if first == date.min else 0)


@contextmanager
def counted(hospital: Hospital) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SELECT user_id")):
            said.append(statement)

    event.listen(hospital.db.engine, "before_cursor_execute", note)
    yield said
    event.remove(hospital.db.engine, "before_cursor_execute", note)


STATEMENTS = {
    "specializations": 4,  # the doctors; what they hold in two days, two weeks, the rest
    "doctor_lines": 4,
    "days": 3,
    "days of one": 2,  # of one doctor all at once
    "month": 2,
    "times": 2,
    "times of one": 1,
    "book": 6,  # two locks, the doctors, what is held, the new row, the messages
    "move": 7,  # and the old row
    "cancel": 4,  # the visit, its end, the messages, the log
}


def ask(hospital: Hospital, what: str, doctor: int, ann: int) -> Callable[[], Any]:
    visit = hospital.book(ann, doctor, at("09:00")) if what in {"move", "cancel"} else 0
    asks: dict[str, Callable[[], Any]] = {
        "specializations": lambda: specializations(hospital),
        "doctor_lines": lambda: lines(hospital),
        "days": lambda: hospital.days(CARDIOLOGY),
        "days of one": lambda: hospital.days(Who(doctor)),
        "times of one": lambda: hospital.times(Who(doctor)),
        "month": lambda: month(hospital, CARDIOLOGY),
        "times": lambda: hospital.times(CARDIOLOGY),
        "book": lambda: hospital.book(ann, doctor, at("09:00")),
        "move": lambda: hospital.move(visit, ann, doctor, at("10:00")),
        "cancel": lambda: hospital.cancel(visit, ann),
    }
    return asks[what]


@pytest.mark.parametrize("what", STATEMENTS)
def test_a_question_costs_the_same_statements_for_one_doctor_and_for_many(hospital: Hospital, what: str) -> None:
    doctor, ann = hospital.doctor(), hospital.patient()
    hospital.doctor([])
    seen = []
    for _ in range(2):
        asked = ask(hospital, what, doctor, ann)
        with counted(hospital) as statements:
            asked()
        seen.append(len(statements))
        hospital.sql("DELETE FROM appointments")
        crowd(hospital, doctors=10, visits=100)
    assert seen == [STATEMENTS[what]] * 2


def crowd(hospital: Hospital, *, doctors: int, visits: int) -> None:
    """That many visits in the past, from the seed's epoch on."""
    ids = [hospital.doctor() for _ in range(doctors)]
    patient = hospital.patient()
    rows = [
        {
            "p": patient,
            "d": ids[n % doctors],
            "day": f"{date(2000, 1, 1) + timedelta(days=n // 1000)} 00:00:00",
            "at": f"{n % 1000 // 60:02}:{n % 60:02}:00",
        }
        for n in range(visits)
    ]
    insert = """INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)
                VALUES (:p, :d, :day, :at, 'completed')"""
    with hospital.db.engine.begin() as connection:
        for first in range(0, visits, 20_000):
            connection.execute(text(insert), rows[first : first + 20_000])


AHEAD = f"""
INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)
SELECT (SELECT MAX(patient_id) FROM patients), doctor_id, DATE('{NOW:%Y-%m-%d}') + INTERVAL seq DIV 16 DAY,
    SEC_TO_TIME(20 * doctor_id + 3600 * (seq MOD 16)), 'confirmed'
FROM doctors CROSS JOIN {numbers(0, 159)} WHERE doctor_id > 1
"""  # noqa: S608 - dates and whole numbers
"""Sixteen visits of each of the crowd's doctors on every day of ten."""


@pytest.mark.mariadb
@pytest.mark.prove
@pytest.mark.parametrize("visits", [1_000_000] if os.environ.get("HOSPITAL_PROVE") else [20_000])
def test_old_visits_are_not_read_again(on_mariadb: Hospital, visits: int) -> None:
    doctor, ann = on_mariadb.doctor(), on_mariadb.patient()
    crowd(on_mariadb, doctors=50, visits=visits)
    on_mariadb.sql(AHEAD)
    on_mariadb.sql("ANALYZE TABLE appointments")
    for what, most in STATEMENTS.items():
        asked = ask(on_mariadb, what, doctor, ann)
        before = rows_read(on_mariadb)
        with counted(on_mariadb) as statements:
            asked()
        assert len(statements) <= most
        assert rows_read(on_mariadb) - before < 20_000, what
        on_mariadb.sql("DELETE FROM appointments WHERE patient_id = :ann ORDER BY appointment_id DESC", ann=ann)


def rows_read(hospital: Hospital) -> int:
    """By the storage engine, for anybody, so far; and looked at in an index by MariaDB, and passed over."""
    counts = "SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Handler_icp_attempts'"
    with hospital.db.engine.connect() as connection:
        return sum(int(value) for _, value in connection.execute(text(counts)))
