"""Book, move, cancel. A time is given once.

Whatever can create an overlap begins with a write to the doctors' rows and then to the patient's, before any
read that its decision rests on: on one server that write is a lock, on a cluster a certification conflict.
Only then is it looked at what is held, under READ COMMITTED, so the look sees what the last winner wrote.
Freeing a time needs no lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from sqlalchemy import Update, bindparam, insert, update
from sqlalchemy.orm import Session

from hospital_bot import people, queries, slots
from hospital_bot.clinic import Clinic
from hospital_bot.errors import (
    NotFound,
    NotOffered,
    PatientBusy,
    SlotTaken,
    TooFar,
    TooLate,
    TooManyVisits,
    TooSoon,
)
from hospital_bot.models import FORGOTTEN, Appointment, Doctor, Patient, midnight
from hospital_bot.queries import Held
from hospital_bot.services import audit, news, own_visits, statuses
from hospital_bot.services.availability import leave_on
from hospital_bot.services.news import Deed
from hospital_bot.slots import Span
from hospital_bot.values import DoctorFacts, Visit, Who

LOCK_PATIENT = (
    update(Patient)
    .where(Patient.patient_id == bindparam("locked"), Patient.booking_seq > FORGOTTEN)
    .values(booking_seq=Patient.booking_seq + 1)
)
INSERT_VISIT = insert(Appointment)


def book(
    session: Session,
    *,
    patient_id: int,
    who: Who,
    start: datetime,
    request_id: str,
    clinic: Clinic,
    now: datetime,
    reason: str | None = None,
    user_id: int | None = None,
    in_stead: bool = False,
    elsewhere: bool = False,
) -> Visit:
    """Give this time (the clinic's wall clock) to the patient, or raise the BookingError that says why not.

    Asking again, by the same request or for what the patient already has, returns that visit: a double tap books once.
    For anyone of a specialization the doctor is chosen here, under the lock: one who need not be asked,
    and of these the least busy that day.
    `user_id` is who does it: somebody `in_stead` of the patient, or the patient `elsewhere` than in the chat. It is
    told there then (as in `move` and `cancel`).
    """
    reason = people.reason(reason)
    lock(session, who, patient_id)
    doctors, held, done = _look(session, who, patient_id, start, request_id, clinic, now)
    mine = [visit for visit in held if visit.patient_id == patient_id]
    same = done or next((visit for visit in mine if visit.start == start and _is_for(visit, doctors)), None)
    if same:
        return own_visits.one(session, appointment_id=same.appointment_id, patient_id=patient_id, now=now)
    doctor = _settle(doctors, held, patient_id, start, clinic, now)
    visit = insert_visit(
        session, patient_id, doctor, start, clinic, now, reason=reason, request_id=request_id, moved_from=None
    )
    news.booked(session, visit=visit, deed=Deed(user_id, in_stead, now, elsewhere), clinic=clinic)
    if in_stead:
        audit.record_visit(session, "visit.book", visit, user_id, request_id, now)
    return visit


def move(
    session: Session,
    *,
    appointment_id: int,
    patient_id: int,
    who: Who,
    start: datetime,
    request_id: str,
    user_id: int,
    clinic: Clinic,
    now: datetime,
    sure: bool = False,
    in_stead: bool = False,
    elsewhere: bool = False,
) -> Visit:
    """The visit at another time: a new row linked to the old one, which is kept until the new one is sure.

    `sure`: not with a doctor who would have to confirm it first; for such a request the old visit is given up.
    """
    lock(session, who, patient_id)
    doctors, held, done = _look(session, who, patient_id, start, request_id, clinic, now)
    mine = [visit for visit in held if visit.patient_id == patient_id]
    twice = done or next((each for each in mine if each.moved_from == appointment_id and each.start == start), None)
    if twice:
        return own_visits.one(session, appointment_id=twice.appointment_id, patient_id=patient_id, now=now)
    old = next((visit for visit in mine if visit.appointment_id == appointment_id), None)
    if old is None:
        gone = own_visits.one(session, appointment_id=appointment_id, patient_id=patient_id, now=now)
        raise TooLate if gone.live else NotFound
    if old.start == start and _is_for(old, doctors):
        return own_visits.one(session, appointment_id=old.appointment_id, patient_id=patient_id, now=now)
    _check_cut_off(old.start, clinic, now)
    if sure:
        doctors = [doctor for doctor in doctors if not doctor.approval]
    doctor = _settle(doctors, [visit for visit in held if visit is not old], patient_id, start, clinic, now)
    close(session, old.appointment_id, user_id=user_id, why="moved", now=now)
    visit = insert_visit(
        session,
        patient_id,
        doctor,
        start,
        clinic,
        now,
        reason=old.reason,
        request_id=request_id,
        moved_from=old.appointment_id,
    )
    news.moved(session, visit=visit, old=old, deed=Deed(user_id, in_stead, now, elsewhere), clinic=clinic)
    if in_stead:
        audit.record_visit(session, "visit.move", visit, user_id, request_id, now)
    return visit


def cancel(
    session: Session,
    *,
    appointment_id: int,
    patient_id: int,
    user_id: int,
    clinic: Clinic,
    now: datetime,
    why: str | None = None,
    in_stead: bool = False,
    elsewhere: bool = False,
    channel: str = "",
) -> Visit:
    """The visit, given back. Who, when and why are kept; cancelling twice is the same as once."""
    visit = own_visits.one(session, appointment_id=appointment_id, patient_id=patient_id, now=now)
    if visit.status == "cancelled":
        return visit
    if not visit.live:
        raise TooLate
    _check_cut_off(visit.start, clinic, now)
    close(session, appointment_id, user_id=user_id, why=people.reason(why, limit=people.MAX_TEXT), now=now)
    news.cancelled(session, visit=visit, deed=Deed(user_id, in_stead, now, elsewhere))
    audit.record_visit(session, "visit.cancel", visit, user_id, channel, now)
    return replace(visit, status="cancelled")


def lock(session: Session, who: Who, patient_id: int) -> None:
    """Make every other booking of these doctors and this patient wait: doctors first, the patient second, always."""
    lock_doctors(session, who)
    if not session.connection().execute(LOCK_PATIENT, {"locked": patient_id}).rowcount:
        raise NotFound


def lock_doctors(session: Session, who: Who) -> None:
    """The first half: whoever changes hours or leave, or holds a time, touches no patient's row."""
    known_by, value = queries.meant(who)
    if not session.connection().execute(_lock_doctors(known_by), value).rowcount:
        raise NotOffered


@cache
def _lock_doctors(known_by: str) -> Update:
    return update(Doctor).where(queries.matches(known_by)).values(booking_seq=Doctor.booking_seq + 1)


def _look(
    session: Session, who: Who, patient_id: int, start: datetime, request_id: str, clinic: Clinic, now: datetime
) -> tuple[list[DoctorFacts], list[Held], Held | None]:
    """The doctors meant, whatever a visit then could collide with, and what this request led to before.

    Raises TooSoon or TooFar for days on which nothing is booked.
    """
    day, today = start.date(), clinic.today(now)
    if day < today:
        raise TooSoon
    if day > clinic.last_day(now):
        raise TooFar
    doctors = queries.doctors(session, who, first=day, last=day)
    ids = [doctor.doctor_id for doctor in doctors]
    around = queries.held_around(session, ids, patient_id, request_id, day=day, today=today, now=now)
    done = next((visit for visit in around if visit.request_id == request_id), None)
    return doctors, [visit for visit in around if visit.live], done


def _is_for(visit: Held, doctors: Sequence[DoctorFacts]) -> bool:
    return any(visit.doctor_id == doctor.doctor_id for doctor in doctors)


def _check_cut_off(start: datetime, clinic: Clinic, now: datetime) -> None:
    if clinic.instant(start) - now < clinic.rules.cut_off:
        raise TooLate


def _settle(
    doctors: Sequence[DoctorFacts],
    held: Sequence[Held],
    patient_id: int,
    start: datetime,
    clinic: Clinic,
    now: datetime,
) -> DoctorFacts:
    """Whose visit it will be. Raises whatever speaks against it; nothing is written before this."""
    if clinic.instant(start) < now + clinic.rules.notice:
        raise TooSoon
    doctor = _choose(doctors, held, start, clinic)
    mine = [visit for visit in held if visit.patient_id == patient_id]
    if not _fits(doctor, start, [span for visit in mine if (span := visit.on(start.date()))]):
        raise PatientBusy
    if sum(visit.start > clinic.wall(now) for visit in mine) >= clinic.rules.max_visits:
        raise TooManyVisits
    return doctor


def _choose(doctors: Sequence[DoctorFacts], held: Sequence[Held], start: datetime, clinic: Clinic) -> DoctorFacts:
    """The doctor who is free then: one who need not be asked, the least busy. Raises NotOffered or SlotTaken."""
    offering = [doctor for doctor in doctors if _offers(doctor, start, clinic)]
    if not offering:
        raise NotOffered
    busy: dict[int, list[Span]] = {doctor.doctor_id: [] for doctor in offering}
    for visit in held:
        if visit.doctor_id in busy and (span := visit.on(start.date())):
            busy[visit.doctor_id].append(span)
    free = [doctor for doctor in offering if _fits(doctor, start, busy[doctor.doctor_id])]
    if not free:
        raise SlotTaken
    return min(free, key=lambda doctor: (doctor.approval, len(busy[doctor.doctor_id]), doctor.doctor_id))


def _offers(doctor: DoctorFacts, start: datetime, clinic: Clinic) -> bool:
    """By the doctor's hours and leave, and by the clock."""
    day, minute, schedule = start.date(), slots.minutes(start.time()), doctor.schedule
    return (
        start == slots.at(day, minute)
        and minute in schedule.starts(day)
        and _fits(doctor, start, leave_on(doctor, day))
        and slots.whole(start, schedule.slot_minutes, clinic.zone)
    )


def _fits(doctor: DoctorFacts, start: datetime, busy: Sequence[Span]) -> bool:
    return bool(slots.free([slots.minutes(start.time())], doctor.schedule.slot_minutes, busy))


def insert_visit(
    session: Session,
    patient_id: int,
    doctor: DoctorFacts,
    start: datetime,
    clinic: Clinic,
    now: datetime,
    *,
    reason: str | None,
    request_id: str,
    moved_from: int | None,
) -> Visit:
    """A new row, which the caller has made sure of. For a doctor who approves visits it is a request."""
    status = "pending" if doctor.approval else "confirmed"
    values = {
        "patient_id": patient_id,
        "doctor_id": doctor.doctor_id,
        "appointment_date": midnight(start.date()),
        "appointment_time": start.time(),
        "status": status,
        "answer_by_at": clinic.answer_by(start, now) if doctor.approval else None,
        "minutes": doctor.schedule.slot_minutes,
        "reason": reason,
        "request_id": request_id,
        "moved_from": moved_from,
        "created_at": now,
    }
    inserted = session.connection().execute(INSERT_VISIT, values)
    (appointment_id,) = inserted.inserted_primary_key or (0,)
    return Visit(
        appointment_id=appointment_id,
        patient_id=patient_id,
        doctor_id=doctor.doctor_id,
        doctor_name=doctor.name,
        specialization=doctor.specialization,
        room=doctor.room,
        start=start,
        minutes=doctor.schedule.slot_minutes,
        status=status,
        reason=reason,
        moved_from=moved_from,
    )


def close(session: Session, appointment_id: int, *, user_id: int | None, why: str | None, now: datetime) -> None:
    """End a live visit. `user_id` is None for what the hospital does by command."""
    which = Appointment.appointment_id == appointment_id
    statuses.change_one(session, which, "cancelled", cancelled_at=now, cancelled_by=user_id, cancel_reason=why)
