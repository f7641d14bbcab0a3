"""Somebody asked for what is not theirs, or is nobody's: that is written down, and slowed down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from hospital_bot.errors import Refusal
from hospital_bot.services import audit, throttles


def note(
    session: Session, *, refusal: Refusal, actor_id: int | None, channel: str, now: datetime, subject: str = ""
) -> None:
    """Raises Busy beyond 20 in a minute, whichever way they came: numbers are not tried one after the other."""
    throttles.pass_source(session, source=f"denied:{actor_id or channel}", now=now)
    audit.record(
        session,
        actor_id=actor_id,
        action="denied",
        subject=subject,
        outcome=refusal.code,
        channel=channel,
        now=now,
    )
