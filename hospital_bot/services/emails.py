"""Another e-mail address for an account.

It counts once a code from there has come back: till then the account's codes go to the old one. Whether the new
address has an account of its own is never told: its code is made, counted and limited just the same, but not mailed
(the caller mails a hint instead), and confirms nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import BadInput, WrongCode
from hospital_bot.keys import Keys
from hospital_bot.models import User
from hospital_bot.services import audit, otp, registration, throttles

OPEN_TO_THE_OLD: tuple[otp.Purpose, ...] = ("login", "stepup", "reset", "email", "invite")
"""What the codes are for that the old address may still hold."""


def request_change(
    session: Session, *, user_id: int, email: str, channel: str, keys: Keys, now: datetime
) -> str | None:
    """The code to mail to the new address; None when that has an account: mail a hint that says so instead.

    For a logged-in person whose present password was just checked. Raises Busy or WaitForCode.
    """
    throttles.pass_source(session, source=channel, now=now)
    bound = _bound(channel, email, keys)
    code = otp.issue(session, user_id=user_id, purpose="email", channel=bound, keys=keys, now=now)
    return None if registration.is_account(session, email) else code


def change(session: Session, *, user_id: int, email: str, typed: str, channel: str, keys: Keys, now: datetime) -> None:
    """The address that the code came from is the account's; this session stays. Raises WrongCode or CodeSpent."""
    bound = _bound(channel, email, keys)
    otp.redeem(session, user_id=user_id, purpose="email", channel=bound, typed=typed, keys=keys, now=now)
    try:
        replace(session, user_id=user_id, email=email, now=now)
    except BadInput:
        raise WrongCode from None
    session.execute(update(User).where(User.user_id == user_id).values(verified_at=now))
    audit.record(session, actor_id=user_id, action="email.change", channel=channel, now=now)


def replace(session: Session, *, user_id: int, email: str, now: datetime) -> None:
    """Tokens of the API end, and what the old address may still hold. Raises BadInput, `taken`."""
    registration.drop_shells(session, [email])
    if session.scalar(select(User.user_id).where(User.email == email)):
        raise BadInput("email", "taken")
    values = {"email": email, "token_version": User.token_version + 1}
    session.execute(update(User).where(User.user_id == user_id).values(values))
    for purpose in OPEN_TO_THE_OLD:
        otp.kill(session, user_id=user_id, purpose=purpose, now=now)


def _bound(channel: str, email: str, keys: Keys) -> str:
    """A code is good in the chat that asked for it, and for the address that it was mailed to."""
    return keys.codes.digest("email", channel, email)
