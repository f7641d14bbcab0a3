"""Counted attempts, in the database, so that every process and every way in shares one count.

An attempt is counted before it is looked at: two hundred at once are still five. Keys:

    user:12           somebody tries to be user 12, from anywhere
    user:12@tg:55     the same, from the Telegram account that user 12 logged in on last: strangers who fail
                      elsewhere can't lock the owner out here
    email:<digest>    nobody has this address; it behaves alike
    tg:55             everything this Telegram account tries, against whomever
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Insert, Update, and_, case, delete, exists, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import Busy, Conflict
from hospital_bot.models import Instant, Throttle

FREE = 5
"""Failures in a row before the first wait."""
WAITS = tuple(min(30 * 2**step, 3600) for step in range(8))
"""Seconds to wait after the fifth failure, the sixth, and so on. Source: NIST 800-63B-4, 3.2.2."""
LAST = 100
"""Failures in a row after which only a reset by e-mail helps. Source: as above."""
KEPT = timedelta(days=90)
"""How long failures against a person count, when no success ends them."""
SOURCE_LIMIT = 20
SOURCE_PERIOD = timedelta(minutes=1)


def user_key(user_id: int, *, own_telegram_id: int | None = None) -> str:
    """`own_telegram_id` is given when the attempt comes from the account that is linked to the user."""
    return f"user:{user_id}" + (f"@tg:{own_telegram_id}" if own_telegram_id else "")


def reserve(session: Session, *, key: str, now: datetime) -> bool:
    """Count an attempt; False when it must not be made now."""
    free = and_(Throttle.attempts < LAST, or_(Throttle.blocked_until_at.is_(None), Throttle.blocked_until_at <= now))
    waits = {FREE - 1 + step: now + timedelta(seconds=seconds) for step, seconds in enumerate(WAITS)}
    longest = now + timedelta(seconds=WAITS[-1])
    blocked = case(
        *((Throttle.attempts == count, literal(until, Instant)) for count, until in waits.items()),
        (Throttle.attempts >= FREE, literal(longest, Instant)),
    )
    counted = (
        update(Throttle)
        .where(Throttle.key == key, free)
        .ordered_values(  # MySQL assigns from left to right: the wait is chosen by the count before this one
            (Throttle.blocked_until_at, blocked),
            (Throttle.attempts, Throttle.attempts + 1),
            (Throttle.updated_at, now),
        )
    )
    return _changed(session, counted) or _begin(session, key, now)


def is_full(session: Session, *, key: str) -> bool:
    """Whether the attempt just counted was the last before the first wait."""
    return session.scalar(select(Throttle.attempts).where(Throttle.key == key)) == FREE


def give_back(session: Session, *, key: str) -> None:
    """The attempt was right: it and the wait it caused don't count. Those before it do."""
    session.execute(
        update(Throttle)
        .where(Throttle.key == key, Throttle.attempts > 0)
        .values(attempts=Throttle.attempts - 1, blocked_until_at=None)
    )


def clear(session: Session, *, key: str) -> None:
    """Success: what failed before under this key is forgotten."""
    session.execute(delete(Throttle).where(Throttle.key == key))


def clear_user(session: Session, *, user_id: int) -> None:
    """Success by a proof that the attempts don't share: a reset by e-mail, an invitation."""
    session.execute(
        delete(Throttle).where(or_(Throttle.key == user_key(user_id), Throttle.key.like(f"user:{user_id}@%")))
    )


def pass_source(session: Session, *, source: str, now: datetime) -> None:
    """Count what comes from one place, whomever it is about. Raises Busy beyond 20 a minute."""
    free = or_(Throttle.updated_at <= now - SOURCE_PERIOD, Throttle.attempts < SOURCE_LIMIT)
    counted = _count(source, SOURCE_PERIOD, now).where(free)
    if not (_changed(session, counted) or _begin(session, source, now)):
        raise Busy


def count(session: Session, *, key: str, period: timedelta, now: datetime) -> int:
    """How often this came in its present period, now included; a period begins with its first."""
    if _changed(session, _count(key, period, now)):
        return session.scalar(select(Throttle.attempts).where(Throttle.key == key)) or 0
    if not _begin(session, key, now):
        raise Conflict
    return 1


def purge(session: Session, *, now: datetime) -> int:
    """Forget what is a day old; failures against a person, which a success ends, after KEPT."""
    stale = Throttle.updated_at < now - timedelta(days=1)
    old = or_(and_(stale, Throttle.key.not_like("user:%")), Throttle.updated_at < now - KEPT)
    return session.connection().execute(delete(Throttle).where(old)).rowcount


def _count(key: str, period: timedelta, now: datetime) -> Update:
    """One more, or the first of a new period."""
    over = Throttle.updated_at <= now - period
    return (
        update(Throttle)
        .where(Throttle.key == key)
        .ordered_values(  # as above: `updated_at`, where the period began, is read before it changes
            (Throttle.attempts, case((over, 1), else_=Throttle.attempts + 1)),
            (Throttle.updated_at, case((over, literal(now, Instant)), else_=Throttle.updated_at)),
        )
    )


def _changed(session: Session, statement: Update | Insert) -> bool:
    return session.connection().execute(statement).rowcount == 1


def _begin(session: Session, key: str, now: datetime) -> bool:
    """The first attempt of this key. Two first attempts at once meet at the primary key, and one is run again."""
    known = exists().where(Throttle.key == key)
    row = select(literal(key), literal(1), literal(now, Instant)).where(~known)
    return _changed(session, insert(Throttle).from_select(["key", "attempts", "updated_at"], row))
