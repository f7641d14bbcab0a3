"""Reads that are asked twice or deserve a name. Hot ones select columns, not objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    DateTime,
    Integer,
    Row,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session

from hospital_bot import schedules
from hospital_bot.models import Appointment, Doctor, Hold, TimeOff, User, midnight, next_day, starts_at
from hospital_bot.slots import Span, by_day, visit
from hospital_bot.values import DoctorFacts, Visit, Who


class Held(NamedTuple):
    """A visit that holds its time, or what an earlier delivery of the same request led to."""

    appointment_id: int
    doctor_id: int
    patient_id: int
    day: datetime
    clock: time
    length: int
    moved_from: int | None
    reason: str | None
    live: int | None
    request_id: str | None

    @property
    def start(self) -> datetime:
        return starts_at(self.day, self.clock)

    def on(self, day: date) -> Span | None:
        """The minutes of that day it takes."""
        return by_day(self.day.date(), visit(self.clock, self.length)).get(day)


def matches(who: Who) -> ColumnElement[bool]:
    if who.doctor_id is not None:
        return and_(Doctor.active, Doctor.doctor_id == who.doctor_id)
    return and_(Doctor.active, func.crc32(Doctor.specialization) == who.specialization)


def doctors(session: Session, who: Who | None, *, first: date, last: date) -> list[DoctorFacts]:
    """The active doctors meant by `who` (all when None) by name, with their leave from `first` to `last`."""
    away = and_(TimeOff.doctor_id == Doctor.doctor_id, TimeOff.starts < next_day(last), TimeOff.ends > midnight(first))
    rows = session.execute(
        select(
            Doctor.doctor_id,
            User.name,
            func.coalesce(Doctor.specialization, ""),
            func.coalesce(Doctor.room, ""),
            type_coerce(Doctor.availability_schedule, Text),  # unparsed: one broken text must not break the rest
            Doctor.approval,
            TimeOff.starts,
            TimeOff.ends,
        )
        .join(User, User.user_id == Doctor.user_id)
        .outerjoin(TimeOff, away)
        .where(matches(who) if who else Doctor.active == true())
        .order_by(User.name, Doctor.doctor_id)
    )
    found: dict[int, DoctorFacts] = {}
    for doctor_id, name, specialization, room, raw, approval, starts, ends in rows:
        facts = (doctor_id, name, specialization, room, schedules.read(raw))
        doctor = found.get(doctor_id) or DoctorFacts(*facts, approval=approval)
        found[doctor_id] = replace(doctor, leave=(*doctor.leave, (starts, ends))) if starts else doctor
    return list(found.values())


def _from(day: date) -> ColumnElement[bool]:
    """Live, and of this day or later, or of the day before: a visit may run past midnight."""
    return and_(Appointment.live == 1, Appointment.appointment_date >= midnight(day - timedelta(days=1)))


def taken_by_doctor(
    session: Session, doctor_ids: Iterable[int], *, first: date, last: date, now: datetime | None = None
) -> Iterator[tuple[int, date, Span]]:
    """The minutes that these doctors' visits take from `first` to `last`, both included (and around them).

    With `now` also the times that are kept for somebody then. A doctor's day is one row, for the driver is written in
    Python: fetching one costs more than counting ten.
    """
    ids = list(doctor_ids)
    told = cast(Appointment.appointment_time, String) + "/" + cast(Appointment.minutes, String)
    taken = (
        select(Appointment.doctor_id, Appointment.appointment_date, func.aggregate_strings(told, ","))
        .where(Appointment.doctor_id.in_(ids))
        .where(_from(first), Appointment.appointment_date < next_day(last))
        .group_by(Appointment.doctor_id, Appointment.appointment_date)
    )
    rows = session.execute(taken.union_all(_held_by_doctor(ids, first, last, now)) if now else taken)
    for doctor_id, day, spans in rows:
        for text in spans.split(","):
            for when, span in by_day(day.date(), _span(text)).items():
                yield doctor_id, when, span


def _held_by_doctor(ids: list[int], first: date, last: date, now: datetime) -> Select[int, datetime, str]:
    told = cast(Hold.hold_time, String) + "/" + cast(Hold.minutes, String)
    return (
        select(Hold.doctor_id, Hold.hold_date, func.aggregate_strings(told, ","))
        .where(Hold.doctor_id.in_(ids), _kept(first, last, now))
        .group_by(Hold.doctor_id, Hold.hold_date)
    )


def _kept(first: date, last: date, now: datetime) -> ColumnElement[bool]:
    """Held times from the day before `first` (one may run past midnight) to `last`, that are still kept."""
    return and_(
        Hold.hold_date >= midnight(first - timedelta(days=1)), Hold.hold_date < next_day(last), Hold.expires_at > now
    )


@lru_cache(maxsize=4096)
def _span(text: str) -> Span:
    clock, _, length = text.partition("/")
    return visit(time.fromisoformat(clock), int(length))


def held_around(
    session: Session,
    doctor_ids: Iterable[int],
    patient_id: int,
    request_id: str,
    *,
    day: date,
    today: date,
    now: datetime,
) -> list[Held]:
    """What a booking on `day` can collide with: these doctors' visits that day, the patient's from today on.

    A time that is kept for somebody else counts as a visit, of nobody. Also the patient's visit that this very request
    led to before, whatever became of it.
    """
    facts = {
        "doctor_ids": list(doctor_ids),
        "patient_id": patient_id,
        "request_id": request_id,
        "eve": midnight(day - timedelta(days=1)),
        "after": next_day(day),
        "eve_of_today": midnight(today - timedelta(days=1)),
        "now": now,
    }
    return [Held._make(row) for row in session.connection().execute(_held_around(), facts)]


@lru_cache(maxsize=1)
def _held_around() -> CompoundSelect[*tuple[Any, ...]]:
    """Made once: making it took longer than running it."""
    doctor_ids = bindparam("doctor_ids", type_=Integer, expanding=True)
    patient_id = bindparam("patient_id", type_=Integer)
    eve, after = bindparam("eve", type_=DateTime), bindparam("after", type_=DateTime)
    held = select(
        Appointment.appointment_id,
        Appointment.doctor_id,
        Appointment.patient_id,
        Appointment.appointment_date,
        Appointment.appointment_time,
        Appointment.minutes,
        Appointment.moved_from,
        Appointment.reason,
        Appointment.live,
        Appointment.request_id,
    )
    of_doctors = held.where(
        Appointment.doctor_id.in_(doctor_ids),
        Appointment.live == 1,
        Appointment.appointment_date >= eve,
        Appointment.appointment_date < after,
    )
    kept = select(
        literal(0),
        Hold.doctor_id,
        literal(0),
        Hold.hold_date,
        Hold.hold_time,
        Hold.minutes,
        null(),
        null(),
        literal(1),
        null(),
    ).where(
        Hold.doctor_id.in_(doctor_ids),
        Hold.patient_id != patient_id,
        Hold.hold_date >= eve,
        Hold.hold_date < after,
        Hold.expires_at > bindparam("now", type_=Hold.expires_at.type),
    )
    of_patient = held.where(
        Appointment.patient_id == patient_id,
        Appointment.live == 1,
        Appointment.appointment_date >= bindparam("eve_of_today", type_=DateTime),
    )
    of_request = held.where(
        Appointment.request_id == bindparam("request_id", type_=String), Appointment.patient_id == patient_id
    )
    return of_doctors.union(of_patient, of_request, kept)


def visits() -> Select[*tuple[Any, ...]]:
    """Appointments with what a person wants to read of them; narrow it with `where`, read it with `as_visit`."""
    return (
        select(
            Appointment.appointment_id,
            Appointment.patient_id,
            Appointment.doctor_id,
            User.name.label("doctor_name"),
            func.coalesce(Doctor.specialization, "").label("specialization"),
            func.coalesce(Doctor.room, "").label("room"),
            Appointment.appointment_date.label("day"),
            Appointment.appointment_time.label("clock"),
            Appointment.minutes,
            Appointment.status,
            Appointment.reason,
            Appointment.moved_from,
            Appointment.coming_at.is_not(None).label("coming"),
        )
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .join(User, User.user_id == Doctor.user_id)
    )


def as_visit(row: Row[*tuple[Any, ...]]) -> Visit:
    facts = dict(row._mapping)  # noqa: SLF001 - public, the underscore keeps it from meeting a column's name
    return Visit(start=starts_at(facts.pop("day"), facts.pop("clock")), **facts)
