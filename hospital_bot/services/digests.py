"""Digests: a doctor's day, every morning or on the evening before; the week on Sundays for those who wish it.

Whoever plans writes a row for each doctor and day, and the row's unique key lets there be only one, however many
plan and however often. The text is made when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Exists, Select, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from hospital_bot import people, queries, slots
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.models import Appointment, Doctor, Notification, Patient, TimeOff, User, midnight, next_day, starts_at
from hospital_bot.services import outbox
from hospital_bot.services.availability import leave_on
from hospital_bot.services.outbox import Draft, Pointless
from hospital_bot.slots import DAY, Span
from hospital_bot.values import DoctorFacts, Who

EVENING = time(18)
SUNDAY = 6
LATE = timedelta(minutes=15)
"""A digest that comes so long after its time says so."""
SHOWN = ("pending", "confirmed", "arrived", "completed", "no_show")
"""A cancelled visit is no part of the day."""


@dataclass(frozen=True, slots=True)
class Line:
    """One visit of the day, as its doctor sees it. `start` is the clinic's wall clock."""

    appointment_id: int
    start: datetime
    minutes: int
    status: str
    patient_name: str
    reason: str | None
    returning: bool
    """The patient was with this doctor before."""
    coming: bool
    age: int | None
    """On the day of the visit; None when the patient has not said it."""

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Digest:
    """One doctor's day. `gaps` and `leave` are minutes after midnight, half-open."""

    day: date
    doctor_name: str
    lines: tuple[Line, ...]
    gaps: tuple[Span, ...]
    leave: tuple[Span, ...]
    on_evenings: bool
    weekly: bool
    due_at: datetime | None = None
    """When a digest that comes late should have come."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a week: how many visits, from when to when, and whether the doctor is away."""

    day: date
    visits: int
    first: datetime | None
    end: datetime | None
    away: bool


@dataclass(frozen=True, slots=True)
class Week:
    doctor_name: str
    days: tuple[Day, ...]


def plan_digests(session: Session, *, clinic: Clinic, now: datetime) -> None:
    """Write the rows of the digests whose time has come, with as many statements for a thousand doctors as for one."""
    today, evening = clinic.today(now), clinic.wall(now).time() >= EVENING
    drafts: list[Draft] = []
    if now >= (due := clinic.instant(datetime.combine(today, clinic.rules.digest_time))):
        drafts += _daily(session, today, due, Doctor.digest_evening.is_(False))
        drafts += _call_sheets(session, today, due)
    for day in (today, today + timedelta(days=1)):
        due = clinic.instant(datetime.combine(day - timedelta(days=1), EVENING))
        if now >= due:
            drafts += _daily(session, day, due, Doctor.digest_evening.is_(True))
    monday = today + timedelta(days=(7 - today.weekday()) % 7)
    if monday == today or (today.weekday() == SUNDAY and evening):
        due = clinic.instant(datetime.combine(monday - timedelta(days=1), EVENING))
        drafts += _weekly(session, monday, due)
    outbox.add(session, drafts, now=now)


def _daily(session: Session, day: date, due_at: datetime, wish: ColumnElement[bool]) -> list[Draft]:
    """For doctors who have something that day: leave, or a visit booked before the digest's time."""
    busy = or_(
        exists().where(*_visits_between(day, day), Appointment.live == 1, Appointment.created_at <= due_at),
        _leave_between(day, day),
    )
    return _missing(session, "digest", day, due_at, select(Doctor.user_id).where(Doctor.active, wish, busy))


def _weekly(session: Session, monday: date, due_at: datetime) -> list[Draft]:
    sunday = monday + timedelta(days=6)
    busy = or_(
        exists().where(*_visits_between(monday, sunday), Appointment.live == 1),
        _leave_between(monday, sunday),
    )
    wishing = select(Doctor.user_id).where(Doctor.active, Doctor.digest_weekly, busy)
    return _missing(session, "week", monday, due_at, wishing)


def _call_sheets(session: Session, day: date, due_at: datetime) -> list[Draft]:
    """For every admin, who is told only if there is somebody to call."""
    return _missing(session, "calls", day, due_at, select(User.user_id).where(User.role == "admin"))


def _missing(session: Session, kind: str, day: date, due_at: datetime, people: Select[int]) -> list[Draft]:
    """For those of these people who have none yet."""
    about = f"{day:%Y%m%d}"
    written = exists().where(
        Notification.user_id == people.selected_columns[0], Notification.kind == kind, Notification.about == about
    )
    user_ids = session.scalars(people.where(~written))
    return [Draft(user_id, kind, about, due_at, facts={"day": day.isoformat()}) for user_id in user_ids]


def _visits_between(first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Appointment.doctor_id == Doctor.doctor_id,
        Appointment.appointment_date >= midnight(first),
        Appointment.appointment_date < next_day(last),
    )


def _leave_between(first: date, last: date) -> Exists:
    return exists().where(
        TimeOff.doctor_id == Doctor.doctor_id, TimeOff.starts < next_day(last), TimeOff.ends > midnight(first)
    )


