"""Who did what to whom: written in the transaction that does it. Ids only, never names or what was typed.

An entry carries a code (`mac`) over its content and a random number, made with a key that is not in the database:
whoever can write to the tables alone can't make or change one. `chain` links the entries soon afterwards.

Bookings are the exception. Their transaction is the product's hottest, and a visit's row says all by itself: when,
for whom, by which request, in place of which visit; rows of visits are never deleted. `collect` copies that into the
log before the next link is made.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, cast, func, insert, literal, select
from sqlalchemy.orm import Session

from hospital_bot.keys import Key
from hospital_bot.models import Appointment, AuditEntry, Patient, User
from hospital_bot.values import Visit

SIGNER = "audit_key"
"""Where a session keeps the key. Without it entries are unsigned, and `chain` says so."""

COMMANDS = "cli"
"""The channel of what the hospital does by command."""

NEWEST = 5_000
RECENT = timedelta(days=30)
"""How many of the newest visits `collect` looks at, and how old they may be: what is forgotten is not copied again."""

PAGE = 10


def record(
    session: Session,
    *,
    actor_id: int | None,
    action: str,
    now: datetime,
    patient_id: int | None = None,
    subject: str = "",
    outcome: str = "ok",
    channel: str = "",
) -> None:
    """`action` is an area and a verb, such as `login.code`; `outcome` is `ok` or the refusal's code."""
    entry = {
        "happened_at": now,
        "actor_id": actor_id,
        "patient_id": patient_id,
        "action": action,
        "subject": subject,
        "outcome": outcome,
        "channel": channel,
    }
    _write(session, [entry])


def record_patients(
    session: Session, patient_ids: Iterable[int], *, actor_id: int, action: str, channel: str, now: datetime
) -> None:
    """The same was done with the data of each of them."""
    facts = {"happened_at": now, "actor_id": actor_id, "action": action, "channel": channel}
    _write(session, [facts | {"patient_id": each, "subject": "", "outcome": "ok"} for each in patient_ids])


def record_visit(
    session: Session, action: str, visit: Visit, actor_id: int | None, channel: str, now: datetime
) -> None:
    """What was done with a visit, where its own row does not say."""
    record(
        session,
        actor_id=actor_id,
        patient_id=visit.patient_id,
        action=action,
        subject=f"appointment:{visit.appointment_id}",
        channel=channel,
        now=now,
    )


def record_doctor(
    session: Session, action: str, doctor_id: int, actor_id: int | None, channel: str, now: datetime
) -> None:
    """What was changed of a doctor."""
    record(session, actor_id=actor_id, action=action, subject=f"doctor:{doctor_id}", channel=channel, now=now)


def _write(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    key: Key | None = session.info.get(SIGNER)
    rows = [entry | {"mac": sign(key, entry) if key else ""} for entry in entries]
    if rows:
        session.execute(insert(AuditEntry).values(rows))


def sign(key: Key, entry: dict[str, Any], number: str = "") -> str:
    """The random number and the code; the number is given to make the code again."""
    number = number or secrets.token_hex(8)
    content = [entry[name] for name in ("actor_id", "patient_id", "action", "subject", "outcome", "channel")]
    return number + key.digest("entry", number, int(entry["happened_at"].timestamp()), *content)


def collect(session: Session, *, now: datetime) -> None:
    """Write down the bookings that are not in the log yet. A row without a request is other software's."""
    newest = select(func.max(Appointment.appointment_id) - NEWEST).scalar_subquery()
    subject = literal("appointment:") + cast(Appointment.appointment_id, String(20))
    told = and_(AuditEntry.subject == subject, AuditEntry.action.in_(("visit.book", "visit.move")))
    rows = session.execute(
        select(
            Appointment.appointment_id,
            Appointment.patient_id,
            Appointment.created_at,
            Appointment.request_id,
            Appointment.moved_from,
            Patient.user_id,
        )
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .outerjoin(AuditEntry, told)
        .where(Appointment.appointment_id > newest, Appointment.created_at >= now - RECENT)
        .where(AuditEntry.audit_id.is_(None))
        .order_by(Appointment.appointment_id)
        .limit(500)
    )
    _write(
        session,
        [
            {
                "happened_at": row.created_at,
                "actor_id": row.user_id if row.request_id else None,
                "patient_id": row.patient_id,
                "action": "visit.move" if row.moved_from else "visit.book",
                "subject": f"appointment:{row.appointment_id}",
                "outcome": "ok",
                "channel": row.request_id or "",
            }
            for row in rows
        ],
    )


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody else saw or changed something of the patient's. `by` is empty when they have gone, or it was a tick."""

    at: datetime
    by: str
    action: str


def looks(session: Session, *, patient_id: int, user_id: int, page: int, now: datetime) -> tuple[list[Look], bool]:  # noqa: ARG001 - every use case is told the time
    """A page of what others did with this patient's data, the latest first; and whether there is more."""
    rows = session.execute(
        select(
            AuditEntry.happened_at,
            func.coalesce(User.name, ""),
            AuditEntry.action,
        )
        .outerjoin(User, User.user_id == AuditEntry.actor_id)
        .where(AuditEntry.patient_id == patient_id, AuditEntry.outcome == "ok")
        .where(func.coalesce(AuditEntry.actor_id, 0) != user_id)
        .order_by(AuditEntry.happened_at.desc(), AuditEntry.audit_id.desc())
        .limit(PAGE + 1)
        .offset(PAGE * max(0, page))
    ).all()
    return [Look(*row) for row in rows[:PAGE]], len(rows) > PAGE
