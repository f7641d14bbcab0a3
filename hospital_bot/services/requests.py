"""Requests that name themselves: the same one again gets the same answer, and changes nothing.

The name is taken in the transaction that does the work and writes the answer: who dies half-way leaves nothing
behind, and who dies after COMMIT has left the answer for the next try.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hospital_bot.errors import InFlight, KeyReused
from hospital_bot.models import NamedRequest

KEPT = timedelta(hours=24)
HELD = {1205, 3572}
"""What MariaDB and MySQL say of a row that another transaction holds and we won't wait for."""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    answer: Any


def begin(session: Session, *, key: str, fingerprint: str, now: datetime) -> Answered | None:
    """What was answered before; None when it is ours to answer. Raises InFlight, or KeyReused for another request."""
    row = _look(session, key)
    if row is not None and row.created_at <= now - KEPT:
        forget(session, key=key, now=now)
        row = None
    if row is None:
        values = {"key": key, "fingerprint": fingerprint, "created_at": now}
        session.connection().execute(insert(NamedRequest).values(values))
        return None
    if row.fingerprint != fingerprint:
        raise KeyReused
    return Answered(row.status, row.answer)


def finish(session: Session, *, key: str, status: int, answer: Any, now: datetime) -> None:  # noqa: ARG001 - every use case is given the time
    session.execute(update(NamedRequest).where(NamedRequest.key == key).values(status=status, answer=answer))


def forget(session: Session, *, key: str, now: datetime) -> None:  # noqa: ARG001 - as above
    """The answer is one that the next try may better: the name is free again."""
    session.execute(delete(NamedRequest).where(NamedRequest.key == key))


def purge(session: Session, *, now: datetime) -> None:
    session.execute(delete(NamedRequest).where(NamedRequest.created_at <= now - KEPT))


def _look(session: Session, key: str) -> Any:
    """The row, unless somebody is at work on it at this moment."""
    columns = (NamedRequest.fingerprint, NamedRequest.status, NamedRequest.answer, NamedRequest.created_at)
    try:
        return session.execute(select(*columns).where(NamedRequest.key == key).with_for_update(nowait=True)).first()
    except DBAPIError as error:
        if getattr(error.orig, "args", (0,))[0] in HELD:
            raise InFlight from None
        raise
