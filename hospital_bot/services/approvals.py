"""A doctor answers those who ask for a visit. While nobody has answered, the request holds its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import Conflict, TooLate
from hospital_bot.models import Appointment, midnight
from hospital_bot.services import audit, booking, news, offers, outbox, own_visits, statuses
from hospital_bot.services.news import Deed
from hospital_bot.values import Visit, Who

AT_ONCE = 100
"""Requests that one transaction ends; the next tick takes the others."""

LOOK_BACK = timedelta(days=7)
"""A request whose day passed while nothing was running is ended too."""


def confirm(
    session: Session, *, appointment_id: int, doctor_id: int, user_id: int, channel: str, clinic: Clinic, now: datetime
) -> Visit:
    """The request becomes a visit, and the patient is told. Confirming twice is once.

    Raises NotFound for a colleague's request exactly as for none, TooLate when it has ended otherwise.
    """
    booking.lock_doctors(session, Who(doctor_id))
    visit = own_visits.of_doctor(session, appointment_id=appointment_id, doctor_id=doctor_id)
    if visit.status == "confirmed":
        return visit
    if visit.status != "pending" or clinic.instant(visit.start) <= now:
        raise TooLate
    statuses.change_one(session, Appointment.appointment_id == appointment_id, "confirmed", answer_by_at=None)
    visit = replace(visit, status="confirmed")
    news.confirmed(session, visit=visit, deed=Deed(user_id, in_stead=True, now=now), clinic=clinic)
    audit.record_visit(session, "visit.confirm", visit, user_id, channel, now)
    return visit


def decline(
    session: Session, *, appointment_id: int, doctor_id: int, user_id: int, channel: str, clinic: Clinic, now: datetime
) -> Visit:
    """The time is free again, and the patient is offered others. Declining twice is once. Raises as `confirm` does."""
    booking.lock_doctors(session, Who(doctor_id))
    visit = own_visits.of_doctor(session, appointment_id=appointment_id, doctor_id=doctor_id)
    if visit.status == "cancelled" and _was_declined(session, appointment_id):
        return visit
    if visit.status != "pending" or clinic.instant(visit.start) <= now:
        raise TooLate
    booking.close(session, appointment_id, user_id=user_id, why=offers.WHY["declined"], now=now)
    outbox.put(session, [offers.draft(visit, why="declined", by=user_id, due_at=now)], now=now)
    audit.record_visit(session, "visit.decline", visit, user_id, channel, now)
    return replace(visit, status="cancelled")


def expire(session: Session, *, clinic: Clinic, now: datetime) -> int:
    """End the requests that nobody answered in time; their patients are offered other times."""
    rows = session.execute(
        queries.visits()
        .where(Appointment.live == 1, Appointment.appointment_date >= midnight(clinic.today(now)) - LOOK_BACK)
        .where(Appointment.status == "pending", Appointment.answer_by_at <= now)
        .limit(AT_ONCE)
    )
    visits = [queries.as_visit(row) for row in rows]
    ids = [visit.appointment_id for visit in visits]
    asked = and_(Appointment.appointment_id.in_(ids), Appointment.status == "pending")
    ended = statuses.change(session, asked, "cancelled", cancelled_at=now, cancel_reason=offers.WHY["expired"])
    if ended != len(visits):
        raise Conflict
    outbox.put(session, [offers.draft(visit, why="expired", by=None, due_at=now) for visit in visits], now=now)
    return len(visits)


def _was_declined(session: Session, appointment_id: int) -> bool:
    """Not withdrawn by the patient, nor ended for want of an answer."""
    why = session.scalar(select(Appointment.cancel_reason).where(Appointment.appointment_id == appointment_id))
    return why == offers.WHY["declined"]
