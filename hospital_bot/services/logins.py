"""Logging in: e-mail and password, then a one-time code, by mail or from the authenticator app.

    begin_password ──► hash, outside any transaction ──► finish_password ──► login_code ──► login

The attempt is counted, and committed, before the password is looked at: killed half-way, it still counts.
Unknown, wrong, locked and unverified people get the same answer in the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.orm import Session

from hospital_bot import passwords
from hospital_bot.errors import CodeSpent, LoginError, NotLoggedIn, WrongCredentials
from hospital_bot.keys import Keys
from hospital_bot.models import Doctor, OtpCode, Patient, TelegramAccount, User
from hospital_bot.services import accounts, audit, news, otp, throttles, totp
from hospital_bot.services.accounts import Actor

Person = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """The hash to check the typed password against, for `finish_password` to judge. `user_id` is None for nobody."""

    user_id: int | None
    stored: str = field(repr=False)
    throttle: str
    """Where the attempt was counted; empty for one that must not be made now."""
    token_version: int = 0
    """As long as the password is this one. A token with it is worth nothing when it was changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """`app`: ask for the authenticator app's code. `mail`: mail this code to this address after COMMIT.

    `token_version` is for `login`: the password must still be the same then.
    `may_mail`: whoever has not got the app at hand may have a code mailed instead.
    """

    method: Literal["app", "mail"]
    email: str
    code: str | None = field(repr=False)
    token_version: int
    may_mail: bool = True


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`replaced_telegram_id`: the chat where the person was logged in before; tell it, for it no longer is."""

    actor: Actor
    replaced_telegram_id: int | None


def begin_password(
    session: Session, *, email: str, source: str, telegram_id: int | None, keys: Keys, now: datetime
) -> PasswordCheck:
    """Count the attempt; commit before hashing. `telegram_id` is None outside Telegram. Raises Busy."""
    throttles.pass_source(session, source=source, now=now)
    found = session.execute(
        select(User.user_id, User.password, User.token_version, TelegramAccount.telegram_id)
        .outerjoin(TelegramAccount, _linked(telegram_id))
        .outerjoin(Doctor, Doctor.user_id == User.user_id)
        .where(User.email == email, accounts.HERE)
    ).first()
    if found is None:
        key = f"email:{keys.throttles.digest(email)}"
        throttles.reserve(session, key=key, now=now)
        return PasswordCheck(None, passwords.DUMMY, key)
    key = throttles.user_key(found.user_id, own_telegram_id=found.telegram_id)
    if not throttles.reserve(session, key=key, now=now):
        return PasswordCheck(None, passwords.DUMMY, "")
    return PasswordCheck(found.user_id, found.password, key, found.token_version)


def shed_password(session: Session, *, check: PasswordCheck, now: datetime) -> None:  # noqa: ARG001 - every use case is given the time
    """Nobody had time to look at the attempt: it does not count."""
    if check.throttle:
        throttles.give_back(session, key=check.throttle)


def finish_password(session: Session, *, check: PasswordCheck, correct: bool, channel: str, now: datetime) -> int:
    """Whose password it was. Raises WrongCredentials: unknown, wrong or locked are never told apart."""
    if check.user_id is None or not correct:
        audit.record(
            session,
            actor_id=check.user_id,
            action="login.password",
            outcome=WrongCredentials.code,
            channel=channel,
            now=now,
        )
        if check.user_id:
            _warn(session, check.user_id, check.throttle, now)
        raise WrongCredentials
    throttles.give_back(session, key=check.throttle)
    return check.user_id


def login_code(
    session: Session,
    *,
    user_id: int,
    channel: str,
    keys: Keys,
    now: datetime,
    token_version: int | None = None,
    by_mail: bool = False,
    purpose: otp.Purpose = "login",
) -> Challenge:
    """The second factor, once the password was right, and again for another code. Raises WaitForCode, or NotLoggedIn.

    With `token_version` NotLoggedIn is raised for a password that was changed after it was right.
    `purpose` is `stepup` for `prove_again`.
    `by_mail` is for a patient without the app at hand. Staff see other people's data: theirs is the app alone.
    """
    whose = select(User.email, User.role, User.totp_secret, User.token_version)
    person = session.execute(
        whose.outerjoin(Doctor, Doctor.user_id == User.user_id).where(User.user_id == user_id, accounts.HERE)
    ).first()
    if person is None or token_version not in (None, person.token_version):
        raise NotLoggedIn
    if _asks_app(person, by_mail=by_mail):
        return Challenge("app", person.email, None, person.token_version, may_mail=person.role == "patient")
    code = otp.issue(session, user_id=user_id, purpose=purpose, channel=channel, keys=keys, now=now)
    return Challenge("mail", person.email, code, person.token_version)


def login(
    session: Session,
    *,
    user_id: int,
    typed: str,
    telegram_id: int,
    channel: str,
    keys: Keys,
    now: datetime,
    token_version: int | None = None,
    by_mail: bool = False,
) -> LoggedIn:
    """Log in on this Telegram account and nowhere else. Raises WrongCode or CodeSpent, after counting the try.

    `by_mail` and `token_version` as for `login_code`, and NotLoggedIn as there.
    """
    person = _person(session, user_id, channel, now)
    if token_version not in (None, person.token_version):
        raise NotLoggedIn
    own = telegram_id if person.telegram_id == telegram_id else None
    _prove(session, person, own, channel, typed, keys, now, by_mail=by_mail)
    accounts.link(session, telegram_id=telegram_id, user_id=user_id, role=person.role, now=now)
    if replaced := None if own else person.telegram_id:
        news.logged_out(session, user_id=user_id, old_telegram_id=replaced, now=now)
    audit.record(session, actor_id=user_id, action="login", channel=channel, now=now)
    who = (user_id, person.name, person.email, person.role, person.patient_id, person.doctor_id)
    return LoggedIn(Actor(*who, proved_at=now), replaced)


def step_up(session: Session, *, user_id: int, typed: str, channel: str, keys: Keys, now: datetime) -> None:
    """The code that makes a session by password alone a proven one, outside Telegram. Raises as `login` does."""
    _prove(session, _person(session, user_id, channel, now), None, channel, typed, keys, now, by_mail=False)
    audit.record(session, actor_id=user_id, action="login", channel=channel, now=now)


def prove_again(
    session: Session,
    *,
    user_id: int,
    typed: str,
    telegram_id: int,
    channel: str,
    keys: Keys,
    now: datetime,
    by_mail: bool = False,
) -> None:
    """A fresh code from somebody who is logged in on this Telegram account. Raises as `login`."""
    person = _person(session, user_id, channel, now, purpose="stepup")
    _prove(session, person, telegram_id, channel, typed, keys, now, by_mail=by_mail, purpose="stepup")
    session.execute(
        update(TelegramAccount)
        .where(TelegramAccount.user_id == user_id, TelegramAccount.telegram_id == telegram_id)
        .values(proved_at=now)
    )
    audit.record(session, actor_id=user_id, action="prove", channel=channel, now=now)


def set_password_hash(session: Session, *, user_id: int, stored: str, password_hash: str, now: datetime) -> None:  # noqa: ARG001 - every use case is given the time
    """The same password, hashed in today's way; nothing, if it is not that of `stored` any more."""
    same = and_(User.user_id == user_id, User.password == stored)
    session.execute(update(User).where(same).values(password=password_hash))


