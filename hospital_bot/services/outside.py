"""What a doctor decides about a visit that can't stay where it is: keep it all the same, offer other times, cancel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from hospital_bot.clinic import Clinic
from hospital_bot.errors import Conflict, TooLate
from hospital_bot.models import Appointment
from hospital_bot.services import audit, booking, news, offers, outbox, own_visits
from hospital_bot.services.news import Deed
from hospital_bot.values import Visit


def keep(
    session: Session, *, appointment_id: int, doctor_id: int, user_id: int, channel: str, clinic: Clinic, now: datetime
) -> Visit:
    """It stays, and is no longer listed. Raises NotFound for a colleague's visit, TooLate for one that is over."""
    visit = _own(session, appointment_id, doctor_id, clinic, now)
    kept = session.connection().execute(
        update(Appointment)
        .where(Appointment.appointment_id == appointment_id, Appointment.live == 1)
        .values(kept_at=now)
    )
    if not kept.rowcount:
        raise Conflict
    audit.record_visit(session, "visit.keep", visit, user_id, channel, now)
    return visit


def offer(
    session: Session, *, appointment_id: int, doctor_id: int, user_id: int, channel: str, clinic: Clinic, now: datetime
) -> Visit:
    """Taken back; the patient chooses among other times that are kept for them. Raises as `keep` does."""
    visit = _own(session, appointment_id, doctor_id, clinic, now)
    booking.close(session, appointment_id, user_id=user_id, why=offers.WHY["away"], now=now)
    outbox.put(session, [offers.draft(visit, why="away", by=user_id, due_at=now)], now=now)
    audit.record_visit(session, "visit.offer", visit, user_id, channel, now)
    return visit


def cancel(
    session: Session, *, appointment_id: int, doctor_id: int, user_id: int, channel: str, clinic: Clinic, now: datetime
) -> Visit:
    """Taken back, and the patient is told. Raises as `keep` does."""
    visit = _own(session, appointment_id, doctor_id, clinic, now)
    booking.close(session, appointment_id, user_id=user_id, why="cancelled by the doctor", now=now)
    news.cancelled(session, visit=visit, deed=Deed(user_id, in_stead=True, now=now))
    audit.record_visit(session, "visit.cancel", visit, user_id, channel, now)
    return visit


def _own(session: Session, appointment_id: int, doctor_id: int, clinic: Clinic, now: datetime) -> Visit:
    visit = own_visits.of_doctor(session, appointment_id=appointment_id, doctor_id=doctor_id)
    if not visit.live or clinic.instant(visit.start) <= now:
        raise TooLate
    return visit
