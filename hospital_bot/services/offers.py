"""Other times for a patient whose visit the hospital took back: three, kept for a while, to take with one tap.

An offer is made when its message is about to be sent, so that the patient has the whole time it speaks of. Whom no
message reaches is offered nothing; a visit that is taken back only then stays, for the reception to call about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.orm import Session, aliased

from hospital_bot import slots
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotOffered, PatientBusy, SlotTaken
from hospital_bot.models import Appointment, Doctor, Hold, Notification, TimeOff, User, midnight, starts_at
from hospital_bot.schedules import CLOSED
from hospital_bot.services import availability, booking, news, outbox, own_visits
from hospital_bot.services.news import Deed
from hospital_bot.services.outbox import Draft, Pointless
from hospital_bot.values import DoctorFacts, Visit, Who

KEPT = timedelta(minutes=15)
MOST = 3
WHY = {"sick": "doctor off sick", "away": "doctor away", "declined": "declined", "expired": "not answered in time"}
"""Why a visit is taken back, and how the appointment remembers it."""


class Candidate(NamedTuple):
    start: datetime
    other: bool
    """Not with the doctor whom the patient had chosen."""
    doctor_id: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """A time that is kept for the patient. `start` is the clinic's wall clock."""

    hold_id: int
    doctor_id: int
    start: datetime
    same_doctor: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What took back the visit at `old_start`, and what is kept instead until the instant `until`."""

    why: str
    old_start: datetime
    who: Who
    alternatives: tuple[Alternative, ...]
    until: datetime


def draft(visit: Visit, *, why: str, by: int | None, due_at: datetime, time_off_id: int | None = None) -> Draft:
    """`by` is the user who takes the visit back; `time_off_id` the sick day, without which there is no offer."""
    facts = {"why": why, "by": by, "time_off_id": time_off_id}
    about = f"{visit.appointment_id}:{time_off_id or 0}"
    return Draft(outbox.patients_user(visit.patient_id), "offer", about, due_at, visit.appointment_id, facts)


def instead_of(visit: Visit) -> Who:
    """Whoever may see the patient in the doctor's place."""
    return Who.any_of(visit.specialization) if visit.specialization else Who(visit.doctor_id)


