"""Rules that the database itself keeps, whoever writes to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hospital_bot.db import Database
from hospital_bot.models import DELIVERY, STATUSES, Appointment, Doctor, Patient, Throttle, User, midnight
from tests.data.databases import rows, run

HOSTILE = (
    "bob",
    "BOB",
    "b\u200bob",
    "b\u202eob",
    "bób",
    "😀",
    "😁",
    "مريم",
    "مَريم",
    "123456",
    "١٢٣٤٥٦",
    "１２３４５６",
    "👩‍⚕️",
)
DAY, NINE = midnight(date(2026, 11, 23)), time(9)


def test_names_that_look_alike_stay_apart(hospital: Database) -> None:
    hospital.run(lambda session: session.add_all(Throttle(key=name) for name in HOSTILE))

    def under(session: Session, name: str) -> list[str]:
        return list(session.scalars(select(Throttle.key).where(Throttle.key == name)))

    assert [hospital.run(under, name) for name in HOSTILE] == [[name] for name in HOSTILE]


@pytest.mark.mariadb
def test_they_would_not_in_an_ordinary_column(hospital_url: str) -> None:
    run(hospital_url, "INSERT INTO users (name, email, password, role) VALUES ('😀', 'a', 'x', 'patient')")

    assert rows(hospital_url, "SELECT name FROM users WHERE name = '😁'") == [{"name": "😀"}]


def test_any_name_survives_the_round_trip(hospital: Database) -> None:
    hospital.run(
        lambda session: session.add_all(
            User(name=name, email=f"{number}@example.org", password="x", role="patient")
            for number, name in enumerate(HOSTILE)
        )
    )

    assert hospital.run(lambda s: s.scalars(select(User.name).order_by(User.user_id)).all()) == list(HOSTILE)


@pytest.mark.parametrize("status", STATUSES)
def test_a_visit_is_live_until_it_is_over(hospital: Database, status: str) -> None:
    hospital.run(_book, status=status)

    live = {"pending": 1, "confirmed": 1, "arrived": 1, "completed": None, "cancelled": None, "no_show": None}
    assert hospital.run(lambda session: session.scalars(select(Appointment.live)).one()) == live[status]


@pytest.mark.parametrize("status", ["pending", "confirmed", "arrived"])
@pytest.mark.parametrize("other", [{"patient_id": 2}, {"doctor_id": 2}], ids=["doctor", "patient"])
def test_a_live_visit_keeps_its_time(hospital: Database, status: str, other: dict[str, int]) -> None:
    hospital.run(_book, status=status)

    with pytest.raises(IntegrityError):
        _once(hospital, **other)


@pytest.mark.parametrize("status", ["completed", "cancelled", "no_show"])
@pytest.mark.parametrize("other", [{"patient_id": 2}, {"doctor_id": 2}], ids=["doctor", "patient"])
def test_a_visit_that_is_over_frees_its_time(hospital: Database, status: str, other: dict[str, int]) -> None:
    hospital.run(_book, status=status)
    hospital.run(lambda session: session.add(_visit(status=status)))

    _once(hospital, **other)

    assert hospital.run(lambda session: session.scalars(select(Appointment.live).order_by(Appointment.live)).all()) == [
        None,
        None,
        1,
    ]


def test_cancelling_frees_the_time_at_once(hospital: Database) -> None:
    hospital.run(_book, status="confirmed")

    def cancel_and_book(session: Session) -> None:
        session.scalars(select(Appointment)).one().status = "cancelled"
        session.flush()
        session.add(_visit(patient_id=2))

    hospital.run(cancel_and_book)


def test_a_deleted_user_takes_visits_along_but_who_cancelled_is_forgotten(hospital: Database) -> None:
    hospital.run(_book, status="cancelled")
    hospital.run(lambda session: session.add(_visit(patient_id=2, status="cancelled", cancelled_by=1)))

    hospital.run(lambda session: session.delete(session.get_one(User, 1)))

    kept = hospital.run(lambda s: s.execute(select(Appointment.patient_id, Appointment.cancelled_by)).all())
    assert kept == [(2, None)]


@pytest.mark.mariadb
@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("users", "role", ("patient", "doctor", "admin")),
        ("appointments", "status", STATUSES),
        ("notifications", "state", DELIVERY),
    ],
)
def test_a_list_of_values_is_the_models(hospital_url: str, table: str, column: str, values: tuple[str, ...]) -> None:
    (found,) = rows(hospital_url, f"SHOW COLUMNS FROM {table} LIKE '{column}'")

    assert found["Type"] == f"enum({','.join(repr(value) for value in values)})"


def _book(session: Session, *, status: str) -> None:
    """Two patients, two doctors, and a visit of the first to the first."""
    for number, role in enumerate(("patient", "patient", "doctor", "doctor"), start=1):
        session.add(User(user_id=number, name=role, email=f"{number}@example.org", password="x", role=role))
    session.flush()
    session.add_all([Patient(patient_id=1, user_id=1), Patient(patient_id=2, user_id=2)])
    session.add_all([Doctor(doctor_id=1, user_id=3), Doctor(doctor_id=2, user_id=4)])
    session.flush()
    session.add(_visit(status=status))


def _visit(
    *, patient_id: int = 1, doctor_id: int = 1, status: str = "pending", cancelled_by: int | None = None
) -> Appointment:
    return Appointment(
        patient_id=patient_id,
        doctor_id=doctor_id,
        appointment_date=DAY,
        appointment_time=NINE,
        status=status,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        cancelled_by=cancelled_by,
    )


def _once(hospital: Database, *, patient_id: int = 1, doctor_id: int = 1) -> None:
    """Without the retries that a conflict gets."""
    with Session(hospital.engine) as session, session.begin():
        session.add(_visit(patient_id=patient_id, doctor_id=doctor_id))
