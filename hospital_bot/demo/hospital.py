"""An invented hospital: its doctors, their hours, three weeks of partly booked calendars, and the cast."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hospital_bot import schedules, slots
from hospital_bot.clinic import Clinic
from hospital_bot.keys import Keys
from hospital_bot.models import Appointment, Doctor, Patient, User, midnight
from hospital_bot.passwords import hash_password

PASSWORD = "three blue herons"  # noqa: S105 - of people who don't exist
BOOKED_DAYS = 21
BOOKED_SHARE = 0.6

EARLY = "mon-fri 08:00-12:00 13:00-15:30"
LATE = "mon-thu 12:00-15:00 16:00-20:00; sat 09:00-12:00"
CLASSIC = "mon-fri 09:00-13:00 14:00-17:00"

DOCTORS: tuple[tuple[str, str, str, int, str], ...] = (
    ("Dr. Amina Osei", "Cardiology", "12", 30, CLASSIC),
    ("Dr. Jonas Weber", "Cardiology", "14", 30, EARLY),
    ("Dr. Priya Raman", "Cardiology", "15", 45, LATE),
    ("Dr. Elena Petrova", "Dermatology", "21", 20, CLASSIC),
    ("Dr. Tom Hughes", "Dermatology", "22", 20, LATE),
    ("Dr. Chidi Eze", "General Medicine", "1", 15, EARLY),
    ("Dr. Marta Silva", "General Medicine", "2", 15, CLASSIC),
    ("Dr. Yuki Tanaka", "General Medicine", "3", 15, LATE),
    ("Dr. Hannah Cohen", "Gynaecology", "31", 30, CLASSIC),
    ("Dr. Leila Haddad", "Gynaecology", "32", 30, EARLY),
    ("Dr. Sven Lindqvist", "Neurology", "41", 45, CLASSIC),
    ("Dr. Rosa Jimenez", "Neurology", "42", 30, LATE),
    ("Dr. Peter Novak", "Orthopaedics", "51", 20, EARLY),
    ("Dr. Grace Mwangi", "Orthopaedics", "52", 30, CLASSIC),
    ("Dr. Olu Adeyemi", "Paediatrics", "61", 20, CLASSIC),
    ("Dr. Clara Rossi", "Paediatrics", "62", 20, EARLY),
)
"""Name, specialization, room, minutes of a visit, weekly hours."""

FIRST_NAMES = ("Alma", "Bruno", "Carol", "David", "Edith", "Farid", "Gloria", "Hugo", "Irene", "Jakub")
LAST_NAMES = ("Abel", "Bauer", "Costa", "Dubois", "Egger", "Fontana", "Gruber", "Horvat")
REASONS = ("Check-up", "Follow-up", "Back pain", "Test results", "Skin rash", "Headaches", None, None)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the cast who has an account; all have the same password."""

    name: str
    email: str
    role: str


ANN = Account("Ann Palmer", "ann@patients.example", "patient")
BEN = Account("Ben Okafor", "ben@patients.example", "patient")
ADMIN = Account("Nora Lind", "nora@stbrigid.example", "admin")


def open_doors(session: Session, *, clinic: Clinic, keys: Keys, now: datetime) -> None:
    """Fill an empty database; one that has doctors stays as it is."""
    if session.scalar(select(Doctor.doctor_id).limit(1)):
        return
    password = hash_password(PASSWORD, pepper=keys.pepper)
    doctors = [_add_doctor(session, *facts, password=password, now=now) for facts in DOCTORS]
    for account in (ANN, BEN, ADMIN):
        _add_user(session, account, password, now)
    names = [f"{first} {last}" for last in LAST_NAMES for first in FIRST_NAMES]
    strangers = [Account(name, f"{mailbox(name)}@patients.example", "patient") for name in names]
    patients = [_add_user(session, stranger, password, now) for stranger in strangers]
    session.flush()
    _fill_calendars(session, doctors, [user.user_id for user in patients], clinic.today(now))


def mailbox(name: str) -> str:
    return name.lower().removeprefix("dr. ").replace(" ", ".")


def _add_user(session: Session, account: Account, password: str, now: datetime) -> User:
    user = User(name=account.name, email=account.email, password=password, role=account.role, verified_at=now)
    session.add(user)
    session.flush()
    if account.role == "patient":
        session.add(Patient(user_id=user.user_id, address="2 Mill Road", phone_number="+15550101"))
    return user


def _add_doctor(
    session: Session,
    name: str,
    specialization: str,
    room: str,
    slot_minutes: int,
    weekly: str,
    *,
    password: str,
    now: datetime,
) -> Doctor:
    user = _add_user(session, Account(name, f"{mailbox(name)}@stbrigid.example", "doctor"), password, now)
    schedule = {"slot_minutes": slot_minutes, "weekly": schedules.parse_weekly(weekly)}
    doctor = Doctor(user_id=user.user_id, specialization=specialization, room=room, availability_schedule=schedule)
    session.add(doctor)
    session.flush()
    return doctor


def _fill_calendars(session: Session, doctors: list[Doctor], user_ids: list[int], today: date) -> None:
    """More than half of each day is taken; nobody is in two rooms at once."""
    dice = random.Random(2026)
    patient_ids = list(session.scalars(select(Patient.patient_id).where(Patient.user_id.in_(user_ids))))
    rows: list[dict[str, Any]] = []
    for day in slots.days(today, today + timedelta(days=BOOKED_DAYS)):
        free = dict.fromkeys(patient_ids, 0)
        for start, doctor in sorted(_starts(doctors, day), key=lambda pair: pair[0]):
            rested = [patient_id for patient_id, until in free.items() if until <= start]
            if rested and dice.random() < BOOKED_SHARE:
                patient_id = dice.choice(rested)
                length = schedules.check(doctor.availability_schedule).slot_minutes
                free[patient_id] = start + length
                rows.append(_visit(dice, doctor, patient_id, day, start, length))
    session.execute(insert(Appointment), rows)


def _starts(doctors: list[Doctor], day: date) -> Iterator[tuple[int, Doctor]]:
    for doctor in doctors:
        for start in schedules.check(doctor.availability_schedule).starts(day):
            yield start, doctor


def _visit(dice: random.Random, doctor: Doctor, patient_id: int, day: date, start: int, length: int) -> dict[str, Any]:
    return {
        "patient_id": patient_id,
        "doctor_id": doctor.doctor_id,
        "appointment_date": midnight(day),
        "appointment_time": slots.at(day, start).time(),
        "status": "confirmed",
        "minutes": length,
        "reason": dice.choice(REASONS),
    }
