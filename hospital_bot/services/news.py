"""News of a visit: booked, moved, cancelled; asked for, confirmed.

The doctor is told; the patient of others' deeds, and of what was done with the account elsewhere than in the chat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.models import Appointment, Notification, Patient, User
from hospital_bot.queries import Held
from hospital_bot.services import outbox, reminders
from hospital_bot.services.outbox import Draft, Pointless, UserOf
from hospital_bot.values import Visit

KINDS = ("booked", "moved", "cancelled", "request", "confirmed")


@dataclass(frozen=True, slots=True)
class VisitNews:
    """`kind` is one of KINDS. `by` names who did it in the patient's stead; empty when it was the patient."""

    kind: str
    visit: Visit
    patient_name: str
    to_patient: bool
    by: str
    elsewhere: bool
    """The patient did it themselves, outside this chat."""
    old_start: datetime | None
    """Where a moved visit was, on the clinic's clock."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did it, and when. Done `in_stead` of the patient, or `elsewhere` than in the chat, it is told there, too."""

    by: int | None
    in_stead: bool
    now: datetime
    elsewhere: bool = False

    def draft(self, kind: str, user_id: UserOf, appointment_id: int, **facts: Any) -> Draft:
        facts |= {"by": self.by, "in_stead": self.in_stead, "elsewhere": self.elsewhere}
        return Draft(user_id, kind, str(appointment_id), self.now, appointment_id, facts)

    def drafts(self, kind: str, visit: Visit, **facts: Any) -> list[Draft]:
        """For the visit's doctor, and perhaps its patient."""
        told = [outbox.doctors_user(visit.doctor_id)]
        if self.in_stead or self.elsewhere:
            told.append(outbox.patients_user(visit.patient_id))
        return [self.draft(kind, user_id, visit.appointment_id, **facts) for user_id in told]


def booked(session: Session, *, visit: Visit, deed: Deed, clinic: Clinic) -> None:
    drafts = deed.drafts("request" if visit.status == "pending" else "booked", visit)
    outbox.put(session, drafts + _later(drafts[0], visit, deed, clinic), now=deed.now)


def moved(session: Session, *, visit: Visit, old: Held, deed: Deed, clinic: Clinic) -> None:
    """A doctor who loses the visit hears of a cancelled one, the doctor who gets it of a new one."""
    is_request = visit.status == "pending"
    drafts = deed.drafts("request" if is_request else "moved", visit, old_start=old.start.isoformat())
    if old.doctor_id != visit.doctor_id:
        new = "request" if is_request else "booked"
        drafts[0] = deed.draft(new, outbox.doctors_user(visit.doctor_id), visit.appointment_id)
        drafts.append(deed.draft("cancelled", outbox.doctors_user(old.doctor_id), old.appointment_id))
    outbox.put(session, drafts + _later(drafts[0], visit, deed, clinic), now=deed.now)


def _later(first: Draft, visit: Visit, deed: Deed, clinic: Clinic) -> list[Draft]:
    """The reminders of a visit. For a request, what its doctor was told `first` once more: when half of the time for
    an answer is over."""
    if visit.status != "pending":
        return reminders.drafts(visit, clinic=clinic, now=deed.now)
    waits = clinic.answer_by(visit.start, deed.now) - deed.now
    return [replace(first, about=f"{first.about}:again", due_at=deed.now + waits / 2)]


def confirmed(session: Session, *, visit: Visit, deed: Deed, clinic: Clinic) -> None:
    """The doctor said yes to a request: only the patient needs to hear."""
    told = deed.draft("confirmed", outbox.patients_user(visit.patient_id), visit.appointment_id)
    outbox.put(session, [told, *reminders.drafts(visit, clinic=clinic, now=deed.now)], now=deed.now)


def cancelled(session: Session, *, visit: Visit, deed: Deed) -> None:
    outbox.put(session, deed.drafts("cancelled", visit), now=deed.now)


def logged_out(session: Session, *, user_id: int, old_telegram_id: int, now: datetime) -> None:
    """The user has logged in elsewhere: tell the chat where they were until now. It has no account any more."""
    draft = Draft(
        user_id, "logged_out", f"{now:%Y%m%d%H%M%S}:{old_telegram_id}", now, facts={"chat_id": old_telegram_id}
    )
    outbox.put(session, [draft], now=now)


def guessed(session: Session, *, user_id: int, now: datetime) -> None:
    """Somebody elsewhere has failed to log in as this user until they had to wait: the user hears of it."""
    outbox.put(session, [Draft(user_id, "guessed", f"{now:%Y%m%d}", now)], now=now)


def check(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> VisitNews:
    """What there is to tell, as it is now. Raises Pointless for what has changed again, or is past."""
    visit = visit_of(session, row)
    facts = outbox.facts_of(row)
    if (visit.status == "cancelled") != (row.kind == "cancelled"):
        raise Pointless(f"the visit is {visit.status}")
    if row.kind == "request" and visit.status != "pending":
        raise Pointless("answered")
    if clinic.instant(visit.start) <= now:
        raise Pointless("the visit has begun")
    if row.user_id == facts.get("by") and not facts.get("elsewhere"):
        raise Pointless("told by themselves")
    patient = session.execute(
        select(User.user_id, User.name).join(Patient).where(Patient.patient_id == visit.patient_id)
    ).one()
    old_start = facts.get("old_start")
    return VisitNews(
        kind=row.kind,
        visit=visit,
        patient_name=patient.name,
        to_patient=row.user_id == patient.user_id,
        by=_name(session, facts.get("by")) if facts.get("in_stead") else "",
        elsewhere=bool(facts.get("elsewhere")),
        old_start=datetime.fromisoformat(old_start) if old_start else None,
    )


def visit_of(session: Session, row: Notification) -> Visit:
    """The visit that a message is about. Raises Pointless when there is none any more."""
    found = session.execute(queries.visits().where(Appointment.appointment_id == row.appointment_id)).one_or_none()
    if found is None:
        raise Pointless("no such visit")
    return queries.as_visit(found)


def _name(session: Session, user_id: int | None) -> str:
    """Of whoever did it; a colleague at the hospital when they are gone."""
    return session.scalar(select(User.name).where(User.user_id == user_id)) or "the hospital"
