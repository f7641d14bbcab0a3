"""A new password: after a code by mail for who forgot it, or from a session for who knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import LoginError, WaitForCode, WrongCode
from hospital_bot.keys import Keys
from hospital_bot.models import User
from hospital_bot.passwords import UNUSABLE
from hospital_bot.services import accounts, audit, otp, throttles


@dataclass(frozen=True, slots=True)
class Reset:
    """Keep `user_id` for `reset_password`. `code`, if there is one, is mailed to `email`; the answer is the same."""

    user_id: int | None
    email: str
    code: str | None = field(repr=False)


def request_reset(session: Session, *, email: str, channel: str, keys: Keys, now: datetime) -> Reset:
    """Never says whether the address has an account, nor that codes were asked for too often: raises Busy alone.

    A person who has never set a password has nothing to reset: an invitation or a registration does that.
    """
    throttles.pass_source(session, source=channel, now=now)
    without = and_(User.password == UNUSABLE, User.verified_at.is_(None))
    user_id = session.scalar(select(User.user_id).where(User.email == email, ~without))
    if user_id is None:
        return Reset(None, email, None)
    try:
        code = otp.issue(session, user_id=user_id, purpose="reset", channel=channel, keys=keys, now=now)
    except WaitForCode:
        return Reset(user_id, email, None)
    return Reset(user_id, email, code)


def reset_password(
    session: Session,
    *,
    user_id: int | None,
    typed: str,
    password_hash: str,
    channel: str,
    keys: Keys,
    now: datetime,
) -> None:
    """Set the password, end every session and every lock. Raises WrongCode, whatever is wrong.

    Guesses are limited by the code's own five tries and ten codes a day, not by the lock on the password:
    this is the way out of that lock.
    """
    if user_id is None:
        raise WrongCode
    try:
        otp.redeem(session, user_id=user_id, purpose="reset", channel=channel, typed=typed, keys=keys, now=now)
    except LoginError:
        audit.record(
            session, actor_id=user_id, action="password.reset", outcome=WrongCode.code, channel=channel, now=now
        )
        raise WrongCode from None
    replace_password(session, user_id=user_id, password_hash=password_hash, verified_at=now)
    accounts.end_session(session, user_id=user_id)
    throttles.clear_user(session, user_id=user_id)
    audit.record(session, actor_id=user_id, action="password.reset", channel=channel, now=now)


def change_password(session: Session, *, user_id: int, password_hash: str, channel: str, now: datetime) -> None:
    """For a logged-in person whose present password was just checked; tokens of the API end, this session stays."""
    replace_password(session, user_id=user_id, password_hash=password_hash)
    audit.record(session, actor_id=user_id, action="password.change", channel=channel, now=now)


def replace_password(
    session: Session, *, user_id: int, password_hash: str, verified_at: datetime | None = None
) -> None:
    """`verified_at` is given when the new password came with a proof of the e-mail address."""
    values = {"password": password_hash, "token_version": User.token_version + 1}
    if verified_at:
        values["verified_at"] = func.coalesce(User.verified_at, verified_at)
    session.execute(update(User).where(User.user_id == user_id).values(values))