def _linked(telegram_id: int | None) -> ColumnElement[bool]:
    return and_(TelegramAccount.user_id == User.user_id, TelegramAccount.telegram_id == telegram_id)


def _person(session: Session, user_id: int, channel: str, now: datetime, *, purpose: otp.Purpose = "login") -> Person:
    """All that a login needs to know, in one read. Raises NotLoggedIn for a doctor who has left, too."""
    found = session.execute(
        select(
            User.user_id,
            User.name,
            User.email,
            User.role,
            User.verified_at,
            User.totp_secret,
            User.token_version,
            Patient.patient_id,
            Doctor.doctor_id,
            TelegramAccount.telegram_id,
            OtpCode.otp_id,
            OtpCode.code,
        )
        .outerjoin(Patient, Patient.user_id == User.user_id)
        .outerjoin(Doctor, Doctor.user_id == User.user_id)
        .outerjoin(TelegramAccount, TelegramAccount.user_id == User.user_id)
        .outerjoin(OtpCode, otp.open_for(User.user_id, purpose, channel, now))
        .where(User.user_id == user_id, accounts.HERE)
    ).first()
    if found is None:
        raise NotLoggedIn
    return found


def _asks_app(person: Person, *, by_mail: bool) -> bool:
    return bool(person.totp_secret) and not (by_mail and person.role == "patient")


def _prove(
    session: Session,
    person: Person,
    own_telegram_id: int | None,
    channel: str,
    typed: str,
    keys: Keys,
    now: datetime,
    *,
    by_mail: bool,
    purpose: otp.Purpose = "login",
) -> None:
    """Count the try, then look at the code."""
    user_id = person.user_id
    key = throttles.user_key(user_id, own_telegram_id=own_telegram_id)
    try:
        if not throttles.reserve(session, key=key, now=now):
            raise CodeSpent
        if _asks_app(person, by_mail=by_mail):
            totp.accept(session, user_id=user_id, sealed=person.totp_secret, typed=typed, keys=keys, now=now)
        else:
            _prove_by_mail(session, person, channel, typed, keys, now, purpose)
    except LoginError as refusal:
        audit.record(session, actor_id=user_id, action="login.code", outcome=refusal.code, channel=channel, now=now)
        _warn(session, user_id, key, now)
        raise
    throttles.clear(session, key=key)


def _warn(session: Session, user_id: int, key: str, now: datetime) -> None:
    """Once, when somebody who is not on the owner's own Telegram account has to wait from now on."""
    if key == throttles.user_key(user_id) and throttles.is_full(session, key=key):
        news.guessed(session, user_id=user_id, now=now)


def _prove_by_mail(
    session: Session, person: Person, channel: str, typed: str, keys: Keys, now: datetime, purpose: otp.Purpose
) -> None:
    expected = otp.Expected(person.otp_id, person.code, person.user_id, purpose, channel)
    otp.settle(session, expected, typed=typed, keys=keys, now=now)
    if person.verified_at is None:
        session.execute(update(User).where(User.user_id == person.user_id).values(verified_at=now))
