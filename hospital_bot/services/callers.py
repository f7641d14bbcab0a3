"""Whoever calls the hospital about their account is helped: it is looked up, and mended.

The hospital has made sure that they are who they say. What is changed is written down, where patients see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hospital_bot import people
from hospital_bot.errors import BadInput, NotFound
from hospital_bot.models import Doctor, Patient, TelegramAccount, User
from hospital_bot.passwords import UNUSABLE
from hospital_bot.services import accounts, audit, emails, totp


@dataclass(frozen=True, slots=True)
class Account:
    """`joined`: they have set a password. `active`: False for a doctor who has left. `app`: an authenticator app is in
    use. `reach` is what the bot knows of their chat: `linked`, `blocked` or `not linked`."""

    user_id: int
    name: str
    email: str
    role: str
    patient_id: int | None
    doctor_id: int | None
    active: bool
    joined: bool
    app: bool
    reach: str


def find(session: Session, *, email: str, now: datetime) -> Account:  # noqa: ARG001 - every use case is told the time
    """Raises NotFound; BadInput for what is no address."""
    row = session.execute(
        select(User, Patient.patient_id, Doctor.doctor_id, Doctor.active, TelegramAccount)
        .outerjoin(Patient, Patient.user_id == User.user_id)
        .outerjoin(Doctor, Doctor.user_id == User.user_id)
        .outerjoin(TelegramAccount, TelegramAccount.user_id == User.user_id)
        .where(User.email == people.email(email))
    ).one_or_none()
    if row is None:
        raise NotFound
    user, patient_id, doctor_id, active, chat = row
    return Account(
        user.user_id,
        user.name,
        user.email,
        user.role,
        patient_id,
        doctor_id,
        active is not False,
        user.password != UNUSABLE,
        user.totp_secret is not None,
        "not linked" if chat is None else "blocked" if chat.blocked_at else "linked",
    )


def rename(session: Session, *, account: Account, name: str, now: datetime) -> str:
    """The name as it is kept. Raises BadInput."""
    name = people.name(name)
    session.execute(update(User).where(User.user_id == account.user_id).values(name=name))
    _note(session, account, "name.change", now)
    return name


def change_email(session: Session, *, account: Account, email: str, now: datetime) -> str:
    """The address as it is kept; they log in again, with a code that goes there. Raises BadInput, also `taken`."""
    email = people.email(email)
    emails.replace(session, user_id=account.user_id, email=email, now=now)
    accounts.end_session(session, user_id=account.user_id)
    _note(session, account, "email.change", now)
    return email


def take_app_away(session: Session, *, account: Account, now: datetime) -> None:
    """The telephone with the authenticator app is lost, and whoever has it is logged out: codes go by mail again.
    Raises BadInput where no app is in use."""
    if not account.app:
        raise BadInput("app", "not_in_use")
    totp.remove(session, user_id=account.user_id)
    accounts.shut_out(session, user_id=account.user_id)
    _note(session, account, "totp.disable", now)


def _note(session: Session, account: Account, action: str, now: datetime) -> None:
    audit.record(
        session,
        actor_id=None,
        patient_id=account.patient_id,
        action=action,
        subject=f"user:{account.user_id}",
        channel=audit.COMMANDS,
        now=now,
    )
