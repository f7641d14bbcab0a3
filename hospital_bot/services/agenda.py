"""A doctor's day: who comes when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot.models import Appointment, Patient, User, midnight, next_day


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit of the day, as its doctor sees it. `start` is the clinic's wall clock."""

    appointment_id: int
    patient_name: str
    start: datetime
    minutes: int
    status: str
    reason: str | None


def day(session: Session, *, doctor_id: int, on: date, now: datetime) -> list[Entry]:  # noqa: ARG001 - every use case is told the time
    """The doctor's visits of that day that were not cancelled, in order."""
    rows = session.execute(
        select(Appointment, User.name)
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(User, User.user_id == Patient.user_id)
        .where(
            Appointment.doctor_id == doctor_id,
            Appointment.appointment_date >= midnight(on),
            Appointment.appointment_date < next_day(on),
            Appointment.status != "cancelled",
        )
        .order_by(Appointment.appointment_time)
    )
    return [
        Entry(
            visit.appointment_id,
            name,
            datetime.combine(visit.appointment_date, visit.appointment_time),
            visit.minutes,
            visit.status,
            visit.reason,
        )
        for visit, name in rows
    ]
