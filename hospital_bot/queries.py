"""Reads that are asked twice or deserve a name. Hot ones select columns, not objects, and are made once (`@cache`):
making one takes longer than running it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
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
from sqlalchemy.orm import InstrumentedAttribute, Session

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


def meant(who: Who | None) -> tuple[str, dict[str, Any]]:
    """By what the doctors are known whom `who` means (all when None), and as which value."""
    if who is None:
        return "", {}
    if who.doctor_id is not None:
        return "doctor", {"who": who.doctor_id}
    return "specialization", {"who": who.specialization}


def matches(known_by: str) -> ColumnElement[bool]:
    """The active doctors that `meant` means, as a condition on the parameter `who`."""
    who = bindparam("who", type_=BigInteger)
    if known_by == "doctor":
        return and_(Doctor.active, Doctor.doctor_id == who)
    if known_by == "specialization":
        return and_(Doctor.active, func.crc32(Doctor.specialization) == who)
    return Doctor.active == true()


def doctors(session: Session, who: Who | None, *, first: date, last: date) -> list[DoctorFacts]:
    """The active doctors meant by `who` (all when None) by name, with their leave from `first` to `last`."""
    known_by, value = meant(who)
    facts = value | {"begin": midnight(first), "end": next_day(last)}
    found: dict[int, DoctorFacts] = {}
    for doctor_id, name, specialization, room, raw, approval, starts, ends in session.connection().execute(
        _doctors(known_by), facts
    ):
        doctor = found.get(doctor_id) or DoctorFacts(
            doctor_id, name, specialization, room, schedules.read(raw), approval=approval
        )
        found[doctor_id] = replace(doctor, leave=(*doctor.leave, (starts, ends))) if starts else doctor
    return list(found.values())


@cache
def _doctors(known_by: str) -> Select[*tuple[Any, ...]]:
    away = and_(
        TimeOff.doctor_id == Doctor.doctor_id,
        TimeOff.starts < bindparam("end", type_=DateTime),
        TimeOff.ends > bindparam("begin", type_=DateTime),
    )
    return (
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
        .where(matches(known_by))
        .order_by(User.name, Doctor.doctor_id)
    )


def taken_by_doctor(
    session: Session, doctor_ids: Iterable[int], *, first: date, last: date, now: datetime | None = None
) -> Iterator[tuple[int, date, Span]]:
    """The minutes that these doctors' visits take from `first` to `last`, both included (and around them).

    With `now` also the times that are kept for somebody then. A doctor's day is one row, for the driver is written in
    Python: fetching one costs more than counting ten.
    """
    eve = midnight(first - timedelta(days=1))  # a visit may run past midnight
    facts = {"doctor_ids": list(doctor_ids), "eve": eve, "after": next_day(last)} | ({"now": now} if now else {})
    for doctor_id, day, spans in session.connection().execute(_taken_by_doctor(with_kept=bool(now)), facts):
        for text in spans.split(","):
            for when, span in by_day(day.date(), _span(text)).items():
                yield doctor_id, when, span


@cache
def _taken_by_doctor(*, with_kept: bool) -> Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]:
    def told(clock: InstrumentedAttribute[time], minutes: InstrumentedAttribute[int]) -> ColumnElement[str]:
        return func.aggregate_strings(cast(clock, String) + "/" + cast(minutes, String), ",")

    doctor_ids, eve, after, now = _bounds()
    taken = (
        select(
            Appointment.doctor_id,
            Appointment.appointment_date,
            told(Appointment.appointment_time, Appointment.minutes),
        )
        .where(Appointment.doctor_id.in_(doctor_ids), Appointment.live == 1)
        .where(Appointment.appointment_date >= eve, Appointment.appointment_date < after)
        .group_by(Appointment.doctor_id, Appointment.appointment_date)
    )
    kept = (
        select(Hold.doctor_id, Hold.hold_date, told(Hold.hold_time, Hold.minutes))
        .where(Hold.doctor_id.in_(doctor_ids), Hold.hold_date >= eve, Hold.hold_date < after, Hold.expires_at > now)
        .group_by(Hold.doctor_id, Hold.hold_date)
    )
    return taken.union_all(kept) if with_kept else taken


def _bounds() -> tuple[BindParameter[Any], ...]:
    """Parameters: which doctors; the day before the first day, for a visit may run past midnight; the end; now."""
    return (
        bindparam("doctor_ids", type_=Integer, expanding=True),
        bindparam("eve", type_=DateTime),
        bindparam("after", type_=DateTime),
        bindparam("now", type_=Hold.expires_at.type),
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
    whose = list(doctor_ids)
    facts = {
        "doctor_ids": whose[0] if len(whose) == 1 else whose,
        "patient_id": patient_id,
        "request_id": request_id,
        "eve": midnight(day - timedelta(days=1)),
        "after": next_day(day),
        "eve_of_today": midnight(today - timedelta(days=1)),
        "now": now,
    }
    return [Held._make(row) for row in session.connection().execute(_held_around(alone=len(whose) == 1), facts)]


@cache
def _held_around(*, alone: bool) -> CompoundSelect[*tuple[Any, ...]]:
    """Of one doctor: a list of doctors is written into the statement each time."""
    doctor_ids, eve, after, now = _bounds()
    one = bindparam("doctor_ids", type_=Integer)

    def theirs(doctor_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return doctor_id == one if alone else doctor_id.in_(doctor_ids)

    patient_id = bindparam("patient_id", type_=Integer)
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
        theirs(Appointment.doctor_id),
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
        theirs(Hold.doctor_id),
        Hold.patient_id != patient_id,
        Hold.hold_date >= eve,
        Hold.hold_date < after,
        Hold.expires_at > now,
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
