"""The reception's call list: patients whom no message reaches, and those who don't answer. It comes every morning,
with whoever of the staff saw the data of unusually many patients.

A visit that the hospital took back, and whose patient does not know, is on the list of its own day; and, for it can be
weeks ahead, on those of the day it was taken back and of the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from hospital_bot.clinic import Clinic
from hospital_bot.models import Appointment, Doctor, Notification, Patient, TelegramAccount, User, midnight, starts_at
from hospital_bot.services import insiders, outbox, reception
from hospital_bot.services.insiders import ManyLooks
from hospital_bot.services.outbox import Pointless
from hospital_bot.services.reminders import NUDGE


@dataclass(frozen=True, slots=True)
class Call:
    """One visit to telephone about. `why` is `not linked`, `blocked`, `not delivered`, `no answer`;
    `cancelled by us`, where the patient does not know."""

    appointment_id: int
    start: datetime
    patient_name: str
    phone: str
    doctor_name: str
    why: str


@dataclass(frozen=True, slots=True)
class CallSheet:
    """What the reception finds in its chat every morning."""

    day: date
    calls: tuple[Call, ...]
    looks: tuple[ManyLooks, ...]
    """Since the morning before."""


def check(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> CallSheet:
    """The day's list as it is now. Raises Pointless when there is nothing to do."""
    day = date.fromisoformat(outbox.facts_of(row)["day"])
    found = call_list(session, day=day, clinic=clinic, now=now)
    looks = insiders.report(session, since=row.due_at - timedelta(days=1) - insiders.HOUR, now=row.due_at)
    if not (found or looks):
        raise Pointless("nobody to call")
    return CallSheet(day, tuple(found), tuple(looks))


def call_list(session: Session, *, day: date, clinic: Clinic, now: datetime) -> list[Call]:
    """The visits still ahead whose patients should be called, the next one first: that day's, then those taken back
    lately."""
    found = [*_calls(session, day, clinic, now), *_untold(session, day, clinic, now)]
    return sorted(found, key=lambda call: (call.start, call.appointment_id))


def _calls(session: Session, day: date, clinic: Clinic, now: datetime) -> Iterator[Call]:
    person, colleague = aliased(User), aliased(User)
    rows = session.execute(
        select(
            Appointment.appointment_id,
            Appointment.appointment_date,
            Appointment.appointment_time,
            Appointment.coming_at,
            person.name,
            Patient.phone_number,
            colleague.name,
            TelegramAccount.telegram_id,
            TelegramAccount.blocked_at,
            _told(day, "sent"),
            _told(day, "failed"),
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(person, person.user_id == Patient.user_id)
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .join(colleague, colleague.user_id == Doctor.user_id)
        .outerjoin(TelegramAccount, TelegramAccount.user_id == person.user_id)
        .where(Appointment.appointment_date == midnight(day), Appointment.live == 1, Appointment.status != "arrived")
        .order_by(Appointment.appointment_time, Appointment.appointment_id)
    )
    for appointment_id, on, clock, coming_at, patient, phone, doctor, telegram_id, blocked_at, asked, failed in rows:
        ahead = clinic.instant(start := starts_at(on, clock)) - now
        if ahead.total_seconds() <= 0 or coming_at:
            continue
        why = _why(telegram_id, blocked_at, failed=failed, unanswered=asked and ahead <= NUDGE)
        if why:
            yield Call(appointment_id, start, patient, phone or "", doctor, why)


def _untold(session: Session, day: date, clinic: Clinic, now: datetime) -> Iterator[Call]:
    lately = clinic.instant(midnight(day) - timedelta(days=1))
    since = and_(Appointment.cancelled_at >= lately, Appointment.appointment_date > midnight(day))
    for which in (Appointment.appointment_date == midnight(day), since):
        for row in session.execute(_taken_back().where(which)):
            appointment_id, on, clock, patient, phone, doctor = row
            start = starts_at(on, clock)
            if clinic.instant(start) > now:
                yield Call(appointment_id, start, patient, phone or "", doctor, "cancelled by us")


@cache
def _taken_back() -> Select[int, datetime, time, str, str | None, str]:
    """Not by the patient, who has chosen no other time either, and whom the news did not reach."""
    person, colleague, later = aliased(User), aliased(User), aliased(Appointment)
    news = and_(
        Notification.appointment_id == Appointment.appointment_id,
        Notification.user_id == person.user_id,
        Notification.kind.in_(("offer", "cancelled")),
    )
    unreached = or_(Notification.state == "failed", Notification.problem.in_((outbox.NOT_LINKED, outbox.BLOCKED)))
    asked_for = or_(Appointment.cancelled_by == person.user_id, Appointment.cancel_reason == reception.BY_TELEPHONE)
    return (
        select(
            Appointment.appointment_id,
            Appointment.appointment_date,
            Appointment.appointment_time,
            person.name,
            Patient.phone_number,
            colleague.name,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(person, person.user_id == Patient.user_id)
        .join(Doctor, Doctor.doctor_id == Appointment.doctor_id)
        .join(colleague, colleague.user_id == Doctor.user_id)
        .where(Appointment.live.is_(None), Appointment.status == "cancelled", ~func.coalesce(asked_for, false()))
        .where(exists().where(news, Notification.state.in_(("failed", "skipped")), unreached))
        .where(~exists().where(news, Notification.state == "sent"))
        .where(~exists().where(later.moved_from == Appointment.appointment_id))
    )


def _told(day: date, state: str) -> ColumnElement[bool]:
    """Whether a reminder of that day ended so."""
    return exists().where(
        and_(
            Notification.user_id == Patient.user_id,
            Notification.kind.in_(["reminder", "nudge"]),
            Notification.about.startswith(f"{day:%Y%m%d}"),
            Notification.state == state,
        )
    )


def _why(telegram_id: int | None, blocked_at: datetime | None, *, failed: bool, unanswered: bool) -> str:
    if telegram_id is None:
        return "not linked"
    if blocked_at:
        return "blocked"
    if failed:
        return "not delivered"
    return "no answer" if unanswered else ""
