"""Staff who saw the data of unusually many patients, also those who have left since. Every look is written down; here
they are counted. A patient sees one patient's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from hospital_bot.models import AuditEntry, User

MANY = 30
"""Different patients within an hour: more than a doctor sees."""
HOUR = timedelta(hours=1)
LOOKS = ("visit.read", "records.read", "patient.read", "patient.find")

Look = tuple[datetime, int]
"""When, and at whose data."""


@dataclass(frozen=True, slots=True)
class ManyLooks:
    """The hour, from this instant on, in which this person saw the data of the most patients."""

    user_id: int
    name: str
    since: datetime
    patients: int


def report(session: Session, *, since: datetime, now: datetime, many: int = MANY) -> list[ManyLooks]:
    """Whoever saw the data of more than `many` patients within some hour since then."""
    rows = session.execute(
        select(User.user_id, User.name, AuditEntry.happened_at, AuditEntry.patient_id)
        .join(AuditEntry, and_(AuditEntry.actor_id == User.user_id, AuditEntry.happened_at >= since))
        .where(AuditEntry.action.in_(LOOKS), AuditEntry.outcome == "ok")
        .where(AuditEntry.happened_at <= now, AuditEntry.patient_id.is_not(None))
        .order_by(User.user_id, AuditEntry.happened_at)
    )
    found = []
    for (user_id, name), looks in groupby(rows, lambda row: (row.user_id, row.name)):
        patients, start = _most((look.happened_at, look.patient_id) for look in looks)
        if patients > many:
            found.append(ManyLooks(user_id, name, start, patients))
    return found


def _most(looks: Iterable[Look]) -> tuple[int, datetime]:
    """The most different patients within an hour, and when it began. There is a look at least."""
    hour: deque[Look] = deque()
    hours = []
    for look in looks:
        hour.append(look)
        while look[0] - hour[0][0] >= HOUR:
            hour.popleft()
        hours.append((len({patient_id for _, patient_id in hour}), hour[0][0]))
    return max(hours, key=lambda each: each[0])
