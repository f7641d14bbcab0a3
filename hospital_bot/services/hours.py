"""A doctor's working hours: what they are, what a change would mean, and which visits fall outside them.

No change drops a visit. Those that fall outside are listed until each is given another time, kept or cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import update
from sqlalchemy.orm import Session

from hospital_bot import queries, schedules, slots
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput, NotFound
from hospital_bot.models import Doctor
from hospital_bot.schedules import Schedule
from hospital_bot.services import agenda, audit, booking, offers
from hospital_bot.services.agenda import Entry
from hospital_bot.services.availability import leave_on
from hospital_bot.values import DoctorFacts, Who

MAX_TYPED = 300
OFF = ("off", "closed")
"""Typed in place of times."""


@dataclass(frozen=True, slots=True)
class Change:
    """`week`: a line such as `mon-fri 09:00-13:00; sat off`. `minutes`: a slot's length. `date`: that day's times."""

    kind: Literal["week", "minutes", "date"]
    text: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """`outside` are the live visits ahead that fall outside, and that nobody has decided about."""

    doctor: DoctorFacts
    outside: tuple[Entry, ...]


def read(session: Session, *, doctor_id: int, clinic: Clinic, now: datetime) -> Hours:
    doctor = _facts(session, doctor_id, clinic, now)
    return Hours(doctor, _outside(session, doctor, clinic, now))


def preview(session: Session, *, doctor_id: int, change: Change, clinic: Clinic, now: datetime) -> Hours:
    """What the hours would be, and what would fall outside. Raises BadInput."""
    doctor = _facts(session, doctor_id, clinic, now)
    new = replace(doctor, schedule=apply(doctor.schedule, change))
    return Hours(new, _outside(session, new, clinic, now))


def change(
    session: Session, *, doctor_id: int, user_id: int, change: Change, channel: str, clinic: Clinic, now: datetime
) -> Hours:
    """Under the same lock as a booking: what is booked meanwhile is either refused or listed. Raises BadInput."""
    booking.lock_doctors(session, Who(doctor_id))
    new = preview(session, doctor_id=doctor_id, change=change, clinic=clinic, now=now)
    session.connection().execute(
        update(Doctor).where(Doctor.doctor_id == doctor_id).values(availability_schedule=new.doctor.schedule.to_json())
    )
    offers.release(session, doctor_id=doctor_id)
    audit.record_doctor(session, "hours.change", doctor_id, user_id, channel, now)
    return new


def approve(session: Session, *, doctor_id: int, user_id: int, on: bool, channel: str, now: datetime) -> None:
    """From now on bookings wait for the doctor's answer, or don't."""
    session.connection().execute(update(Doctor).where(Doctor.doctor_id == doctor_id).values(approval=on))
    audit.record_doctor(session, "approval.on" if on else "approval.off", doctor_id, user_id, channel, now)


def apply(schedule: Schedule, change: Change) -> Schedule:
    """The schedule with this change. Raises BadInput."""
    if len(change.text) > MAX_TYPED:
        raise BadInput("schedule", "too_long")
    raw = schedule.to_json()
    if change.kind == "minutes":
        raw["slot_minutes"] = int(change.text) if change.text.isdecimal() and len(change.text) < 4 else 0
    elif change.kind == "week":
        raw["weekly"] |= _week(change.text)
    else:
        raw["dates"][str(change.day)] = _times(change.text)
    return schedules.check(raw)


def _week(text: str) -> dict[str, list[list[str]]]:
    """As `schedules.parse_weekly`, where a day may also be off."""
    parts = [part.split() for part in text.lower().split(";") if part.strip()]
    if not parts:
        raise BadInput("weekly", "empty")
    found: dict[str, list[list[str]]] = {}
    for names, *times in parts:
        days = schedules.day_names(names)
        found |= dict.fromkeys(days, _times(" ".join(times)))
    return found


def _times(text: str) -> list[list[str]]:
    if text.strip().lower() in OFF:
        return []
    return schedules.parse_weekly(f"mon {text}")["mon"]


def _facts(session: Session, doctor_id: int, clinic: Clinic, now: datetime) -> DoctorFacts:
    """With all the leave ahead that visits can meet."""
    today = clinic.today(now)
    found = queries.doctors(session, Who(doctor_id), first=today, last=today + timedelta(days=366))
    if not found:
        raise NotFound
    return found[0]


def _outside(session: Session, doctor: DoctorFacts, clinic: Clinic, now: datetime) -> tuple[Entry, ...]:
    ahead = agenda.ahead(session, doctor_id=doctor.doctor_id, clinic=clinic, now=now)
    return tuple(entry for entry in ahead if not entry.kept and not is_inside(entry, doctor))


def is_inside(entry: Entry, doctor: DoctorFacts) -> bool:
    """Wholly within one stretch of work, and touched by no leave."""
    day = entry.start.date()
    begin = slots.minutes(entry.start.time())
    end = begin + entry.minutes
    works = any(span.start <= begin and end <= span.end for span in doctor.schedule.hours(day))
    return works and not any(span.start < end and begin < span.end for span in leave_on(doctor, day))
