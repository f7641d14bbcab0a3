"""Authenticator apps. A code is good for its half minute and the one on either side, and only once.

Source: RFC 6238, 5.2. The secret is stored encrypted, and only after the app has shown a right code.
"""

from __future__ import annotations

from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import CodeSpent, LoginError, NotAllowed, WrongCode
from hospital_bot.keys import Keys
from hospital_bot.models import User
from hospital_bot.services import audit, otp, throttles
from hospital_bot.services.accounts import Actor

WINDOW = 1
"""Steps of 30 s that a telephone's clock may be off."""


def new_secret(keys: Keys) -> tuple[str, str]:
    """160 random bits: to show, and sealed, to keep in the conversation until `enable`."""
    clear = pyotp.random_base32()
    return clear, keys.seal(clear)


def provisioning_uri(clear: str, *, email: str, issuer: str) -> str:
    """What the QR picture says."""
    return pyotp.TOTP(clear).provisioning_uri(name=email, issuer_name=issuer)


def enable(session: Session, *, actor: Actor, sealed: str, typed: str, channel: str, keys: Keys, now: datetime) -> None:
    """From now on logins ask for the app. Raises WrongCode; NotAllowed while another app is enrolled.

    Raises CodeNeeded without a fresh proof: else whoever holds an open session could lock its owner out.
    """
    actor.require_fresh_proof(now)
    step = _step(keys.unseal(sealed), typed, now)
    if step is None:
        raise WrongCode
    enrolled = session.connection().execute(
        update(User)
        .where(User.user_id == actor.user_id, User.totp_secret.is_(None))
        .values(totp_secret=sealed, totp_last_step=step)
    )
    if not enrolled.rowcount:
        raise NotAllowed
    audit.record(session, actor_id=actor.user_id, action="totp.enable", channel=channel, now=now)


def disable(
    session: Session, *, user_id: int, typed: str, telegram_id: int, channel: str, keys: Keys, now: datetime
) -> None:
    """Logins ask for a mailed code again. Raises WrongCode or CodeSpent."""
    try:
        check(session, user_id=user_id, typed=typed, telegram_id=telegram_id, keys=keys, now=now)
    except LoginError as refusal:
        audit.record(session, actor_id=user_id, action="totp.disable", outcome=refusal.code, channel=channel, now=now)
        raise
    remove(session, user_id=user_id)
    audit.record(session, actor_id=user_id, action="totp.disable", channel=channel, now=now)


def give_up(session: Session, *, actor: Actor, channel: str, now: datetime) -> None:
    """A patient has lost the app, and may have codes mailed instead anyway. Raises CodeNeeded without a fresh proof;
    NotAllowed for staff, whose codes are the app's alone: the hospital's desk helps them."""
    actor.require_fresh_proof(now)
    if not actor.is_patient:
        raise NotAllowed
    remove(session, user_id=actor.user_id)
    audit.record(session, actor_id=actor.user_id, action="totp.disable", channel=channel, now=now)


def remove(session: Session, *, user_id: int) -> None:
    session.execute(update(User).where(User.user_id == user_id).values(totp_secret=None))


def is_enabled(session: Session, *, user_id: int, now: datetime) -> bool:  # noqa: ARG001 - every use case is given the time
    return session.scalar(select(User.totp_secret).where(User.user_id == user_id)) is not None


def check(session: Session, *, user_id: int, typed: str, telegram_id: int, keys: Keys, now: datetime) -> None:
    """Whether a logged-in person has the app at hand. Raises WrongCode, or CodeSpent after too many guesses."""
    key = throttles.user_key(user_id, own_telegram_id=telegram_id)
    if not throttles.reserve(session, key=key, now=now):
        raise CodeSpent
    sealed = session.scalar(select(User.totp_secret).where(User.user_id == user_id))
    accept(session, user_id=user_id, sealed=sealed or "", typed=typed, keys=keys, now=now)
    throttles.clear(session, key=key)


def accept(session: Session, *, user_id: int, sealed: str, typed: str, keys: Keys, now: datetime) -> None:
    """Use up the code: its step and all before it are over. Raises WrongCode. The caller counts the guess."""
    step = _step(keys.unseal(sealed), typed, now)
    if step is None:
        raise WrongCode
    used = session.connection().execute(
        update(User).where(User.user_id == user_id, User.totp_last_step < step).values(totp_last_step=step)
    )
    if not used.rowcount:
        raise WrongCode


def _step(secret: str | None, typed: str, now: datetime) -> int | None:
    """Which half minute this code belongs to; None for a wrong code."""
    code = otp.digits(typed)
    if secret is None or code is None:
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None
