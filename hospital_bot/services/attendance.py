"""What a doctor says of a visit on its day: the patient arrived, it is done, nobody came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BadInput, PatientBusy, SlotTaken
from hospital_bot.models import Appointment, MedicalRecord
from hospital_bot.services import audit, booking, own_visits, statuses
from hospital_bot.values import LIVE, NEXT, Visit, Who

MARKS = ("arrived", "completed", "no_show")
"""The statuses that a doctor gives on the day."""


def possible(status: str, start: datetime, *, clinic: Clinic, now: datetime) -> tuple[str, ...]:
    """What the doctor may say on the visit's day, some of it only once the visit has begun."""
    return () if start.date() > clinic.today(now) else tuple(each for each in NEXT[status] if each in MARKS)


def choices(status: str, start: datetime, *, clinic: Clinic, now: datetime) -> tuple[str, ...]:
    """What the doctor may say now: before it begins nobody is missed, and only who has arrived can have been seen."""
    following = possible(status, start, clinic=clinic, now=now)
    if clinic.instant(start) <= now:
        return following
    return tuple(each for each in following if each == "arrived" or (each == "completed" and status == "arrived"))


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

    Raises NotFound for another doctor's visit exactly as for none; BadInput for what can't follow: `not_now`,
    `not_begun`, or `written` when a record says that it is done; SlotTaken and PatientBusy when
    its time is somebody else's by now, or the patient's for another visit.
    """
    visit = own_visits.of_doctor(session, appointment_id=appointment_id, doctor_id=doctor_id)
    if visit.status == status:
        return visit
    _check(session, visit, status, clinic, now)
    if status in LIVE and not visit.live:
        _take_time_again(session, visit, clinic, now)
    as_read = and_(Appointment.appointment_id == appointment_id, Appointment.status == visit.status)
    statuses.change_one(session, as_read, status)
    audit.record_visit(session, f"visit.{status}", visit, user_id, channel, now)
    return replace(visit, status=status)


def _check(session: Session, visit: Visit, status: str, clinic: Clinic, now: datetime) -> None:
    if status not in possible(visit.status, visit.start, clinic=clinic, now=now):
        raise BadInput("status", "not_now")
    if status not in choices(visit.status, visit.start, clinic=clinic, now=now):
        raise BadInput("status", "not_begun")
    if visit.status == "completed" and _is_written(session, visit):
        raise BadInput("status", "written")


def _is_written(session: Session, visit: Visit) -> bool:
    """A record says that it took place."""
    record = select(MedicalRecord.record_id).where(MedicalRecord.appointment_id == visit.appointment_id)
    return session.scalar(record) is not None


def _take_time_again(session: Session, visit: Visit, clinic: Clinic, now: datetime) -> None:
    """As a booking does: under the lock, and only if nobody else has it."""
    booking.lock(session, Who(visit.doctor_id), visit.patient_id)
    day, today = visit.start.date(), clinic.today(now)
    around = queries.held_around(session, [visit.doctor_id], visit.patient_id, "", day=day, today=today, now=now)
    end = visit.start + timedelta(minutes=visit.minutes)
    live = [held for held in around if held.live]
    met = [held for held in live if held.start < end and visit.start < held.start + timedelta(minutes=held.length)]
    if any(held.doctor_id == visit.doctor_id for held in met):
        raise SlotTaken
    if met:
        raise PatientBusy
