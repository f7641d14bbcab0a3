"""Medical records. Every look at them is written down in the transaction that reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot.models import Doctor, MedicalRecord, User
from hospital_bot.services import audit
from hospital_bot.services.accounts import Actor

PAGE = 50
"""Records shown at once."""


@dataclass(frozen=True, slots=True)
class Record:
    record_id: int
    created_at: datetime | None
    doctor_name: str
    description: str | None
    diagnosis: str | None
    treatment_plan: str | None


def own(session: Session, *, actor: Actor, page: int, channel: str, now: datetime) -> tuple[list[Record], bool]:
    """One page of the patient's own records, the latest first, and whether there are more.

    Raises NotAllowed for who is no patient, CodeNeeded without the proof of a one-time code.
    """
    patient_id = actor.require_patient()
    actor.require_proof()
    audit.record(
        session, actor_id=actor.user_id, patient_id=patient_id, action="records.read", channel=channel, now=now
    )
    rows = session.execute(
        select(
            MedicalRecord.record_id,
            MedicalRecord.date_created,
            User.name,
            MedicalRecord.description,
            MedicalRecord.diagnosis,
            MedicalRecord.treatment_plan,
        )
        .join(Doctor, Doctor.doctor_id == MedicalRecord.doctor_id)
        .join(User, User.user_id == Doctor.user_id)
        .where(MedicalRecord.patient_id == patient_id)
        .order_by(MedicalRecord.date_created.desc(), MedicalRecord.record_id.desc())
        .limit(PAGE + 1)
        .offset(PAGE * page)
    ).all()
    return [Record(*row) for row in rows[:PAGE]], len(rows) > PAGE
