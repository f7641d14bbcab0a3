"""What a doctor says of a visit on its day: the patient arrived, it is done, nobody came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput, Conflict, NotFound
from hospital_bot.models import Appointment
from hospital_bot.services import audit
from hospital_bot.values import Visit

NEXT = {
    "confirmed": ("arrived", "completed", "no_show"),
    "arrived": ("completed", "no_show"),
    "no_show": ("arrived", "completed"),
}
"""What may follow each status. Who came late after all, or was taken for another, can be put right."""


def choices(status: str, start: datetime, *, clinic: Clinic, now: datetime) -> tuple[str, ...]:
    """What the doctor may say now: nothing before the visit's day, and nobody is missed before the visit begins."""
    if start.date() > clinic.today(now):
        return ()
    begun = clinic.instant(start) <= now
    return tuple(following for following in NEXT.get(status, ()) if begun or following != "no_show")


def mark(
    session: Session,
    *,
    appointment_id: int,
    doctor_id: int,
    user_id: int,
    status: str,
    channel: str,
    clinic: Clinic,
    now: datetime,
) -> Visit:
    """The doctor's own visit with its new status. Saying the same twice is the same as once.

    Raises NotFound for another doctor's visit exactly as for none, BadInput for what can't follow.
    """
    found = session.execute(
        queries.visits().where(Appointment.appointment_id == appointment_id, Appointment.doctor_id == doctor_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    visit = queries.as_visit(found)
    if visit.status == status:
        return visit
    if status not in choices(visit.status, visit.start, clinic=clinic, now=now):
        raise BadInput("status", "not_now")
    _write(session, visit, status)
    audit.record(
        session,
        actor_id=user_id,
        patient_id=visit.patient_id,
        action=f"visit.{status}",
        subject=f"appointment:{appointment_id}",
        channel=channel,
        now=now,
    )
    return visit


def _write(session: Session, visit: Visit, status: str) -> None:
    """Somebody else changing it meanwhile makes the whole transaction run again."""
    written = session.connection().execute(
        update(Appointment)
        .where(Appointment.appointment_id == visit.appointment_id, Appointment.status == visit.status)
        .values(status=status)
    )
    if not written.rowcount:
        raise Conflict
