"""What a patient may ask of their data: what was agreed to, and a copy of everything.

PARTS says for every table with somebody's number in it which rows are a patient's, and what of them is not given out.
A test walks the tables: one that is neither here nor in LEFT_OUT fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select, update
from sqlalchemy.orm import Session

from hospital_bot.keys import Keys
from hospital_bot.models import (
    Appointment,
    AuditEntry,
    Base,
    Conversation,
    Doctor,
    Erasure,
    Hold,
    MedicalRecord,
    Notification,
    OtpCode,
    Patient,
    TelegramAccount,
    TelegramUpdate,
    Throttle,
    User,
)
from hospital_bot.services import audit
from hospital_bot.services.accounts import Actor

SECRETS = ("password", "sealed")
"""What a conversation's answers may hold besides what the person said."""


@dataclass(frozen=True, slots=True)
class Person:
    user_id: int
    patient_id: int
    telegram_id: int | None

    @property
    def attempts(self) -> ColumnElement[bool]:
        """The rows that count this person's attempts, also in chats where they were before: see `throttles`."""
        user, chat = f"user:{self.user_id}", f"tg:{self.telegram_id}"
        known = Throttle.key.in_((user, chat, f"denied:{self.user_id}", f"denied:{chat}"))
        return or_(known, Throttle.key.startswith(f"{user}@"))


@dataclass(frozen=True, slots=True)
class Part:
    """The patient's rows of a table. `withheld` columns protect the account, or are for machines alone."""

    table: type[Base]
    whose: Callable[[Person], ColumnElement[bool]]
    withheld: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    """Columns that are stored encrypted, and given out in clear."""


PARTS = (
    Part(User, lambda who: User.user_id == who.user_id, ("password", "totp_secret", "totp_last_step")),
    Part(Patient, lambda who: Patient.user_id == who.user_id, ("booking_seq",)),
    Part(Appointment, lambda who: Appointment.patient_id == who.patient_id),
    Part(
        MedicalRecord,
        lambda who: MedicalRecord.patient_id == who.patient_id,
        sealed=("description", "diagnosis", "treatment_plan"),
    ),
    Part(Hold, lambda who: Hold.patient_id == who.patient_id),
    Part(OtpCode, lambda who: OtpCode.user_id == who.user_id, ("code",)),
    Part(TelegramAccount, lambda who: TelegramAccount.user_id == who.user_id),
    Part(Conversation, lambda who: Conversation.chat_id == who.telegram_id),
    Part(TelegramUpdate, lambda who: TelegramUpdate.chat_id == who.telegram_id, ("screen",)),
    Part(Notification, lambda who: Notification.user_id == who.user_id, ("claim_token", "claimed_until_at")),
    Part(Erasure, lambda who: Erasure.user_id == who.user_id),
    Part(Throttle, lambda who: who.attempts),
    Part(
        AuditEntry,
        lambda who: or_(AuditEntry.patient_id == who.patient_id, AuditEntry.actor_id == who.user_id),
        ("mac", "seq", "seal"),
    ),
)

LEFT_OUT = {
    "doctors": "the hospital's staff; a visit names its doctor",
    "time_off": "the hospital's staff",
    "requests": "known by keyed digests alone, for a day",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """`version` is None for whom the hospital registered itself."""

    version: str | None
    at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Copy:
    """Everything about one patient, ready to be written as JSON."""

    tables: dict[str, list[dict[str, Any]]] = field(repr=False)


def agreement(session: Session, *, user_id: int, now: datetime) -> Agreement:  # noqa: ARG001 - every use case is told the time
    columns = (User.consent_version, User.consented_at, User.withdrawn_at)
    return Agreement(*session.execute(select(*columns).where(User.user_id == user_id)).one())


def withdraw(session: Session, *, actor: Actor, channel: str, now: datetime) -> None:
    """No reminders from now on. Visits stay, and what the patient must know of them is still said."""
    session.execute(update(User).where(User.user_id == actor.user_id).values(withdrawn_at=now))
    audit.record(
        session,
        actor_id=actor.user_id,
        patient_id=actor.patient_id,
        action="consent.withdraw",
        channel=channel,
        now=now,
    )


def agree(session: Session, *, actor: Actor, version: str, channel: str, now: datetime) -> None:
    """To the wording of this version, from now on."""
    values = {"consent_version": version, "consented_at": now, "withdrawn_at": None}
    session.execute(update(User).where(User.user_id == actor.user_id).values(**values))
    audit.record(
        session, actor_id=actor.user_id, patient_id=actor.patient_id, action="consent.give", channel=channel, now=now
    )


def export(session: Session, *, actor: Actor, keys: Keys, channel: str, now: datetime) -> Copy:
    """All that the tables hold about the patient who asks. Raises NotAllowed, or CodeNeeded without a fresh proof."""
    patient_id = actor.require_patient()
    actor.require_fresh_proof(now)
    audit.record(session, actor_id=actor.user_id, patient_id=patient_id, action="export", channel=channel, now=now)
    who = person(session, actor.user_id, patient_id)
    tables = {part.table.__tablename__: _rows(session, part, who, keys) for part in PARTS}
    names = _doctors(session, tables["appointments"] + tables["medical_records"])
    for row in tables["appointments"] + tables["medical_records"]:
        row["doctor_name"] = names.get(row["doctor_id"])
    return Copy(tables)


def person(session: Session, user_id: int, patient_id: int) -> Person:
    telegram_id = session.scalar(select(TelegramAccount.telegram_id).where(TelegramAccount.user_id == user_id))
    return Person(user_id, patient_id, telegram_id)


def _rows(session: Session, part: Part, who: Person, keys: Keys) -> list[dict[str, Any]]:
    table = part.table.metadata.tables[part.table.__tablename__]
    shown = [column for column in table.columns if column.name not in part.withheld]
    found = session.execute(select(*shown).where(part.whose(who)).order_by(*table.primary_key.columns))
    return [_plain(row, part, keys) for row in found]


def _plain(row: Row[Any], part: Part, keys: Keys) -> dict[str, Any]:
    """As JSON can hold it; what was encrypted in clear, and what was stored in clear as it is."""
    facts = {name: _word(value) for name, value in row._mapping.items()}  # noqa: SLF001 - public, the underscore keeps it from meeting a column's name
    for name in part.sealed:
        if facts[name] is not None:
            facts[name] = keys.unseal(facts[name]) or facts[name]
    return facts


def _word(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _word(part) for name, part in value.items() if name not in SECRETS}
    return value


def _doctors(session: Session, rows: Iterable[dict[str, Any]]) -> dict[int, str]:
    ids = {row["doctor_id"] for row in rows}
    names = select(Doctor.doctor_id, User.name).join(User, User.user_id == Doctor.user_id)
    return {row.doctor_id: row.name for row in session.execute(names.where(Doctor.doctor_id.in_(ids)))}
