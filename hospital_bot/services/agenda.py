"""A doctor's visits, as the doctor sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import Session

from hospital_bot import people
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.models import (
    Appointment,
    MedicalRecord,
    Patient,
    TelegramAccount,
    User,
    midnight,
    next_day,
    starts_at,
)
from hospital_bot.services import audit
from hospital_bot.values import LIVE


@dataclass(frozen=True, slots=True)
class Entry:
    """`start` is the clinic's wall clock."""

    appointment_id: int
    patient_id: int
    patient_name: str
    start: datetime
    minutes: int
    status: str
    reason: str | None
    coming: bool
    """The patient answered a reminder with "I'm coming"."""
    kept: bool
    """The doctor keeps it, though it falls outside the working hours."""
    late_minutes: int | None
    """How much later than planned the patient was told to come."""
    record_id: int | None
    reachable: bool
    """The bot can write to the patient."""
    phone: str
    age: int | None
    """On the day of the visit; None when the patient has not said it."""

    @property
    def live(self) -> bool:
        return self.status in LIVE


def day(session: Session, *, doctor_id: int, on: date, now: datetime) -> list[Entry]:  # noqa: ARG001 - every use case is told the time
    """The doctor's visits of that day that were not cancelled, in order."""
    rows = session.execute(
        _entries()
        .where(
            Appointment.doctor_id == doctor_id,
            Appointment.appointment_date >= midnight(on),
            Appointment.appointment_date < next_day(on),
            Appointment.status != "cancelled",
        )
        .order_by(Appointment.appointment_time)
    )
    return [_entry(row) for row in rows]


def visit(session: Session, *, appointment_id: int, doctor_id: int, user_id: int, channel: str, now: datetime) -> Entry:
    """The doctor's own visit; the look is written down. Raises NotFound for another's exactly as for none."""
    own = _entries().where(Appointment.appointment_id == appointment_id, Appointment.doctor_id == doctor_id)
    row = session.execute(own).one_or_none()
    if row is None:
        raise NotFound
    entry = _entry(row)
    audit.record(
        session,
        actor_id=user_id,
        patient_id=entry.patient_id,
        action="visit.read",
        subject=f"appointment:{appointment_id}",
        channel=channel,
        now=now,
    )
    return entry


def ahead(session: Session, *, doctor_id: int, clinic: Clinic, now: datetime) -> list[Entry]:
    """The doctor's live visits that have not begun, the next one first."""
    wall = clinic.wall(now)
    rows = session.execute(
        _entries()
        .where(
            Appointment.doctor_id == doctor_id,
            Appointment.live == 1,
            Appointment.appointment_date >= midnight(wall.date()),
        )
        .order_by(Appointment.appointment_date, Appointment.appointment_time)
    )
    return [entry for row in rows if (entry := _entry(row)).start > wall]


def requests(session: Session, *, doctor_id: int, clinic: Clinic, now: datetime) -> list[Entry]:
    """Those who ask for a visit and wait for the doctor's answer."""
    return [entry for entry in ahead(session, doctor_id=doctor_id, clinic=clinic, now=now) if entry.status == "pending"]


def _entries() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Appointment.appointment_id,
            Appointment.patient_id,
            User.name,
            Appointment.appointment_date,
            Appointment.appointment_time,
            Appointment.minutes,
            Appointment.status,
            Appointment.reason,
            Appointment.coming_at.is_not(None),
            Appointment.kept_at.is_not(None),
            Appointment.late_minutes,
            MedicalRecord.record_id,
            and_(TelegramAccount.telegram_id.is_not(None), TelegramAccount.blocked_at.is_(None)),
            func.coalesce(Patient.phone_number, ""),
            Patient.birth_date,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(User, User.user_id == Patient.user_id)
        .outerjoin(TelegramAccount, TelegramAccount.user_id == User.user_id)
        .outerjoin(MedicalRecord, MedicalRecord.appointment_id == Appointment.appointment_id)
    )


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    appointment_id, patient_id, name, on, clock, *others, born = row
    others.append(people.age(born, on.date()) if born else None)
    return Entry(appointment_id, patient_id, name, starts_at(on, clock), *others)
