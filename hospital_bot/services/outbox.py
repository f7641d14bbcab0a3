"""The outbox: a message is a row, committed with the change that causes it, and sent once it is due.

waiting ──► claimed by a process, for a while ──► checked again ──┬──► sent
   ▲                                                              ├──► skipped   it makes no sense any more
   └────── later: not yet due after all, or trouble on the way ◄──┴──► failed    it can't be delivered, ever

A claim that ran out was a dead process's, and others may have the row: a crash can repeat a message and lose none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    TextClause,
    Update,
    and_,
    bindparam,
    case,
    delete,
    insert,
    literal,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from hospital_bot.models import Doctor, Notification, Patient, TelegramAccount

MAX_PROBLEM = 255
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=10)
"""Before the next attempt; twice as long each time. Who is told to wait for longer asks again then."""

KEPT = timedelta(days=400)
"""How long a settled row is kept: longer than anything is planned ahead."""
PURGED = 1000

NOT_LINKED, BLOCKED = "not linked", "the bot is blocked"
"""Why no message reaches a person at all."""

MINE = and_(
    Notification.notification_id == bindparam("row"),
    Notification.claim_token == bindparam("holder"),
    Notification.state == "waiting",
)
HELD = select(Notification).where(MINE)
ATTEMPTS = select(Notification.attempts).where(MINE)


@dataclass(frozen=True, slots=True)
class UserOf:
    """Whoever this doctor or patient is as a user: the statement itself looks it up."""

    table: type[Doctor | Patient]
    key: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be. One person is told one thing (`kind`) about one matter once, however often it is drafted."""

    user_id: int | UserOf
    kind: str
    about: str
    due_at: datetime
    appointment_id: int | None = None
    facts: dict[str, Any] | None = None


