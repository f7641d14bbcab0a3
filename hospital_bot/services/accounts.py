"""Who a person is, and on which Telegram account they are logged in: one to one, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, text, update
from sqlalchemy.orm import Session

from hospital_bot.models import Doctor, Instant, Patient, TelegramAccount, User
from hospital_bot.services import audit

PATIENT_SESSION = timedelta(days=30)
STAFF_SESSION = timedelta(hours=24)
"""Source: NIST 800-63B-4, AAL1 and AAL2."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in person. `proved_at` is the instant of the last one-time code."""

    user_id: int
    name: str
    email: str
    role: str
    """`patient`, `doctor` or `admin`."""
    patient_id: int | None
    doctor_id: int | None
    proved_at: datetime

    @property
    def is_patient(self) -> bool:
        return self.role == "patient"

    @property
    def is_doctor(self) -> bool:
        return self.role == "doctor"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


def actor(session: Session, *, telegram_id: int, now: datetime) -> Actor | None:
    """Who is logged in there; None when nobody is, the session has ended, or the doctor has left the hospital."""
    person = select(User.user_id, User.name, User.email, User.role, Patient.patient_id, Doctor.doctor_id)
    found = session.execute(
        person.add_columns(TelegramAccount.proved_at)
        .select_from(TelegramAccount)
        .join(User, User.user_id == TelegramAccount.user_id)
        .outerjoin(Patient, Patient.user_id == User.user_id)
        .outerjoin(Doctor, Doctor.user_id == User.user_id)
        .where(
            TelegramAccount.telegram_id == telegram_id,
            TelegramAccount.session_ends_at > now,
            or_(Doctor.active.is_(None), Doctor.active),
        )
    ).first()
    return Actor(*found) if found else None


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


def unlink(session: Session, *, user_id: int, channel: str, now: datetime) -> None:
    """Forget the Telegram account: nothing is sent there any more."""
    session.execute(delete(TelegramAccount).where(TelegramAccount.user_id == user_id))
    audit.record(session, actor_id=user_id, action="unlink", channel=channel, now=now)


def mark_blocked(session: Session, *, telegram_id: int, reachable: bool, now: datetime) -> None:
    """The person blocked the bot, or let it in again."""
    blocked_at = None if reachable else now
    session.execute(
        update(TelegramAccount).where(TelegramAccount.telegram_id == telegram_id).values(blocked_at=blocked_at)
    )


def end_session(session: Session, *, user_id: int) -> None:
    session.execute(update(TelegramAccount).where(TelegramAccount.user_id == user_id).values(session_ends_at=None))
