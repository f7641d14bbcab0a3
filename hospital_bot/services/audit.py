"""Who did what to whom: written in the transaction that does it. Ids only, never names or what was typed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hospital_bot.models import AuditEntry


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
    session.execute(
        insert(AuditEntry).values(
            happened_at=now,
            actor_id=actor_id,
            patient_id=patient_id,
            action=action,
            subject=subject,
            outcome=outcome,
            channel=channel,
        )
    )
