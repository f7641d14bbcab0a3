"""What a patient has told the hospital about themselves, and can change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hospital_bot.models import Patient, User
from hospital_bot.services import audit

Field = Literal["phone_number", "address", "birth_date"]


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    email: str
    phone: str
    address: str
    birth_date: date | None


def read(session: Session, *, patient_id: int, now: datetime) -> Profile:  # noqa: ARG001 - every use case is told the time
    row = session.execute(
        select(User.name, User.email, Patient.phone_number, Patient.address, Patient.birth_date)
        .join(User, User.user_id == Patient.user_id)
        .where(Patient.patient_id == patient_id)
    ).one()
    return Profile(row.name, row.email, row.phone_number or "", row.address or "", row.birth_date)


def change(
    session: Session, *, patient_id: int, user_id: int, field: Field, value: str | date, channel: str, now: datetime
) -> None:
    """`value` is checked already (`people`). That it changed is written down, not what it was."""
    session.connection().execute(update(Patient).where(Patient.patient_id == patient_id).values({field: value}))
    audit.record(
        session,
        actor_id=user_id,
        patient_id=patient_id,
        action="patient.change",
        subject=field,
        channel=channel,
        now=now,
    )
