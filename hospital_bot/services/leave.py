"""A doctor's leave, and days off sick.

Leave is a row that the next booking meets: written under the doctor's lock, it drops no visit. A day off sick is leave
whose patients are told, after a while to undo it in where there is time for one, and offered other times (`offers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, insert, select
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput, NotFound, TooLate
from hospital_bot.models import Appointment, TimeOff, midnight, next_day
from hospital_bot.services import agenda, audit, booking, offers, outbox
from hospital_bot.services.agenda import Entry
from hospital_bot.values import Who

UNDO = timedelta(minutes=10)
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Absence:
    """Half-open, on the clinic's wall clock. Off sick: the patients are told at the instant `tell_at`."""

    time_off_id: int
    starts: datetime
    ends: datetime
    tell_at: datetime | None


def upcoming(session: Session, *, doctor_id: int, clinic: Clinic, now: datetime) -> list[Absence]:
    """Leave that is not over, the next first."""
    ahead = (TimeOff.doctor_id == doctor_id, TimeOff.ends > clinic.wall(now))
    return [Absence(*row) for row in session.execute(_absences().where(*ahead).order_by(TimeOff.starts))]


def own(session: Session, *, time_off_id: int, doctor_id: int, now: datetime) -> Absence:  # noqa: ARG001 - every use case is told the time
    """Raises NotFound for a colleague's exactly as for none."""
    if found := _find(session, TimeOff.time_off_id == time_off_id, TimeOff.doctor_id == doctor_id):
        return found
    raise NotFound


def hit(session: Session, *, doctor_id: int, first: date, last: date, clinic: Clinic, now: datetime) -> list[Entry]:
    """The live visits ahead from `first` to `last`, both included. Raises BadInput for days that can't be leave."""
    _check(first, last, clinic, now)
    ahead = agenda.ahead(session, doctor_id=doctor_id, clinic=clinic, now=now)
    return [entry for entry in ahead if first <= entry.start.date() <= last]


def add(
    session: Session,
    *,
    doctor_id: int,
    user_id: int,
    first: date,
    last: date,
    channel: str,
    clinic: Clinic,
    now: datetime,
) -> list[Entry]:
    """Leave from `first` to `last`, both included, and the visits it meets. Adding twice is the same as once."""
    booking.lock_doctors(session, Who(doctor_id))
    met = hit(session, doctor_id=doctor_id, first=first, last=last, clinic=clinic, now=now)
    starts, ends = midnight(first), next_day(last)
    same = (TimeOff.doctor_id == doctor_id, TimeOff.starts == starts, TimeOff.ends == ends)
    if not _find(session, *same, TimeOff.tell_at.is_(None)):  # a day off sick may be undone, and leave stays
        _insert(session, doctor_id, starts, ends, None)
        offers.release(session, doctor_id=doctor_id)
        audit.record_doctor(session, "leave.add", doctor_id, user_id, channel, now)
    return met


def remove(
    session: Session, *, time_off_id: int, doctor_id: int, user_id: int, channel: str, clinic: Clinic, now: datetime
) -> None:
    """The doctor works after all; raises TooLate for a sick day whose patients have been told."""
    absence = own(session, time_off_id=time_off_id, doctor_id=doctor_id, now=now)
    if absence.tell_at and absence.tell_at <= now and absence.ends > clinic.wall(now):
        raise TooLate
    session.connection().execute(delete(TimeOff).where(TimeOff.time_off_id == time_off_id))
    audit.record_doctor(session, "leave.remove", doctor_id, user_id, channel, now)


def report_sick(
    session: Session, *, doctor_id: int, user_id: int, day: date, channel: str, clinic: Clinic, now: datetime
) -> tuple[Absence, list[Entry]]:
    """Nothing more is booked that day, from now on; its patients are told (`telling`). Saying it twice is once."""
    booking.lock_doctors(session, Who(doctor_id))
    met = hit(session, doctor_id=doctor_id, first=day, last=day, clinic=clinic, now=now)
    starts, ends = max(midnight(day), clinic.wall(now).replace(second=0, microsecond=0)), next_day(day)
    sick = (TimeOff.doctor_id == doctor_id, TimeOff.ends == ends, TimeOff.tell_at.is_not(None))
    if found := _find(session, *sick):
        return found, met
    _insert(session, doctor_id, starts, ends, telling(met, clinic, now))
    offers.release(session, doctor_id=doctor_id)
    absence = _find(session, *sick)
    if absence is None:
        raise NotFound
    _tell(session, absence, met, user_id, now)
    audit.record_doctor(session, "leave.sick", doctor_id, user_id, channel, now)
    return absence, met


def telling(met: Sequence[Entry], clinic: Clinic, now: datetime) -> datetime:
    """When they are told: UNDO from now, or at once where somebody's visit would have begun by then."""
    last_call = now + UNDO
    return now if any(clinic.instant(entry.start) <= last_call for entry in met) else last_call


def _tell(session: Session, absence: Absence, met: Sequence[Entry], user_id: int, now: datetime) -> None:
    """One message for each patient, when the time for undoing is over."""
    if not met:
        return
    ids = [entry.appointment_id for entry in met]
    visits = [
        queries.as_visit(row) for row in session.execute(queries.visits().where(Appointment.appointment_id.in_(ids)))
    ]
    drafts = [
        offers.draft(visit, why="sick", by=user_id, due_at=absence.tell_at or now, time_off_id=absence.time_off_id)
        for visit in visits
    ]
    outbox.put(session, drafts, now=now)


def _check(first: date, last: date, clinic: Clinic, now: datetime) -> None:
    if last < first:
        raise BadInput("leave", "backwards")
    if first < clinic.today(now):
        raise BadInput("leave", "past")
    if last - clinic.today(now) > LONGEST:
        raise BadInput("leave", "too_far")


def _absences() -> Select[int, datetime, datetime, datetime | None]:
    return select(TimeOff.time_off_id, TimeOff.starts, TimeOff.ends, TimeOff.tell_at)


def _find(session: Session, *conditions: ColumnElement[bool]) -> Absence | None:
    row = session.execute(_absences().where(*conditions)).first()
    return Absence(*row) if row else None


def _insert(session: Session, doctor_id: int, starts: datetime, ends: datetime, tell_at: datetime | None) -> None:
    session.connection().execute(insert(TimeOff).values(doctor_id=doctor_id, starts=starts, ends=ends, tell_at=tell_at))
