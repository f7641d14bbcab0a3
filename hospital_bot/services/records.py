"""Medical records. Every look at them and every change is written down in the transaction that does it.

The three texts are sealed with a key that is not in the database. `diagnosis` keeps its 255 characters, for other
software relies on them: sealed, they hold 127 bytes. What other software wrote in clear is read as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import BadInput, CodeNeeded, NotFound
from hospital_bot.keys import Keys
from hospital_bot.models import Appointment, Doctor, MedicalRecord, User
from hospital_bot.services import audit
from hospital_bot.services.accounts import Actor

PAGE = 50
"""Records shown at once."""

MAX_TEXT = 8192
"""Characters of a description or a plan: two of Telegram's longest messages, and sealed they fit their column."""
MAX_DIAGNOSIS = 127
"""Bytes."""
SEALED = "gAAAA"
"""How every sealed text begins."""
UNREADABLE = "(can't be read: sealed with another key)"


@dataclass(frozen=True, slots=True)
class Record:
    record_id: int
    created_at: datetime | None
    doctor_name: str
    description: str | None
    diagnosis: str | None
    treatment_plan: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """What a doctor writes of a visit; None for what was left out."""

    description: str | None
    diagnosis: str | None
    treatment_plan: str | None


def own(
    session: Session,
    *,
    actor: Actor,
    page: int,
    channel: str,
    keys: Keys,
    now: datetime,
    size: int = PAGE,
    within: timedelta | None = None,
) -> tuple[list[Record], bool]:
    """One page of the patient's own records, the latest first, and whether there are more.

    Raises NotAllowed for who is no patient, CodeNeeded without the proof of a one-time code (`within` this time).
    """
    patient_id = actor.require_patient()
    actor.require_proof()
    if within and (actor.proved_at is None or now - actor.proved_at > within):
        raise CodeNeeded
    audit.record(
        session, actor_id=actor.user_id, patient_id=patient_id, action="records.read", channel=channel, now=now
    )
    return _page(session, MedicalRecord.patient_id == patient_id, page, size, keys)


def of_visit(
    session: Session, *, actor: Actor, appointment_id: int, page: int, channel: str, keys: Keys, now: datetime
) -> tuple[list[Record], bool]:
    """One record of the patient whom the doctor sees at this visit, and whether there are more.

    Raises NotFound for a colleague's visit, or one that never took place, exactly as for none.
    """
    patient_id = _patient_of(session, actor, appointment_id, ("confirmed", "arrived", "completed"))
    audit.record(
        session,
        actor_id=actor.user_id,
        patient_id=patient_id,
        action="records.read",
        subject=f"appointment:{appointment_id}",
        channel=channel,
        now=now,
    )
    return _page(session, MedicalRecord.patient_id == patient_id, page, 1, keys)


def write(
    session: Session, *, actor: Actor, appointment_id: int, note: Note, channel: str, keys: Keys, now: datetime
) -> None:
    """The record of the doctor's own visit, once it is done; written again, it takes the place of the former.

    Raises NotFound for another's visit, or one that is not done, exactly as for none; BadInput.
    """
    patient_id = _patient_of(session, actor, appointment_id, ("completed",))
    note = checked(note)
    texts = {name: keys.seal(text) if text else None for name, text in _fields(note)}
    changed = session.connection().execute(
        update(MedicalRecord).where(MedicalRecord.appointment_id == appointment_id).values(texts)
    )
    if not changed.rowcount:
        facts = {"patient_id": patient_id, "doctor_id": actor.require_doctor(), "date_created": now}
        session.connection().execute(insert(MedicalRecord).values(**facts, **texts, appointment_id=appointment_id))
    audit.record(
        session,
        actor_id=actor.user_id,
        patient_id=patient_id,
        action="records.change" if changed.rowcount else "records.write",
        subject=f"appointment:{appointment_id}",
        channel=channel,
        now=now,
    )


def may_write(session: Session, *, actor: Actor, appointment_id: int, now: datetime) -> None:  # noqa: ARG001 - every use case is told the time
    """Raises NotFound as `write` does."""
    _patient_of(session, actor, appointment_id, ("completed",))


def checked(note: Note) -> Note:
    """Without empty parts. Raises BadInput for what is too long, or for nothing at all."""
    found = Note(*(text.strip() or None if text else None for _, text in _fields(note)))
    for name, text in _fields(found):
        too_long = len((text or "").encode()) > MAX_DIAGNOSIS if name == "diagnosis" else len(text or "") > MAX_TEXT
        if too_long:
            raise BadInput(name, "too_long")
    if not any(text for _, text in _fields(found)):
        raise BadInput("record", "empty")
    return found


def _fields(note: Note) -> Iterable[tuple[str, str | None]]:
    return [(name, getattr(note, name)) for name in Note.__dataclass_fields__]


def _patient_of(session: Session, actor: Actor, appointment_id: int, statuses: tuple[str, ...]) -> int:
    own_visit = (Appointment.appointment_id == appointment_id, Appointment.doctor_id == actor.require_doctor())
    actor.require_proof()
    found = session.scalar(select(Appointment.patient_id).where(*own_visit, Appointment.status.in_(statuses)))
    if found is None:
        raise NotFound
    return found


def _page(session: Session, whose: ColumnElement[bool], page: int, size: int, keys: Keys) -> tuple[list[Record], bool]:
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
        .where(whose)
        .order_by(MedicalRecord.date_created.desc(), MedicalRecord.record_id.desc())
        .limit(size + 1)
        .offset(size * max(0, page))
    ).all()
    return [_opened(keys, *row) for row in rows[:size]], len(rows) > size


def _opened(keys: Keys, record_id: int, created_at: datetime | None, doctor_name: str, *sealed: str | None) -> Record:
    return Record(record_id, created_at, doctor_name, *(read(keys, text) for text in sealed))


def read(keys: Keys, stored: str | None) -> str | None:
    """A text of a record, as it was written."""
    if not stored or not stored.startswith(SEALED):
        return stored
    return keys.unseal(stored) or UNREADABLE