def check(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> Digest:
    """The day as it is now. Raises Pointless when there is nothing in it (any more)."""
    day = date.fromisoformat(outbox.facts_of(row)["day"])
    digest = read(session, doctor_id=_doctor(session, row.user_id), day=day, clinic=clinic, now=now)
    if not digest.lines and not digest.leave:
        raise Pointless("nothing that day")
    ends = max((line.end for line in digest.lines), default=next_day(day))
    if clinic.instant(ends) <= now:
        raise Pointless("the day is over")
    return replace(digest, due_at=row.due_at if now - row.due_at > LATE else None)


def _doctor(session: Session, user_id: int) -> int:
    found = session.scalar(select(Doctor.doctor_id).where(Doctor.user_id == user_id, Doctor.active))
    if found is None:
        raise Pointless("no longer a doctor here")
    return found


def read(session: Session, *, doctor_id: int, day: date, clinic: Clinic, now: datetime) -> Digest:  # noqa: ARG001 - every use case is told
    """One doctor's day. Raises NotFound for a doctor who has left."""
    facts = _facts(session, doctor_id, day, day)
    lines = tuple(_lines(session, doctor_id, day))
    leave = sorted(leave_on(facts, day))
    taken = [span for line in lines if (span := slots.within(day, line.start, line.end))]
    evening, weekly = session.execute(
        select(Doctor.digest_evening, Doctor.digest_weekly).where(Doctor.doctor_id == doctor_id)
    ).one()
    gaps = tuple(_gaps(facts.schedule.hours(day), [*taken, *leave]))
    return Digest(day, facts.name, lines, gaps, tuple(leave), on_evenings=evening, weekly=weekly)


def _facts(session: Session, doctor_id: int, first: date, last: date, now: datetime | None = None) -> DoctorFacts:
    found = queries.doctors(session, Who(doctor_id), first=first, last=last, now=now)
    if not found:
        raise NotFound
    return found[0]


def _lines(session: Session, doctor_id: int, day: date) -> Iterator[Line]:
    earlier = aliased(Appointment)
    returning = exists().where(
        earlier.patient_id == Appointment.patient_id,
        earlier.doctor_id == doctor_id,
        earlier.appointment_date < midnight(day),
        earlier.status.not_in(["cancelled", "no_show"]),
    )
    rows = session.execute(
        select(
            Appointment.appointment_id,
            Appointment.appointment_date,
            Appointment.appointment_time,
            Appointment.minutes,
            Appointment.status,
            User.name,
            Appointment.reason,
            returning,
            Appointment.coming_at.is_not(None),
            Patient.birth_date,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(User, User.user_id == Patient.user_id)
        .where(Appointment.doctor_id == doctor_id, Appointment.appointment_date == midnight(day))
        .where(Appointment.status.in_(SHOWN))
        .order_by(Appointment.appointment_time, Appointment.appointment_id)
    )
    for appointment_id, on, clock, *others, born in rows:
        others.append(people.age(born, day) if born else None)
        yield Line(appointment_id, starts_at(on, clock), *others)


def _gaps(hours: Sequence[Span], busy: Iterable[Span]) -> Iterator[Span]:
    """What is left of the working hours."""
    taken = sorted(busy)
    for opening, closing in hours:
        free_from = opening
        for begin, end in [*taken, Span(closing, DAY)]:
            if free_from < min(begin, closing):
                yield Span(free_from, min(begin, closing))
            free_from = max(free_from, end)


def check_week(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> Week:
    """The week as it is now, for as long as it lasts. Raises Pointless when there is nothing in it."""
    monday = date.fromisoformat(outbox.facts_of(row)["day"])
    if clinic.today(now) > monday + timedelta(days=6):
        raise Pointless("the week is over")
    week = read_week(session, doctor_id=_doctor(session, row.user_id), monday=monday, clinic=clinic, now=now)
    if not any(day.visits or day.away for day in week.days):
        raise Pointless("nothing that week")
    return week


def read_week(session: Session, *, doctor_id: int, monday: date, clinic: Clinic, now: datetime) -> Week:  # noqa: ARG001 - as `read`
    sunday = monday + timedelta(days=6)
    facts = _facts(session, doctor_id, monday, sunday, now)
    visits: dict[date, list[Span]] = {day: [] for day in slots.days(monday, sunday)}
    for day, span in facts.taken:
        if day in visits:
            visits[day].append(span)
    return Week(facts.name, tuple(_day(facts, day, spans) for day, spans in visits.items()))


def _day(facts: DoctorFacts, day: date, spans: Sequence[Span]) -> Day:
    first = slots.at(day, min(span.start for span in spans)) if spans else None
    end = slots.at(day, max(span.end for span in spans)) if spans else None
    return Day(day, len(spans), first, end, away=bool(leave_on(facts, day)))


def wish(
    session: Session,
    *,
    doctor_id: int,
    now: datetime,  # noqa: ARG001 - as `read`
    on_evenings: bool | None = None,
    weekly: bool | None = None,
) -> None:
    """When this doctor wants digests; None leaves it as it is."""
    wishes = {"digest_evening": on_evenings, "digest_weekly": weekly}
    values = {name: value for name, value in wishes.items() if value is not None}
    session.execute(update(Doctor).where(Doctor.doctor_id == doctor_id).values(values))
