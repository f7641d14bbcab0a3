"""Whether the hospital's machinery keeps up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hospital_bot.models import Notification

LATE = timedelta(minutes=15)
"""Messages that wait longer than this say that no scheduler runs."""


def lag(session: Session, *, now: datetime) -> timedelta:
    """How long the oldest message that is due has been waiting to be sent."""
    waiting = select(func.min(Notification.due_at)).where(Notification.state == "waiting", Notification.due_at <= now)
    oldest = session.scalar(waiting)
    return now - oldest if oldest else timedelta()
