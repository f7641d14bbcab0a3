"""Who a person is, and on which Telegram account they are logged in: one to one, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from hospital_bot.errors import CodeNeeded, NotAllowed, NotLoggedIn
from hospital_bot.models import Doctor, Instant, Patient, TelegramAccount, User
from hospital_bot.services import audit

PATIENT_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=24)
"""Source: NIST 800-63B-4, AAL1 and AAL2."""
FRESH = timedelta(minutes=15)
"""How long a one-time code counts for records and what can't be taken back. Source: NIST 800-63B-4, AAL2, and our own
care."""
HERE = or_(Doctor.active.is_(None), Doctor.active)
"""Not a doctor who has left; where doctors, if any, are joined to users."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in person. `proved_at` is the instant of the last one-time code; None with a password alone."""

    user_id: int
    name: str
    email: str
    role: str
    """`patient`, `doctor` or `admin`."""
    patient_id: int | None
    doctor_id: int | None
    proved_at: datetime | None

    @property
    def is_patient(self) -> bool:
        return self.role == "patient"

    @property
    def is_doctor(self) -> bool:
        return self.role == "doctor"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def require_user(self, user_id: int) -> int:
        """The id, if it is their own. Raises NotAllowed: another's exactly as one that nobody has."""
        if user_id != self.user_id:
            raise NotAllowed
        return user_id

    def require_patient(self, patient_id: int | None = None) -> int:
        """Their patient_id, if they are a patient and this one (when an id is given). Raises NotAllowed."""
        if self.patient_id is None or patient_id not in (None, self.patient_id):
            raise NotAllowed
        return self.patient_id

    def require_doctor(self) -> int:
        """Their doctor_id. Raises NotAllowed."""
        if self.doctor_id is None:
            raise NotAllowed
        return self.doctor_id

    def require_proof(self) -> None:
        """Health data are shown after a one-time code alone. Raises CodeNeeded."""
        if self.proved_at is None:
            raise CodeNeeded

    def require_fresh_proof(self, now: datetime) -> None:
        """What can't be taken back needs a one-time code typed within FRESH. Raises CodeNeeded."""
        if self.proved_at is None or self.proved_at <= now - FRESH:
            raise CodeNeeded


def actor(session: Session, *, telegram_id: int, now: datetime) -> Actor | None:
    """Who is logged in there; None when nobody is, the session has ended, or the doctor has left the hospital."""
    found = session.connection().execute(_logged_in(), {"account": telegram_id, "now": now}).first()
    return Actor(*found) if found else None


@cache
def _logged_in() -> Select[*tuple[Any, ...]]:
    now = bindparam("now", type_=Instant())
    return (
        _people()
        .add_columns(TelegramAccount.proved_at)
        .join(TelegramAccount, TelegramAccount.user_id == User.user_id)
        .where(TelegramAccount.telegram_id == bindparam("account"), TelegramAccount.session_ends_at > now)
    )


def bearer(
    session: Session,
    *,
    user_id: int,
    token_version: int,
    proved_at: datetime | None,
    now: datetime,  # noqa: ARG001 - every use case is given the time
) -> Actor:
    """Whose token it is. Raises NotLoggedIn when a new password, a logout or leaving the hospital has ended it."""
    person = _people().where(User.user_id == user_id, User.token_version == token_version)
    found = session.execute(person).first()
    if found is None:
        raise NotLoggedIn
    return Actor(*found, proved_at=proved_at)


def end_tokens(session: Session, *, user_id: int, channel: str, now: datetime) -> None:
    """Log out of the API, everywhere; the chat stays as it is."""
    session.execute(update(User).where(User.user_id == user_id).values(token_version=User.token_version + 1))
    audit.record(session, actor_id=user_id, action="logout", channel=channel, now=now)


def _people() -> Select[int, str, str, str, int, int]:
    """Everybody but the doctors who have left."""
    return (
        select(User.user_id, User.name, User.email, User.role, Patient.patient_id, Doctor.doctor_id)
        .select_from(User)
        .outerjoin(Patient, Patient.user_id == User.user_id)
        .outerjoin(Doctor, Doctor.user_id == User.user_id)
        .where(HERE)
    )


def link(session: Session, *, telegram_id: int, user_id: int, role: str, now: datetime) -> None:
    """Log in. One statement takes away both who was logged in there and where else the user was."""
    session.execute(
        text(
            "REPLACE INTO telegram_accounts (telegram_id, user_id, proved_at, session_ends_at)"
            " VALUES (:telegram_id, :user_id, :proved_at, :session_ends_at)"
        ).bindparams(bindparam("proved_at", type_=Instant()), bindparam("session_ends_at", type_=Instant())),
        {
            "telegram_id": telegram_id,
            "user_id": user_id,
            "proved_at": now,
            "session_ends_at": now + (PATIENT_SESSION if role == "patient" else STAFF_SESSION),
        },
    )


def logout(session: Session, *, user_id: int, channel: str, now: datetime) -> None:
    """End the session. The link stays: reminders still come, until `unlink`."""
    end_session(session, user_id=user_id)
    audit.record(session, actor_id=user_id, action="logout", channel=channel, now=now)


def unlink(session: Session, *, user_id: int) -> None:
    """Forget the Telegram account: nothing is sent there any more."""
    session.execute(delete(TelegramAccount).where(TelegramAccount.user_id == user_id))


def mark_blocked(session: Session, *, telegram_id: int, reachable: bool, now: datetime) -> None:
    """The person blocked the bot, or let it in again."""
    blocked_at = None if reachable else now
    session.execute(
        update(TelegramAccount).where(TelegramAccount.telegram_id == telegram_id).values(blocked_at=blocked_at)
    )


def shut_out(session: Session, *, user_id: int) -> None:
    """Logged out at once, in the chat and of the API."""
    session.execute(update(User).where(User.user_id == user_id).values(token_version=User.token_version + 1))
    end_session(session, user_id=user_id)


def end_session(session: Session, *, user_id: int) -> None:
    session.execute(update(TelegramAccount).where(TelegramAccount.user_id == user_id).values(session_ends_at=None))
