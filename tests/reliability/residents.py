"""Doctors and patients of the hospital, written by SQL: logged in on phones of their own, as if for long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from hospital_bot.models import Appointment, Doctor, Notification, Patient, TelegramAccount, User, midnight
from hospital_bot.simulator.people import Person
from tests.hospital import WEEKDAYS
from tests.reliability.world import World


@dataclass(frozen=True, slots=True)
class Resident:
    """`number` is the doctor_id or patient_id."""

    number: int
    user_id: int
    person: Person


def doctor(world: World, session: Session) -> Resident:
    """Works every day from eight to eight."""
    user_id, person = _user(world, session, "doctor")
    hours = {"slot_minutes": 30, "weekly": {day: [["08:00", "20:00"]] for day in WEEKDAYS}}
    row = Doctor(user_id=user_id, specialization="Cardiology", availability_schedule=hours)
    session.add(row)
    session.flush()
    return Resident(row.doctor_id, user_id, person)


def patient(world: World, session: Session) -> Resident:
    user_id, person = _user(world, session, "patient")
    row = Patient(user_id=user_id)
    session.add(row)
    session.flush()
    return Resident(row.patient_id, user_id, person)


def visit(session: Session, doctor: Resident, patient: Resident, day: date, clock: time) -> None:
    """Booked yesterday, and as short as can be."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    who = {"doctor_id": doctor.number, "patient_id": patient.number}
    when = {"appointment_date": midnight(day), "appointment_time": clock}
    session.add(Appointment(**who, **when, status="confirmed", minutes=1, created_at=yesterday))


def reminder(session: Session, patient: Resident, day: date, due_at: datetime) -> None:
    """Of the visits of that day, two days before."""
    facts = {"day": day.isoformat(), "seconds": 48 * 3600}
    about = f"{day:%Y%m%d}:2880"
    session.add(Notification(user_id=patient.user_id, kind="reminder", about=about, due_at=due_at, facts=facts))


def _user(world: World, session: Session, role: str) -> tuple[int, Person]:
    person = world.person(role.title())
    world.telegram.chats[person.user.id].is_started = True
    user = User(name=role.title(), email=f"{person.user.id}@people.example", password="", role=role)
    session.add(user)
    session.flush()
    now = datetime.now(UTC)
    facts = {"telegram_id": person.user.id, "user_id": user.user_id}
    session.add(TelegramAccount(**facts, proved_at=now, session_ends_at=now + timedelta(hours=8)))
    return user.user_id, person


def buttons(message: dict[str, object]) -> list[str]:
    """What the buttons under a message say to the bot."""
    keyboard: dict[str, list[list[dict[str, str]]]] = message.get("reply_markup") or {}  # type: ignore[assignment]
    return [button.get("callback_data", "") for row in keyboard.get("inline_keyboard", []) for button in row]
