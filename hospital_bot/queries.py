"""Reads that are asked twice or deserve a name. Hot ones select columns, not objects."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, true
from sqlalchemy.orm import Session

from hospital_bot import schedules
from hospital_bot.models import LIVE, Appointment, Doctor, TimeOff, User, midnight, next_day
from hospital_bot.schedules import Schedule
from hospital_bot.slots import Span, minutes


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a patient wants to see: one doctor, or anyone of a specialization (known by its name's CRC-32)."""

    doctor_id: int | None = None
    specialization: int | None = None

    @classmethod
    def any_of(cls, specialization: str) -> Who:
        return cls(specialization=zlib.crc32(specialization.encode()))

    @property
    def matches(self) -> ColumnElement[bool]:
        if self.doctor_id is not None:
            return and_(Doctor.active, Doctor.doctor_id == self.doctor_id)
        return and_(Doctor.active, func.crc32(Doctor.specialization) == self.specialization)


@dataclass(frozen=True, slots=True)
class DoctorFacts:
    """A doctor as patients see them, with the hours and leave that decide what is offered."""

    doctor_id: int
    name: str
    specialization: str
    room: str
    schedule: Schedule
    leave: tuple[tuple[datetime, datetime], ...] = ()


class Held(NamedTuple):
    """A visit that holds its time."""

    appointment_id: int
    doctor_id: int
    patient_id: int
    day: datetime
    clock: time
    length: int
    moved_from: int | None
    reason: str | None

    @property
    def start(self) -> datetime:
        return datetime.combine(self.day, self.clock)

    @property
    def span(self) -> Span:
        begin = minutes(self.clock)
        return Span(begin, begin + self.length)


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment as its patient and its doctor see it. `start` is the clinic's wall clock."""

    appointment_id: int
    patient_id: int
    doctor_id: int
    doctor_name: str
    specialization: str
    room: str
    start: datetime
    minutes: int
    status: str
    reason: str | None
    moved_from: int | None

    @property
    def live(self) -> bool:
        return self.status in LIVE


def doctors(session: Session, who: Who | None, *, first: date, last: date) -> list[DoctorFacts]:
    """The active doctors meant by `who` (all when None) by name, with their leave from `first` to `last`."""
    away = and_(TimeOff.doctor_id == Doctor.doctor_id, TimeOff.starts < next_day(last), TimeOff.ends > midnight(first))
    rows = session.execute(
        select(
            Doctor.doctor_id,
            User.name,
            func.coalesce(Doctor.specialization, ""),
            func.coalesce(Doctor.room, ""),
            Doctor.availability_schedule,
            TimeOff.starts,
            TimeOff.ends,
        )
        .join(User, User.user_id == Doctor.user_id)
        .outerjoin(TimeOff, away)
        .where(who.matches if who else Doctor.active == true())
        .order_by(User.name, Doctor.doctor_id)
    )
    found: dict[int, DoctorFacts] = {}
    for doctor_id, name, specialization, room, raw, starts, ends in rows:
        doctor = found.get(doctor_id) or DoctorFacts(doctor_id, name, specialization, room, schedules.read(raw))
        found[doctor_id] = replace(doctor, leave=(*doctor.leave, (starts, ends))) if starts else doctor
    return list(found.values())


def _held() -> Select[int, int, int, datetime, time, int, int | None, str | None]:
    return select(
        Appointment.appointment_id,
        Appointment.doctor_id,
        Appointment.patient_id,
        Appointment.appointment_date,
        Appointment.appointment_time,
        Appointment.minutes,
        Appointment.moved_from,
        Appointment.reason,
    ).where(Appointment.live == 1)


def held_by_doctors(session: Session, doctor_ids: Iterable[int], *, first: date, last: date) -> list[Held]:
    """Live visits of these doctors from `first` to `last`, both included."""
    days = and_(Appointment.appointment_date >= midnight(first), Appointment.appointment_date < next_day(last))
    rows = session.execute(_held().where(Appointment.doctor_id.in_(list(doctor_ids)), days))
    return [Held._make(row) for row in rows]


def held_around(session: Session, doctor_ids: Iterable[int], patient_id: int, *, day: date, today: date) -> list[Held]:
    """What a booking on `day` can collide with: these doctors' visits that day, the patient's from today on."""
    of_doctors = _held().where(
        Appointment.doctor_id.in_(list(doctor_ids)),
        Appointment.appointment_date >= midnight(day),
        Appointment.appointment_date < next_day(day),
    )
    of_patient = _held().where(Appointment.patient_id == patient_id, Appointment.appointment_date >= midnight(today))
    return [Held._make(row) for row in session.execute(of_doctors.union(of_patient))]


def visits() -> Select[Appointment, Doctor, str]:
    """Appointments with what a person wants to read of them; narrow it with `where`, read it with `as_visit`."""
    return (
        select(Appointment, Doctor, User.name)
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .join(User, User.user_id == Doctor.user_id)
    )


def as_visit(row: Row[Appointment, Doctor, str]) -> Visit:
    appointment, doctor, name = row
    return Visit(
        appointment_id=appointment.appointment_id,
        patient_id=appointment.patient_id,
        doctor_id=doctor.doctor_id,
        doctor_name=name,
        specialization=doctor.specialization or "",
        room=doctor.room or "",
        start=datetime.combine(appointment.appointment_date, appointment.appointment_time),
        minutes=appointment.minutes,
        status=appointment.status,
        reason=appointment.reason,
        moved_from=appointment.moved_from,
    )
