"""What became of the patients of a day off sick: who has another time, who has not answered, whom to call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Exists, Row, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.models import Appointment, Doctor, Notification, Patient, TimeOff, User, starts_at
from hospital_bot.services import offers

State = Literal["moved", "waiting", "unreachable", "gave up"]


@dataclass(frozen=True, slots=True)
class BoardLine:
    """`moved_to` is the clinic's wall clock."""

    appointment_id: int
    start: datetime
    patient_name: str
    phone: str
    state: State
    moved_to: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    time_off_id: int
    doctor_name: str
    starts: datetime
    tell_at: datetime | None
    lines: tuple[BoardLine, ...]


def sick_days(session: Session, *, clinic: Clinic, now: datetime) -> list[tuple[int, str, datetime]]:
    """Every doctor's sick days that are not over, for the hospital's desk: id, name, start."""
    rows = session.execute(
        select(TimeOff.time_off_id, User.name, TimeOff.starts)
        .join(Doctor, Doctor.doctor_id == TimeOff.doctor_id)
        .join(User, User.user_id == Doctor.user_id)
        .where(TimeOff.tell_at.is_not(None), TimeOff.ends > clinic.wall(now))
        .order_by(TimeOff.starts, User.name)
    )
    return [(time_off_id, name, starts) for time_off_id, name, starts in rows]


def read(session: Session, *, time_off_id: int, doctor_id: int | None, now: datetime) -> Board:  # noqa: ARG001 - every use case is told the time
    """Raises NotFound for another doctor's day exactly as for none; `doctor_id` is None for the hospital's desk."""
    day = session.execute(
        select(TimeOff, User.name)
        .join(Doctor, Doctor.doctor_id == TimeOff.doctor_id)
        .join(User, User.user_id == Doctor.user_id)
        .where(TimeOff.time_off_id == time_off_id, TimeOff.tell_at.is_not(None))
    ).one_or_none()
    if day is None or doctor_id not in {None, day.TimeOff.doctor_id}:
        raise NotFound
    off, name = day
    return Board(time_off_id, name, off.starts, off.tell_at, tuple(_lines(session, off)))


def _lines(session: Session, off: TimeOff) -> list[BoardLine]:
    chosen = aliased(Appointment)
    rows = session.execute(
        select(
            Appointment.appointment_id,
            Appointment.appointment_date,
            Appointment.appointment_time,
            User.name,
            func.coalesce(Patient.phone_number, ""),
            Appointment.cancel_reason,
            Notification.state,
            chosen.appointment_date,
            chosen.appointment_time,
            chosen.status,
            _booked_since(off),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(User, User.user_id == Patient.user_id)
        .join(Notification, Notification.appointment_id == Appointment.appointment_id)
        .outerjoin(chosen, chosen.moved_from == Appointment.appointment_id)
        .where(Appointment.doctor_id == off.doctor_id, Notification.kind == "offer")
        .where(Notification.about.endswith(f":{off.time_off_id}"))
        .order_by(Appointment.appointment_date, Appointment.appointment_time)
    ).all()
    return [_line(row) for row in rows]


def _booked_since(off: TimeOff) -> Exists:
    """The patient has another visit in place of this one: with the same doctor, or a colleague."""
    other, colleague, absent = aliased(Appointment), aliased(Doctor), aliased(Doctor)
    return (
        exists()
        .where(other.patient_id == Appointment.patient_id, other.status != "cancelled", other.created_at >= off.tell_at)
        .where(colleague.doctor_id == other.doctor_id, absent.doctor_id == off.doctor_id)
        .where(or_(colleague.doctor_id == absent.doctor_id, colleague.specialization == absent.specialization))
    )


def _line(row: Row[*tuple[Any, ...]]) -> BoardLine:
    appointment_id, day, clock, name, phone, reason, told, new_day, new_clock, new_status, has_another = row
    moved_to = starts_at(new_day, new_clock) if new_day and new_status != "cancelled" else None
    gave_back = new_day is not None or (reason and reason != offers.WHY["sick"])
    state: State = "waiting"
    if moved_to or has_another:
        state = "moved"
    elif gave_back:
        state = "gave up"
    elif told in {"failed", "skipped"}:
        state = "unreachable"
    return BoardLine(appointment_id, starts_at(day, clock), name, phone, state, moved_to)