COLUMNS = tuple(Draft.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed row. `not_before` is for the next try of one that waits on; `due_at` puts it off."""

    state: Literal["sent", "skipped", "failed", "waiting"]
    problem: str = ""
    not_before: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    notification_id: int
    chat_id: int | None
    """Where it will probably go: known before the last check, for the pace."""


class Pointless(Exception):
    """The message makes no sense any more; the text says why. Seen between a check and the outbox only."""


class TooEarly(Exception):
    """What the message is about was put off, and the message with it."""

    def __init__(self, due_at: datetime) -> None:
        super().__init__("not yet")
        self.due_at = due_at


def doctors_user(doctor_id: int) -> UserOf:
    return UserOf(Doctor, doctor_id)


def patients_user(patient_id: int) -> UserOf:
    return UserOf(Patient, patient_id)


def put(session: Session, drafts: Sequence[Draft], *, now: datetime) -> None:
    """Write these in one statement. A known matter is told again, or earlier, when the new draft says so."""
    if not drafts:
        return
    told = tuple(draft.user_id.table if isinstance(draft.user_id, UserOf) else None for draft in drafts)
    values: dict[str, Any] = {"now": now}
    for number, draft in enumerate(drafts):
        values |= {f"{name}_{number}": value for name, value in _row(draft).items()}
    session.connection().execute(_upsert(session.get_bind().dialect.name, told), values)


def add(session: Session, drafts: Sequence[Draft], *, now: datetime) -> None:
    """As `put`, for what is told once and never again: somebody else's same row makes the transaction run again."""
    if drafts:
        session.connection().execute(insert(Notification), [_row(draft) | {"created_at": now} for draft in drafts])


def _row(draft: Draft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in COLUMNS}
    user = draft.user_id
    return values | {"user_id": user.key if isinstance(user, UserOf) else user}


@lru_cache(maxsize=64)
def _upsert(dialect: str, told: tuple[type[Doctor | Patient] | None, ...]) -> TextClause:
    """The statement for rows to these doctors', patients' or known users. SQLAlchemy remembers no statement of
    several rows, and writing this one took more time than all the rest of a booking; so its text is kept here."""
    now = bindparam("now", type_=Notification.created_at.type)
    rows = [_places(number, table) | {"created_at": now} for number, table in enumerate(told)]
    if dialect == "sqlite":
        into = sqlite.insert(Notification).values(rows)
        key = ("user_id", "kind", "about")
        made = into.on_conflict_do_update(key, set_=dict(_again(into.excluded.due_at, now)))
        written = made.compile(dialect=sqlite.dialect(paramstyle="named"))
    else:
        onto = mysql.insert(Notification).values(rows)
        made_so = onto.on_duplicate_key_update(_again(onto.inserted.due_at, now))
        written = made_so.compile(dialect=mysql.dialect(paramstyle="named"))
    places = [bindparam(name, written.params[name], bind.type) for bind, name in written.bind_names.items()]
    return text(str(written)).bindparams(*places)


def _places(number: int, table: type[Doctor | Patient] | None) -> dict[str, Any]:
    """Where the values of one row go."""
    row: dict[str, Any] = {
        name: bindparam(f"{name}_{number}", type_=getattr(Notification, name).type) for name in COLUMNS
    }
    if table is not None:
        key = Doctor.doctor_id if table is Doctor else Patient.patient_id
        found = select(table.user_id).where(key == bindparam(f"user_id_{number}", type_=Integer))
        row["user_id"] = found.scalar_subquery()
    return row


def _again(new: ColumnElement[datetime], now: ColumnElement[datetime]) -> list[tuple[str, Any]]:
    """In this order, because MySQL assigns one after the other. A row on its way right now is not called back."""
    in_flight = and_(Notification.claim_token.is_not(None), Notification.claimed_until_at > now)
    stays = and_(Notification.state == "waiting", Notification.due_at < new, not_(in_flight))
    return [
        ("due_at", case((stays, Notification.due_at), else_=new)),
        ("state", literal("waiting")),
        ("claim_token", None),
        ("claimed_until_at", None),
        ("attempts", 0),
        ("problem", None),
    ]


def facts_of(row: Notification) -> dict[str, Any]:
    return row.facts or {}


def claim(
    session: Session, *, token: str, most: int, lease: timedelta, now: datetime, busy: Collection[int] = ()
) -> list[Claimed]:
    """Up to `most` due rows, the longest due first, for the process with this token alone until the lease ends.

    `busy` are those that it is dealing with already: it does not forget them, however long they take.
    """
    due = _due(busy, now)
    ids = session.scalars(select(Notification.notification_id).where(due).order_by(Notification.due_at).limit(most))
    if not (seen := list(ids)):
        return []
    among_them = Notification.notification_id.in_(seen)
    session.connection().execute(
        update(Notification)
        .where(among_them, due)
        .values(claim_token=token, claimed_until_at=now + lease, attempts=Notification.attempts + 1)
    )
    mine = (
        select(Notification.notification_id, TelegramAccount.telegram_id)
        .outerjoin(TelegramAccount, TelegramAccount.user_id == Notification.user_id)
        .where(among_them, Notification.claim_token == token)
        .order_by(Notification.due_at)
    )
    return [Claimed(notification_id, chat_id) for notification_id, chat_id in session.execute(mine)]


def _due(busy: Collection[int], now: datetime) -> ColumnElement[bool]:
    """Waiting, and nobody's. What would have to wait for longer than anything does was put off by a clock that has
    been put back since."""
    until = Notification.claimed_until_at
    put_back = and_(Notification.claim_token.is_(None), until > now + LONGEST_WAIT)
    return and_(
        Notification.state == "waiting",
        Notification.due_at <= now,
        or_(until.is_(None), until <= now, put_back),
        Notification.notification_id.not_in(busy),
    )


def held(session: Session, *, notification_id: int, token: str, lease: timedelta, now: datetime) -> Notification | None:
    """The claimed row, with half the lease or more ahead. None when somebody else has it, or it is gone."""
    row = session.scalar(HELD, {"row": notification_id, "holder": token})
    if row is None or (row.claimed_until_at and row.claimed_until_at - now >= lease / 2):
        return row
    return row if _change(session, notification_id, token, {"claimed_until_at": now + lease}) else None


def settle(session: Session, *, notification_id: int, token: str, outcome: Outcome, now: datetime) -> None:
    """Write down what became of the row, unless it was called back meanwhile."""
    values: dict[str, Any] = {"state": outcome.state, "problem": outcome.problem[:MAX_PROBLEM] or None}
    if outcome.state == "waiting":
        values |= {"claim_token": None, "claimed_until_at": outcome.not_before}
    if outcome.state == "sent":
        values |= {"sent_at": now}
    if outcome.due_at:
        values |= {"due_at": outcome.due_at}
    _change(session, notification_id, token, values)


def _change(session: Session, notification_id: int, token: str, values: dict[str, Any]) -> int:
    """How many rows that were: none when it is somebody else's by now."""
    facts = values | {"row": notification_id, "holder": token}
    return session.connection().execute(_changes(tuple(values)), facts).rowcount


@cache
def _changes(names: tuple[str, ...]) -> Update:
    return update(Notification).where(MINE).values({name: bindparam(name) for name in names})


def postpone(
    session: Session,
    *,
    notification_id: int,
    token: str,
    problem: str,
    now: datetime,
    at_least: timedelta = timedelta(),
) -> None:
    """Try again, later with every attempt."""
    attempts = session.connection().scalar(ATTEMPTS, {"row": notification_id, "holder": token})
    if attempts is None:
        return
    wait = min(max(at_least, FIRST_WAIT * 2 ** min(attempts, 10)), LONGEST_WAIT)
    outcome = Outcome("waiting", problem, not_before=now + wait)
    settle(session, notification_id=notification_id, token=token, outcome=outcome, now=now)


def purge(session: Session, *, now: datetime) -> None:
    """Forget what was settled long ago, so many rows at a time."""
    settled = and_(Notification.state.in_(("sent", "skipped", "failed")), Notification.due_at <= now - KEPT)
    ids = list(session.scalars(select(Notification.notification_id).where(settled).limit(PURGED)))
    session.execute(delete(Notification).where(Notification.notification_id.in_(ids)))
