"""A patient registers: details are given in the chat, the e-mail is proven by a code, then the account exists.

Until the code comes back from the same chat, the table holds a *shell*: the e-mail and nothing else. Were the
details stored before, somebody could register a stranger's address with a password of their own, wait until
the stranger registers too, and own the account that the stranger confirms. So name, password and the rest come
with the code, and the first chat to prove the address has it.

Whether an address is registered already is never told: a code is made, counted and limited for it just the
same, but not mailed (the caller mails a hint instead), and no code confirms it. The code belongs to a *stand-in*,
a shell under an address of ours, so that even the `user_id` that the API gives out is a fresh one either way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from hospital_bot import people
from hospital_bot.errors import AlreadyPatient, NotAllowed, WrongCode
from hospital_bot.keys import Keys
from hospital_bot.models import Patient, User
from hospital_bot.passwords import UNUSABLE
from hospital_bot.services import accounts, audit, otp, throttles
from hospital_bot.services.accounts import Actor

SHELL_LIFE = timedelta(days=1)

SHELL = and_(
    User.role == "patient",
    User.password == UNUSABLE,
    User.verified_at.is_(None),
    ~exists().where(Patient.user_id == User.user_id),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """`code` is mailed to `email`; None when the address has an account: mail a hint that says so instead."""

    user_id: int
    email: str
    code: str | None = field(repr=False)


def register(
    session: Session, *, email: str, channel: str, keys: Keys, now: datetime, source: str | None = None
) -> Pending:
    """Begin. Raises Busy or WaitForCode, alike for known and unknown addresses.

    `channel` is whom the code is bound to, `source` where the wish comes from, if that is not the same; empty where
    that was counted before.
    """
    if source != "":
        throttles.pass_source(session, source=source or channel, now=now)
    stand_in = f"{keys.codes.digest('stand-in', email)[:32]}{people.NO_MAIL}"
    found = session.execute(
        select(User.user_id, User.email, SHELL.label("is_shell")).where(User.email.in_((email, stand_in)))
    ).all()
    is_account = any(not person.is_shell for person in found)
    shells = [person.user_id for person in found if person.is_shell and (person.email == stand_in) == is_account]
    user_id = shells[0] if shells else _add_shell(session, stand_in if is_account else email, now)
    code = otp.issue(session, user_id=user_id, purpose="verify", channel=channel, keys=keys, now=now)
    return Pending(user_id, email, None if is_account else code)


def confirm_registration(
    session: Session,
    *,
    user_id: int,
    email: str,
    typed: str,
    name: str,
    phone: str,
    address: str,
    password_hash: str,
    telegram_id: int,
    channel: str,
    keys: Keys,
    now: datetime,
    consent: str | None = None,
) -> Actor:
    """Open the account and log in: `user_id` and `email` as in Pending. Raises WrongCode or CodeSpent.

    `consent` is the version of the wording that the person agreed to.
    """
    otp.redeem(session, user_id=user_id, purpose="verify", channel=channel, typed=typed, keys=keys, now=now)
    _open(session, user_id, email, name, password_hash, now, consent)
    patient_id = _add_patient(session, user_id, address, phone)
    accounts.link(session, telegram_id=telegram_id, user_id=user_id, role="patient", now=now)
    audit.record(session, actor_id=user_id, patient_id=patient_id, action="register", channel=channel, now=now)
    return Actor(user_id, name, email, "patient", patient_id, None, proved_at=now)


def confirm_user(
    session: Session,
    *,
    user_id: int,
    email: str,
    typed: str,
    name: str,
    password_hash: str,
    channel: str,
    keys: Keys,
    now: datetime,
) -> None:
    """Open the account of a user who is no patient yet. Raises WrongCode or CodeSpent."""
    otp.redeem(session, user_id=user_id, purpose="verify", channel=channel, typed=typed, keys=keys, now=now)
    _open(session, user_id, email, name, password_hash, now)
    audit.record(session, actor_id=user_id, action="register.user", channel=channel, now=now)


def register_patient(
    session: Session, *, actor: Actor, user_id: int, address: str, phone: str, channel: str, now: datetime
) -> int:
    """The patient_id of the user who asks. Raises NotAllowed for anybody else, AlreadyPatient the second time.

    Whom `admit` has made a patient meanwhile has told nothing yet: that is done now.
    """
    actor.require_user(user_id)
    if not actor.is_patient:
        raise NotAllowed
    if actor.patient_id is None:
        patient_id = _add_patient(session, user_id, address, phone)
    else:
        patient_id = actor.patient_id
        _complete(session, patient_id, address, phone)
    audit.record(session, actor_id=user_id, patient_id=patient_id, action="register", channel=channel, now=now)
    return patient_id


def admit(session: Session, *, actor: Actor, channel: str, now: datetime) -> int:
    """The patient_id of somebody who comes to the chat with an account and no more: address and phone can follow.
    Raises NotAllowed for staff."""
    if actor.patient_id is not None:
        return actor.patient_id
    if not actor.is_patient:
        raise NotAllowed
    patient_id = _add_patient(session, actor.user_id, None, None)
    audit.record(session, actor_id=actor.user_id, patient_id=patient_id, action="register", channel=channel, now=now)
    return patient_id


def purge(session: Session, *, now: datetime) -> int:
    """Remove addresses that nobody confirmed within a day."""
    old = and_(SHELL, User.created_at <= now - SHELL_LIFE)
    return session.connection().execute(delete(User).where(old)).rowcount


def is_account(session: Session, email: str) -> bool:
    """Whether this is somebody's address, proven or given by the hospital."""
    return session.scalar(select(User.user_id).where(User.email == email, ~SHELL)) is not None


def drop_shells(session: Session, emails: list[str]) -> None:
    """An address that nobody confirmed can't keep the hospital from adding its owner."""
    session.execute(delete(User).where(User.email.in_(emails), SHELL))


def _open(
    session: Session, user_id: int, email: str, name: str, password_hash: str, now: datetime, consent: str | None = None
) -> None:
    """Not a stand-in's: its address isn't the one that was asked for."""
    opened = session.connection().execute(
        update(User)
        .where(User.user_id == user_id, User.email == email, SHELL)
        .values(
            name=name,
            password=password_hash,
            verified_at=now,
            consent_version=consent,
            consented_at=now if consent else None,
        )
    )
    if not opened.rowcount:
        raise WrongCode


def _complete(session: Session, patient_id: int, address: str, phone: str) -> None:
    empty = and_(Patient.patient_id == patient_id, Patient.address.is_(None), Patient.phone_number.is_(None))
    told = update(Patient).where(empty).values(address=address, phone_number=phone)
    if not session.connection().execute(told).rowcount:
        raise AlreadyPatient


def _add_patient(session: Session, user_id: int, address: str | None, phone: str | None) -> int:
    added = session.connection().execute(insert(Patient).values(user_id=user_id, address=address, phone_number=phone))
    patient_id: int = added.lastrowid
    return patient_id


def _add_shell(session: Session, email: str, now: datetime) -> int:
    row = {"name": "", "email": email, "password": UNUSABLE, "role": "patient", "created_at": now}
    added = session.connection().execute(insert(User).values(**row))
    user_id: int = added.lastrowid
    return user_id
