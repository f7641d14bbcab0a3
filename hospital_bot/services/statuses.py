"""Every change of a visit's status is written here, and only as `values.NEXT` allows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from hospital_bot import values
from hospital_bot.errors import Conflict
from hospital_bot.models import Appointment


def change(session: Session, which: ColumnElement[bool], status: str, **facts: Any) -> int:
    """Give the status to those of these visits that may have it now; how many they are."""
    allowed = Appointment.status.in_(values.before(status))
    written = session.connection().execute(update(Appointment).where(which, allowed).values(status=status, **facts))
    return int(written.rowcount)


def change_one(session: Session, which: ColumnElement[bool], status: str, **facts: Any) -> None:
    """Somebody else changing the visit meanwhile makes the whole transaction run again."""
    if not change(session, which, status, **facts):
        raise Conflict
