"""Reads that are asked twice or deserve a name. Hot ones select columns, not objects, and are made once (`@cache`):
making one takes longer than running it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import chain
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
    union_all,
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


def doctors(
    session: Session,
    who: Who | None,
    *,
    first: date,
    last: date,
    until: date | None = None,
    now: datetime | None = None,
) -> list[DoctorFacts]:
    """The active doctors meant by `who` (all when None) by name, with their leave from `first` to `last`.

    With `now` also `with_taken`, of the days from `first` to `until` (or `last`); of one doctor by the same statement.
    """
    known_by, value = meant(who)
    facts = value | {"begin": midnight(first), "end": next_day(last)}
    if now is None:
        return _read(session, _doctors(known_by), facts)
    until = until or last
    if known_by == "doctor":
        return _read(session, _doctors(known_by, with_taken=True), facts | _stretch(first, until, now))
    return with_taken(session, _read(session, _doctors(known_by), facts), first=first, last=until, now=now)


def _read(session: Session, statement: Select[*tuple[Any, ...]], facts: dict[str, Any]) -> list[DoctorFacts]:
    return [_facts(*row) for row in session.connection().execute(statement, facts)]


def with_taken(
    session: Session, doctors: Sequence[DoctorFacts], *, first: date, last: date, now: datetime
) -> list[DoctorFacts]:
    """They, with what is taken of their days from `first` to `last`, both included, and of those around them; and with
    what is kept for somebody at `now`.

    The statement names them: by a column of another table the server finds a doctor's visits, but not those of some
    days alone, and looks through years of them.
    """
    facts = _stretch(first, last, now) | {"doctor_ids": [doctor.doctor_id for doctor in doctors]}
    lists: dict[int, dict[str, Any]] = defaultdict(lambda: {"taken": (), "kept": ()})
    for listed, doctor_id, kind in session.connection().execute(_taken_by_doctor(), facts):
        lists[doctor_id][kind] = _days(listed)
    return [replace(doctor, **lists[doctor.doctor_id]) for doctor in doctors]


def _stretch(first: date, last: date, now: datetime) -> dict[str, Any]:
    """A visit may run past midnight, so the day before is looked at, too."""
    return {"eve": midnight(first - timedelta(days=1)), "after": next_day(last), "now": now}


@cache
def _doctors(known_by: str, *, with_taken: bool = False) -> Select[*tuple[Any, ...]]:
    """A doctor is one row, for the driver is written in Python: fetching one costs more than counting ten."""
    away = select(_listed(TimeOff.starts, TimeOff.ends)).where(
        TimeOff.doctor_id == Doctor.doctor_id,
        TimeOff.starts < bindparam("end", type_=DateTime),
        TimeOff.ends > bindparam("begin", type_=DateTime),
    )
    who = bindparam("who", type_=BigInteger)
    lists = (away, *_taken(lambda doctor_id: doctor_id == who)) if with_taken else (away,)
    found = (
        select(
            Doctor.doctor_id,
            User.name,
            func.coalesce(Doctor.specialization, ""),
            func.coalesce(Doctor.room, ""),
            type_coerce(Doctor.availability_schedule, Text),  # unparsed: one broken text must not break the rest
            Doctor.approval,
            *(each.scalar_subquery() for each in lists),
        )
        .join(User, User.user_id == Doctor.user_id)
        .where(matches(known_by))
    )
    return found if known_by == "doctor" else found.order_by(User.name, Doctor.doctor_id)


@cache
def _taken_by_doctor() -> CompoundSelect[*tuple[Any, ...]]:
    doctor_ids, *_ = _bounds()
    taken, kept = _taken(lambda doctor_id: doctor_id.in_(doctor_ids))
    return union_all(
        taken.add_columns(Appointment.doctor_id, literal("taken")).group_by(Appointment.doctor_id),
        kept.add_columns(Hold.doctor_id, literal("kept")).group_by(Hold.doctor_id),
    )


def _taken(theirs: Callable[[InstrumentedAttribute[int]], ColumnElement[bool]]) -> tuple[Select[str], Select[str]]:
    """The times of visits, and those kept for somebody."""
    _, eve, after, now = _bounds()
    taken = select(_listed(func.date(Appointment.appointment_date), Appointment.appointment_time, Appointment.minutes))
    kept = select(_listed(func.date(Hold.hold_date), Hold.hold_time, Hold.minutes))
    return (
        taken.where(
            theirs(Appointment.doctor_id),
            Appointment.live == 1,
            Appointment.appointment_date >= eve,
            Appointment.appointment_date < after,
        ),
        kept.where(theirs(Hold.doctor_id), Hold.hold_date >= eve, Hold.hold_date < after, Hold.expires_at > now),
    )


def _listed(first: Any, *others: Any) -> ColumnElement[str]:
    """The rows as one text: a comma between two of them, a slash between two values. None when there are none."""
    row: ColumnElement[str] = cast(first, String)
    for value in others:
        row = row + "/" + cast(value, String)
    return func.aggregate_strings(row, ",")


def _facts(
    doctor_id: int,
    name: str,
    specialization: str,
    room: str,
    schedule: str,
    approval: bool,  # noqa: FBT001 - a column
    leave: str | None,
    taken: str | None = None,
    kept: str | None = None,
) -> DoctorFacts:
    return DoctorFacts(
        doctor_id,
        name,
        specialization,
        room,
        schedules.read(schedule),
        leave=tuple(map(_leave, _rows(leave))),
        approval=approval,
        taken=_days(taken),
        kept=_days(kept),
    )


def _days(listed: str | None) -> tuple[tuple[date, Span], ...]:
    return tuple(chain.from_iterable(map(_spans, _rows(listed))))


def _rows(listed: str | None) -> list[str]:
    return listed.split(",") if listed else []


@lru_cache(maxsize=1024)
def _leave(row: str) -> tuple[datetime, datetime]:
    starts, _, ends = row.partition("/")
    return datetime.fromisoformat(starts), datetime.fromisoformat(ends)


@lru_cache(maxsize=16384)
def _spans(row: str) -> tuple[tuple[date, Span], ...]:
    """Of each day the minutes that a visit takes: of two, when it runs past midnight."""
    day, clock, length = row.split("/")
    return tuple(by_day(date.fromisoformat(day), visit(time.fromisoformat(clock), int(length))).items())


def _bounds() -> tuple[BindParameter[Any], ...]:
    """Parameters: which doctors; the day before the first day, for a visit may run past midnight; the end; now."""
    return (
        bindparam("doctor_ids", type_=Integer, expanding=True),
        bindparam("eve", type_=DateTime),
        bindparam("after", type_=DateTime),
        bindparam("now", type_=Hold.expires_at.type),
    )


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
