"""One-time codes of six digits, sent by mail: each for one purpose in one chat, for five minutes, once.

The table keeps a keyed digest. A caller that catches WrongCode or CodeSpent must let the transaction commit:
the try is counted in it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

import pyotp
from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from hospital_bot.errors import CodeSpent, WaitForCode, WrongCode
from hospital_bot.keys import Keys
from hospital_bot.models import OtpCode, User

Purpose = Literal["login", "verify", "reset", "stepup", "invite", "email"]

LIFE = timedelta(minutes=5)
TRIES = 5
GAP = timedelta(seconds=60)
LIMITS = ((timedelta(hours=1), 5), (timedelta(days=1), 10))
"""How many codes a person is sent for one purpose. Source: NIST 800-63B-4, 3.1.3.2, and our own care."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A code as it was stored, and what it is bound to; `otp_id` is None when there is none to use."""

    otp_id: int | None
    stored: str | None
    user_id: int
    purpose: Purpose
    channel: str


_SIX_DIGITS = re.compile("[0-9]{6}", re.ASCII)


def issue(session: Session, *, user_id: int, purpose: Purpose, channel: str, keys: Keys, now: datetime) -> str:
    """A new code, to be mailed after COMMIT; the older ones for this purpose are dead. Raises WaitForCode."""
    sent = _sent(session, user_id, purpose, now)
    if wait := _wait(sent, now):
        raise WaitForCode(wait)
    if sent:
        kill(session, user_id=user_id, purpose=purpose, now=now)
    code = pyotp.HOTP(pyotp.random_base32()).at(0)
    digest = _digest(keys, user_id, purpose, channel, code)
    store(session, user_id=user_id, purpose=purpose, channel=channel, digest=digest, expires_at=now + LIFE, now=now)
    return code


def redeem(
    session: Session, *, user_id: int, purpose: Purpose, channel: str, typed: str, keys: Keys, now: datetime
) -> None:
    """Use up the code. Raises WrongCode, or CodeSpent when no try is left to it; both after counting the try."""
    found = session.execute(
        select(OtpCode.otp_id, OtpCode.code).where(open_for(user_id, purpose, channel, now))
    ).first()
    otp_id, stored = found or (None, None)
    settle(session, Expected(otp_id, stored, user_id, purpose, channel), typed=typed, keys=keys, now=now)


def open_for(
    user_id: int | InstrumentedAttribute[int], purpose: Purpose, channel: str, now: datetime
) -> ColumnElement[bool]:
    """The code that can still be used, for a caller that reads it along with other things."""
    return and_(_live(user_id, purpose, now), OtpCode.channel == channel, OtpCode.tries < TRIES)


def settle(session: Session, expected: Expected, *, typed: str, keys: Keys, now: datetime) -> None:
    """The second half of `redeem`: compare, count the try, use up. Raises as it does."""
    if expected.otp_id is None or expected.stored is None:
        raise CodeSpent
    code = digits(typed)
    made = _digest(keys, expected.user_id, expected.purpose, expected.channel, code or "")
    right = code is not None and hmac.compare_digest(expected.stored, made)
    if not use(session, otp_id=expected.otp_id, right=right, now=now):
        raise CodeSpent
    if not right:
        raise WrongCode


def digits(typed: str) -> str | None:
    """The six ASCII digits that were typed, perhaps as `123 456` or `123-456`; None for anything else."""
    code = typed[:64].translate({ord(" "): None, ord("-"): None})
    return code if _SIX_DIGITS.fullmatch(code) else None


def store(
    session: Session,
    *,
    user_id: int,
    purpose: Purpose,
    channel: str,
    digest: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    row = {"user_id": user_id, "purpose": purpose, "channel": channel, "code": digest}
    session.execute(insert(OtpCode).values(**row, created_at=now, expires_at=expires_at))


def kill(session: Session, *, user_id: int, purpose: Purpose, now: datetime) -> None:
    """No code given out so far for this purpose works any more; it still counts as sent."""
    session.execute(update(OtpCode).where(_live(user_id, purpose, now)).values(expires_at=now))


def kill_all(session: Session, *, user_id: int, now: datetime) -> None:
    """As `kill`, for every purpose: invitations, too."""
    for purpose in get_args(Purpose):
        kill(session, user_id=user_id, purpose=purpose, now=now)


def use(session: Session, *, otp_id: int, right: bool, now: datetime) -> bool:
    """Count one try, and with the right code end it. False when somebody else was first, or the tries are over."""
    used = session.connection().execute(
        update(OtpCode)
        .where(OtpCode.otp_id == otp_id, OtpCode.used_at.is_(None), OtpCode.tries < TRIES, OtpCode.expires_at > now)
        .values(tries=OtpCode.tries + 1, used_at=now if right else None)
    )
    return used.rowcount == 1


def purge(session: Session, *, now: datetime) -> int:
    """Remove what is over and no longer counts against a limit."""
    over = and_(OtpCode.expires_at <= now, OtpCode.created_at <= now - LIMITS[-1][0])
    return session.connection().execute(delete(OtpCode).where(over)).rowcount


def _live(user_id: int | InstrumentedAttribute[int], purpose: str, now: datetime) -> ColumnElement[bool]:
    return and_(
        OtpCode.user_id == user_id, OtpCode.purpose == purpose, OtpCode.used_at.is_(None), OtpCode.expires_at > now
    )


def _sent(session: Session, user_id: int, purpose: str, now: datetime) -> list[datetime]:
    """When codes were sent within a day, newest first. Locks the person: two chats can't both ask in one second."""
    mine = and_(OtpCode.user_id == User.user_id, OtpCode.purpose == purpose, OtpCode.created_at > now - LIMITS[-1][0])
    asked = select(OtpCode.created_at).select_from(User).outerjoin(OtpCode, mine).where(User.user_id == user_id)
    return sorted(filter(None, session.scalars(asked.with_for_update())), reverse=True)


def _wait(sent: list[datetime], now: datetime) -> int:
    """Seconds until the next code may be asked for; 0 when that is now."""
    rules = ((GAP, 1), *LIMITS)
    ends = [sent[count - 1] + period for period, count in rules if len(sent) >= count]
    return max(0, *(round((end - now).total_seconds()) for end in ends), 0) if ends else 0


def _digest(keys: Keys, user_id: int, purpose: str, channel: str, code: str) -> str:
    return keys.codes.digest(user_id, purpose, channel, code)