def check(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> Offer:
    """Take the visit back if that was left to this moment, and keep the times. Raises Pointless when all is settled."""
    who = instead_of(news.visit_of(session, row))
    alone = _is_locked(session, who)
    visit = news.visit_of(session, row)
    _take_back(session, visit, row, clinic, now)
    until = now + KEPT
    if not (alternatives := _prolong(session, visit, until, now)) and alone:
        _keep(session, visit, _pick(list(_candidates(session, visit, who, clinic, now))), until)
        alternatives = _prolong(session, visit, until, now)
    return Offer(outbox.facts_of(row)["why"], visit.start, who, alternatives, until)


def _is_locked(session: Session, who: Who) -> bool:
    """False when nobody is left to be locked, or to offer."""
    try:
        booking.lock_doctors(session, who)
    except NotOffered:
        return False
    return True


def _take_back(session: Session, visit: Visit, row: Notification, clinic: Clinic, now: datetime) -> None:
    facts, later = outbox.facts_of(row), aliased(Appointment)
    reason, chosen, sick = session.execute(
        select(
            Appointment.cancel_reason,
            exists().where(later.moved_from == visit.appointment_id),
            exists().where(TimeOff.time_off_id == facts["time_off_id"]),
        ).where(Appointment.appointment_id == visit.appointment_id)
    ).one()
    if clinic.instant(visit.start) <= now:
        raise Pointless("its time is past")
    if facts["time_off_id"] and not sick:
        raise Pointless("undone")
    if chosen:
        raise Pointless("chosen already")
    if visit.live and facts["time_off_id"]:
        booking.close(session, visit.appointment_id, user_id=facts["by"], why=WHY[facts["why"]], now=now)
    elif reason != WHY[facts["why"]]:
        raise Pointless(f"the visit is {visit.status}")


def _prolong(session: Session, visit: Visit, until: datetime, now: datetime) -> tuple[Alternative, ...]:
    """The times that are kept already, from now on until then."""
    mine = and_(Hold.appointment_id == visit.appointment_id, Hold.expires_at > now)
    session.connection().execute(update(Hold).where(mine).values(expires_at=until))
    rows = session.execute(
        select(Hold.hold_id, Hold.doctor_id, Hold.hold_date, Hold.hold_time)
        .where(mine)
        .order_by(Hold.hold_date, Hold.hold_time)
    )
    return tuple(
        Alternative(hold_id, doctor_id, starts_at(day, clock), doctor_id == visit.doctor_id)
        for hold_id, doctor_id, day, clock in rows
    )


def _candidates(session: Session, visit: Visit, who: Who, clinic: Clinic, now: datetime) -> Iterator[Candidate]:
    """Every free time of the doctors, in order, that the patient can still take when it is no longer kept."""
    first, last = clinic.today(now), clinic.last_day(now)
    doctors, openings = availability.read(session, who, first, last, clinic, now)
    mine, earliest = _busy(session, visit.patient_id), now + clinic.rules.notice + KEPT
    for day in slots.days(first, last):
        for free in sorted(_free(openings, doctors, day, visit.doctor_id)):
            end = free.start + timedelta(minutes=free.minutes)
            meets = any(free.start < until and since < end for since, until in mine)
            taken_back = free.doctor_id == visit.doctor_id and free.start == visit.start
            if clinic.instant(free.start) >= earliest and not meets and not taken_back:
                yield free


def _free(
    openings: availability.Openings, doctors: Sequence[DoctorFacts], day: date, doctor_id: int
) -> Iterator[Candidate]:
    for each in doctors:
        for minute in openings.starts(each, day):
            other = each.doctor_id != doctor_id
            yield Candidate(slots.at(day, minute), other, each.doctor_id, each.schedule.slot_minutes)


def _busy(session: Session, patient_id: int) -> list[tuple[datetime, datetime]]:
    """When the patient has visits."""
    rows = session.execute(
        select(Appointment.appointment_date, Appointment.appointment_time, Appointment.minutes).where(
            Appointment.patient_id == patient_id, Appointment.live == 1
        )
    )
    return [(start := starts_at(day, clock), start + timedelta(minutes=minutes)) for day, clock, minutes in rows]


def _pick(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same doctor's first, the first of all, one on another day; then whatever comes soonest."""
    picked: list[Candidate] = []
    for kind in ("same doctor", "first", "other day", "first", "first"):
        days, starts = {each.start.date() for each in picked}, {each.start for each in picked}
        left = (each for each in candidates if each.start not in starts)
        if kind == "same doctor":
            left = (each for each in left if not each.other)
        if kind == "other day":
            left = (each for each in left if each.start.date() not in days)
        picked += [found for found in [next(left, None)] if found and len(picked) < MOST]
    return picked


def _keep(session: Session, visit: Visit, picked: Sequence[Candidate], until: datetime) -> None:
    rows = [
        {
            "appointment_id": visit.appointment_id,
            "patient_id": visit.patient_id,
            "doctor_id": each.doctor_id,
            "hold_date": midnight(each.start.date()),
            "hold_time": each.start.time(),
            "minutes": each.minutes,
            "expires_at": until,
        }
        for each in picked
    ]
    if rows:
        session.connection().execute(insert(Hold), rows)


def take(
    session: Session,
    *,
    hold_id: int,
    doctor_id: int,
    patient_id: int,
    user_id: int,
    request_id: str,
    clinic: Clinic,
    now: datetime,
) -> Visit:
    """The time that is kept for the patient becomes the visit. Taking twice is the same as once; one offer, one visit.

    Raises SlotTaken when it is kept no longer, or never was: another's exactly as none. Raises PatientBusy.
    """
    booking.lock(session, Who(doctor_id), patient_id)
    old, later = aliased(Appointment), aliased(Appointment)
    found = session.execute(
        select(Hold, old.reason, User.name, Doctor.specialization, Doctor.room, Doctor.approval, later.appointment_id)
        .join(old, old.appointment_id == Hold.appointment_id)
        .join(Doctor, Doctor.doctor_id == Hold.doctor_id)
        .join(User, User.user_id == Doctor.user_id)
        .outerjoin(later, later.moved_from == Hold.appointment_id)
        .where(Hold.hold_id == hold_id, Hold.patient_id == patient_id, Hold.doctor_id == doctor_id)
    ).one_or_none()
    if found is None:
        raise SlotTaken
    hold, reason, name, specialization, room, approval, chosen = found
    if chosen:
        return _chosen(session, chosen, patient_id, now)
    start = starts_at(hold.hold_date, hold.hold_time)
    _check(session, hold, start, now)
    schedule = replace(CLOSED, slot_minutes=hold.minutes)
    doctor = DoctorFacts(doctor_id, name, specialization or "", room or "", schedule, approval=approval)
    visit = booking.insert_visit(
        session,
        patient_id,
        doctor,
        start,
        clinic,
        now,
        reason=reason,
        request_id=request_id,
        moved_from=hold.appointment_id,
    )
    session.connection().execute(update(Hold).where(Hold.appointment_id == hold.appointment_id).values(expires_at=now))
    news.booked(session, visit=visit, deed=Deed(user_id, in_stead=False, now=now), clinic=clinic)
    return visit


def _chosen(session: Session, appointment_id: int, patient_id: int, now: datetime) -> Visit:
    """What was taken before; given back or moved since, it is nobody's answer to the offer any more."""
    visit = own_visits.one(session, appointment_id=appointment_id, patient_id=patient_id, now=now)
    if not visit.live:
        raise SlotTaken
    return visit


def _check(session: Session, hold: Hold, start: datetime, now: datetime) -> None:
    """While it is kept nobody else can have it; but the patient may have booked something else for that time."""
    if hold.expires_at <= now:
        raise SlotTaken
    end = start + timedelta(minutes=hold.minutes)
    if any(start < until and since < end for since, until in _busy(session, hold.patient_id)):
        raise PatientBusy


def release(session: Session, *, doctor_id: int) -> None:
    """The doctor's hours or leave change: what was kept there is kept no longer. Under the doctor's lock."""
    session.connection().execute(delete(Hold).where(Hold.doctor_id == doctor_id))


def purge(session: Session, *, now: datetime) -> None:
    session.execute(delete(Hold).where(Hold.expires_at < now - timedelta(days=1)))
