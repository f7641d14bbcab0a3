"""The audit log as a chain: an entry that is changed, taken out, put in or moved is found.

Were each entry linked as it is written, all of the hospital's transactions would wait for one row. So entries are
written side by side, and a tick links those that have none: place, code of the entry and the seal before it, sealed
with a key that is not in the database. Two processes that link at once meet at the key over `seq`; one runs again.

What is taken away before it was linked (a minute), and the newest links when none is left after them, leaves no trace
in the tables. Against the latter, note the head that `verify` names, somewhere else: it can be asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import Conflict
from hospital_bot.keys import Key
from hospital_bot.models import AuditEntry
from hospital_bot.services import audit

BATCH = 500
"""Links made in one transaction, and read at once."""
LATE = timedelta(minutes=15)
"""After that an entry should have its link; without one no ticks run, or somebody put it in."""
KEPT = timedelta(days=7 * 366)
"""Six years are asked for. Source: HIPAA, 164.316(b)(2)."""

TABLE = AuditEntry.__table__


@dataclass(slots=True)
class Verdict:
    """`problems` are sentences. `head` names the last link: seq and seal."""

    entries: int = 0
    waiting: int = 0
    head: str = "0:"
    problems: list[str] = field(default_factory=list)


def link(session: Session, *, key: Key, now: datetime) -> int:
    """Link what has no link yet, at most BATCH; how many that were."""
    audit.collect(session, now=now)
    waiting = select(AuditEntry.audit_id, AuditEntry.mac).where(AuditEntry.seq.is_(None))
    entries = session.execute(waiting.order_by(AuditEntry.audit_id).limit(BATCH)).all()
    if not entries:
        return 0
    seq, seal = _head(session)
    links = []
    for audit_id, mac in entries:
        seq += 1
        seal = _seal(key, seal, seq, audit_id, mac)
        links.append({"entry": audit_id, "place": seq, "made": seal})
    linked = session.connection().execute(
        update(AuditEntry)
        .where(AuditEntry.audit_id == bindparam("entry"), AuditEntry.seq.is_(None))
        .values(seq=bindparam("place"), seal=bindparam("made")),
        links,
    )
    if linked.rowcount != len(links):
        raise Conflict
    return len(links)


def verify(session: Session, *, key: Key, now: datetime, head: str = "") -> Verdict:
    """Look at every entry. `head` is one that an earlier verdict named: it must still be there."""
    verdict = Verdict()
    seq, seal = None, ""
    for entry in _chained(session):
        verdict.entries += 1
        verdict.problems += _faults(key, entry, seq, seal, now)
        seq, seal = entry["seq"], entry["seal"]
    verdict.head = f"{seq or 0}:{seal}"
    for entry in _unchained(session):
        verdict.waiting += 1
        verdict.problems += _faults_of_waiting(key, entry, now)
    if head and not _has(session, head):
        verdict.problems.append(f"Link {head.partition(':')[0]} is not the one that was noted, or is missing.")
    return verdict


def purge(session: Session, *, now: datetime) -> int:
    """Forget what is older than KEPT. The last of it stays, for the chain to begin with."""
    young = select(AuditEntry.seq).where(AuditEntry.seq.is_not(None), AuditEntry.happened_at >= now - KEPT)
    first = session.scalar(young.order_by(AuditEntry.seq).limit(1))
    limit = first if first is not None else _head(session)[0] + 1
    oldest = session.scalar(select(func.min(AuditEntry.seq))) or 0
    old = AuditEntry.seq < min(limit - 1, oldest + 20 * BATCH)
    return session.connection().execute(delete(AuditEntry).where(old)).rowcount


def _head(session: Session) -> tuple[int, str]:
    newest = select(AuditEntry.seq, AuditEntry.seal).where(AuditEntry.seq.is_not(None))
    found = session.execute(newest.order_by(AuditEntry.seq.desc()).limit(1)).first()
    return (found.seq, found.seal) if found else (0, "")


def _has(session: Session, head: str) -> bool:
    seq, _, seal = head.partition(":")
    if not seq.isdecimal():
        return False
    return int(seq) == 0 or session.scalar(select(AuditEntry.seal).where(AuditEntry.seq == int(seq))) == seal


def _seal(key: Key, before: str, seq: int, audit_id: int, mac: str) -> str:
    return key.digest("link", before, seq, audit_id, mac)


def _chained(session: Session) -> Iterator[dict[str, Any]]:
    last = -1
    while rows := _page(session, AuditEntry.seq > last, AuditEntry.seq):
        yield from rows
        last = rows[-1]["seq"]


def _unchained(session: Session) -> Iterator[dict[str, Any]]:
    last = -1
    while rows := _page(session, AuditEntry.seq.is_(None) & (AuditEntry.audit_id > last), AuditEntry.audit_id):
        yield from rows
        last = rows[-1]["audit_id"]


def _page(session: Session, which: Any, order: Any) -> list[dict[str, Any]]:
    rows = session.execute(select(*TABLE.columns).where(which).order_by(order).limit(BATCH))
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - public, the underscore keeps it from meeting a column's name


def _faults(key: Key, entry: dict[str, Any], seq: int | None, seal: str, now: datetime) -> Iterator[str]:
    """What is wrong with this entry, whose link comes after `seq` and `seal`; None for the first there is."""
    expected = 1 if seq is None else seq + 1
    begins_late = seq is None and entry["happened_at"] < now - KEPT
    if entry["seq"] != expected and not begins_late:
        yield f"Links {expected} to {entry['seq'] - 1} are missing."
    if not _is_signed(key, entry):
        yield f"Entry {entry['audit_id']} was changed, or was not written by this program."
    elif entry["seq"] == expected and entry["seal"] != _seal(key, seal, entry["seq"], entry["audit_id"], entry["mac"]):
        yield f"Entry {entry['audit_id']} is not where it was in the chain."


def _faults_of_waiting(key: Key, entry: dict[str, Any], now: datetime) -> Iterator[str]:
    if not _is_signed(key, entry):
        yield f"Entry {entry['audit_id']} was changed, or was not written by this program."
    if entry["happened_at"] < now - LATE:
        yield f"Entry {entry['audit_id']} has had no link for too long."


def _is_signed(key: Key, entry: dict[str, Any]) -> bool:
    number = entry["mac"][:16]
    return bool(number) and audit.sign(key, entry, number) == entry["mac"]
