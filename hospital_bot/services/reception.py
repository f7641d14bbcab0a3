"""The hospital's desk finds the patient who is on the telephone. Every look is written down, for the patient to see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, select
from sqlalchemy.orm import Session

from hospital_bot import people, queries
from hospital_bot.errors import BadInput, NotFound
from hospital_bot.models import Appointment, Patient, TelegramAccount, User
from hospital_bot.services import audit
from hospital_bot.values import Visit

MOST = 8
"""Patients shown at once. Of more none is shown: it takes a better question."""
SHORTEST = 2
"""Letters of a name that are enough to look for."""
BY_TELEPHONE = "by telephone"
"""Why the desk cancelled a visit: the patient asked for it, and knows."""


@dataclass(frozen=True, slots=True)
class Found:
    """`reachable`: the bot can write to them."""

    patient_id: int
    name: str
    email: str
    phone: str
    birth_date: date | None
    reachable: bool


def search(
    session: Session, *, typed: str, region: str, user_id: int, channel: str, now: datetime
) -> list[Found] | None:
    """Whose e-mail address or telephone number this is, or whose name begins so; None when these are more than MOST.

    `region` is the country whose numbers need no country code, `user_id` who looks.
    """
    rows = session.execute(_patients().where(_known_by(typed.strip(), region)).order_by(User.name).limit(MOST + 1))
    found = [_found(row) for row in rows]
    if len(found) > MOST:
        return None
    shown = [each.patient_id for each in found]
    audit.record_patients(session, shown, actor_id=user_id, action="patient.find", channel=channel, now=now)
    return found


def read(session: Session, *, patient_id: int, user_id: int, channel: str, now: datetime) -> Found:
    """One patient, for this user of the desk. Raises NotFound."""
    found = _one(session, patient_id)
    audit.record(session, actor_id=user_id, patient_id=patient_id, action="patient.read", channel=channel, now=now)
    return found


def visit(session: Session, *, appointment_id: int, user_id: int, channel: str, now: datetime) -> tuple[Found, Visit]:
    """A patient and their visit, without what they told the doctor of it. Raises NotFound."""
    row = session.execute(queries.visits().where(Appointment.appointment_id == appointment_id)).one_or_none()
    if row is None:
        raise NotFound
    found = replace(queries.as_visit(row), reason=None)
    audit.record_visit(session, "visit.read", found, user_id, channel, now)
    return _one(session, found.patient_id), found


def _one(session: Session, patient_id: int) -> Found:
    row = session.execute(_patients().where(Patient.patient_id == patient_id)).one_or_none()
    if row is None:
        raise NotFound
    return _found(row)


def _patients() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Patient.patient_id,
            User.name,
            User.email,
            Patient.phone_number,
            Patient.birth_date,
            and_(TelegramAccount.telegram_id.is_not(None), TelegramAccount.blocked_at.is_(None)),
        )
        .join(User, User.user_id == Patient.user_id)
        .outerjoin(TelegramAccount, TelegramAccount.user_id == User.user_id)
        .where(~User.email.endswith(people.NO_MAIL, autoescape=True))
    )


def _known_by(typed: str, region: str) -> ColumnElement[bool]:
    """What it is shows in how it looks; what can be nobody's finds nobody."""
    try:
        if "@" in typed:
            return User.email == people.email(typed)
        if any(character.isdigit() for character in typed):
            return Patient.phone_number == people.given_phone(typed, region=region)
        name = people.name(typed)
    except BadInput:
        return false()
    if len(name) < SHORTEST:
        return false()
    return User.name.startswith(name, autoescape=True)


def _found(row: Row[*tuple[Any, ...]]) -> Found:
    patient_id, name, email, phone, birth_date, reachable = row
    return Found(patient_id, name, email, phone or "", birth_date, bool(reachable))
