"""Running late: today's remaining patients are told when to come, once for each new delay.

Whom the bot can't write to is named to the doctor, so that somebody calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput
from hospital_bot.models import Appointment, Notification
from hospital_bot.services import agenda, audit, outbox
from hospital_bot.services.agenda import Entry
from hospital_bot.services.outbox import Draft, Pointless
from hospital_bot.values import Visit

DELAYS = (0, 10, 20, 30, 45, 60)
"""Minutes; 0 is on time again."""


@dataclass(frozen=True, slots=True)
class Late:
    """The visit begins at `expected` and not at its own start; at its start again when the two are the same."""

    visit: Visit
    expected: datetime


def announce(
    session: Session, *, doctor_id: int, user_id: int, minutes: int, channel: str, clinic: Clinic, now: datetime
) -> list[Entry]:
    """The visits that begin later now, the next one first: the bot tells those patients who are `reachable`.

    Who knows of this delay already is not told again; nor who is being seen.
    """
    if minutes not in DELAYS:
        raise BadInput("minutes", "unknown")
    wall = clinic.wall(now)
    today = agenda.day(session, doctor_id=doctor_id, on=wall.date(), now=now)
    later = [entry for entry in today if _waits(entry, minutes, wall)]
    if not later:
        return []
    ids = [entry.appointment_id for entry in later]
    session.connection().execute(
        update(Appointment).where(Appointment.appointment_id.in_(ids)).values(late_minutes=minutes)
    )
    outbox.put(session, [_draft(entry, minutes, now) for entry in later], now=now)
    audit.record(
        session, actor_id=user_id, action="visits.late", subject=f"doctor:{doctor_id}", channel=channel, now=now
    )
    return later


def _waits(entry: Entry, minutes: int, wall: datetime) -> bool:
    """For a visit that has not begun, and whose patient was told something else."""
    ahead = entry.start + timedelta(minutes=minutes) > wall
    return ahead and entry.status in {"confirmed", "arrived"} and (entry.late_minutes or 0) != minutes


def _draft(entry: Entry, minutes: int, now: datetime) -> Draft:
    about = f"{entry.appointment_id}:{minutes}"
    patient = outbox.patients_user(entry.patient_id)
    return Draft(patient, "late", about, now, entry.appointment_id, {"minutes": minutes})


def check(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> Late:
    """Raises Pointless when another delay was announced since, or there is nothing to wait for any more."""
    minutes = outbox.facts_of(row)["minutes"]
    still = select(Appointment.late_minutes).where(Appointment.appointment_id == row.appointment_id)
    if session.scalar(still) != minutes:
        raise Pointless("another delay since")
    visit = queries.as_visit(
        session.execute(queries.visits().where(Appointment.appointment_id == row.appointment_id)).one()
    )
    expected = visit.start + timedelta(minutes=minutes)
    if not visit.live or clinic.instant(expected) <= now:
        raise Pointless("nothing to wait for")
    return Late(visit, expected)
