"""Running late: today's remaining patients are told when to come, once for each new delay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput
from hospital_bot.models import Appointment, Notification, midnight
from hospital_bot.services import audit, outbox
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
) -> int:
    """How many patients are told. Who knows of this delay already is not told again; nor who is being seen."""
    if minutes not in DELAYS:
        raise BadInput("minutes", "unknown")
    wall, told = clinic.wall(now), func.coalesce(Appointment.late_minutes, 0)
    remaining = session.execute(
        queries.visits()
        .where(Appointment.doctor_id == doctor_id, Appointment.appointment_date == midnight(wall.date()))
        .where(Appointment.status.in_(["confirmed", "arrived"]), told != minutes)
    )
    visits = [queries.as_visit(row) for row in remaining]
    visits = [visit for visit in visits if visit.start + timedelta(minutes=minutes) > wall]
    if not visits:
        return 0
    ids = [visit.appointment_id for visit in visits]
    session.connection().execute(
        update(Appointment).where(Appointment.appointment_id.in_(ids)).values(late_minutes=minutes)
    )
    outbox.put(session, [_draft(visit, minutes, now) for visit in visits], now=now)
    audit.record(
        session, actor_id=user_id, action="visits.late", subject=f"doctor:{doctor_id}", channel=channel, now=now
    )
    return len(visits)


def _draft(visit: Visit, minutes: int, now: datetime) -> Draft:
    about = f"{visit.appointment_id}:{minutes}"
    patient = outbox.patients_user(visit.patient_id)
    return Draft(patient, "late", about, now, visit.appointment_id, {"minutes": minutes})


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
