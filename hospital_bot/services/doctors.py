"""The hospital adds its doctors; an invitation lets each set a password, once, within a week."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from hospital_bot import people, roster, schedules
from hospital_bot.errors import BadInput, CodeSpent, ImportRefused, LineError, NotFound
from hospital_bot.keys import Keys
from hospital_bot.models import Doctor, OtpCode, User
from hospital_bot.passwords import UNUSABLE
from hospital_bot.roster import Entry
from hospital_bot.services import accounts, audit, otp, registration, resets, throttles

INVITATION_LIFE = timedelta(days=7)
TOKEN_BYTES = 24
"""192 bits; 32 characters, for Telegram's start links hold 64."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Added:
    """A new doctor, to be invited by `user_id`."""

    doctor_id: int
    user_id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A doctor as the hospital's desk sees them; `joined` once they have set a password."""

    doctor_id: int
    user_id: int
    name: str
    email: str
    specialization: str
    room: str
    active: bool
    joined: bool


@dataclass(frozen=True, slots=True)
class Admin:
    """`joined` as of doctors."""

    name: str
    email: str
    joined: bool


@dataclass(frozen=True, slots=True)
class Invited:
    user_id: int
    name: str
    email: str
    role: str


def add(
    session: Session,
    *,
    name: str,
    email: str,
    specialization: str,
    room: str,
    schedule: Mapping[str, Any],
    now: datetime,
) -> Added:
    """Raises BadInput, also with the problem `taken` when the e-mail has an account."""
    entry = Entry(
        people.name(name),
        people.email(email),
        roster.specialization(specialization),
        roster.room(room),
        schedules.check(dict(schedule)).to_json(),
    )
    if _taken(session, [entry.email]):
        raise BadInput("email", "taken")
    return _insert(session, [entry], now)[0]


def import_rows(session: Session, *, rows: Sequence[roster.Row], now: datetime) -> list[Added]:
    """All of them, or, with ImportRefused that lists every mistake, none."""
    found, errors = roster.check(rows)
    taken = _taken(session, [entry.email for _, entry in found])
    errors += [LineError(line, "email", "taken") for line, entry in found if entry.email in taken]
    if errors or not found:
        raise ImportRefused(errors or [LineError(1, "", "empty")])
    return _insert(session, [entry for _, entry in found], now)


def add_admin(session: Session, *, name: str, email: str, now: datetime) -> int:
    """The user to invite. Raises BadInput as `add` does."""
    name, email = people.name(name), people.email(email)
    if _taken(session, [email]):
        raise BadInput("email", "taken")
    return _insert_users(session, [(name, email)], "admin", now)[0]


def list_doctors(session: Session) -> list[Listed]:
    rows = session.execute(
        select(Doctor.doctor_id, User, Doctor.specialization, Doctor.room, Doctor.active)
        .join(User, User.user_id == Doctor.user_id)
        .order_by(User.name, Doctor.doctor_id)
    )
    return [
        Listed(number, user.user_id, user.name, user.email, what or "", room or "", active, user.password != UNUSABLE)
        for number, user, what, room, active in rows
    ]


def list_admins(session: Session) -> list[Admin]:
    rows = session.scalars(select(User).where(User.role == "admin").order_by(User.name, User.user_id))
    return [Admin(user.name, user.email, user.password != UNUSABLE) for user in rows]


def change(session: Session, *, doctor_id: int, specialization: str | None, room: str | None, now: datetime) -> None:
    """What is None stays. Raises BadInput."""
    values: dict[str, Any] = {}
    if specialization is not None:
        values["specialization"] = roster.specialization(specialization)
    if room is not None:
        values["room"] = roster.room(room) or None
    session.execute(update(Doctor).where(Doctor.doctor_id == doctor_id).values(values))
    audit.record(
        session, actor_id=None, action="doctor.change", subject=f"doctor:{doctor_id}", channel=audit.COMMANDS, now=now
    )


def invite(session: Session, *, user_id: int, keys: Keys, now: datetime) -> str:
    """A token for the link, told once and never stored; the one before it is dead."""
    if session.scalar(select(User.role).where(User.user_id == user_id)) not in {"doctor", "admin"}:
        raise NotFound
    otp.kill(session, user_id=user_id, purpose="invite", now=now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    digest = keys.invitations.digest(token)
    until = now + INVITATION_LIFE
    otp.store(session, user_id=user_id, purpose="invite", channel="", digest=digest, expires_at=until, now=now)
    audit.record(session, actor_id=None, action="invite", subject=f"user:{user_id}", now=now)
    return token


def accept_invitation(session: Session, *, token: str, keys: Keys, now: datetime) -> Invited:
    """Whom the link invites; it stays good. Raises CodeSpent for one that is unknown, used or too old."""
    return _invitation(session, token, keys, now)[1]


def use_invitation(
    session: Session, *, token: str, password_hash: str, channel: str, keys: Keys, now: datetime
) -> Invited:
    """Set the password and end the link. The login that follows proves the e-mail. Raises CodeSpent."""
    otp_id, invited = _invitation(session, token, keys, now)
    if not otp.use(session, otp_id=otp_id, right=True, now=now):
        raise CodeSpent
    resets.replace_password(session, user_id=invited.user_id, password_hash=password_hash)
    accounts.end_session(session, user_id=invited.user_id)
    throttles.clear_user(session, user_id=invited.user_id)
    audit.record(session, actor_id=invited.user_id, action="invite.use", channel=channel, now=now)
    return invited


def _invitation(session: Session, token: str, keys: Keys, now: datetime) -> tuple[int, Invited]:
    if not _TOKEN.fullmatch(token):
        raise CodeSpent
    found = session.execute(
        select(OtpCode.otp_id, User.user_id, User.name, User.email, User.role)
        .join(User, User.user_id == OtpCode.user_id)
        .outerjoin(Doctor, Doctor.user_id == User.user_id)
        .where(_open(keys.invitations.digest(token), now), accounts.HERE)
    ).first()
    if found is None:
        raise CodeSpent
    return found.otp_id, Invited(found.user_id, found.name, found.email, found.role)


def _open(digest: str, now: datetime) -> ColumnElement[bool]:
    """A digest of 192 random bits can be looked up: unlike six digits, it can't be found by trying."""
    return and_(
        OtpCode.code == digest, OtpCode.purpose == "invite", OtpCode.used_at.is_(None), OtpCode.expires_at > now
    )


def _taken(session: Session, emails: list[str]) -> set[str]:
    registration.drop_shells(session, emails)
    return set(session.scalars(select(User.email).where(User.email.in_(emails))))


def _insert(session: Session, entries: Sequence[Entry], now: datetime) -> list[Added]:
    users = _insert_users(session, [(entry.name, entry.email) for entry in entries], "doctor", now)
    doctors = [
        Doctor(
            user_id=user_id,
            specialization=entry.specialization,
            room=entry.room or None,
            availability_schedule=dict(entry.schedule),
        )
        for user_id, entry in zip(users, entries, strict=True)
    ]
    session.add_all(doctors)
    session.flush()
    return [
        Added(doctor.doctor_id, doctor.user_id, entry.name, entry.email)
        for doctor, entry in zip(doctors, entries, strict=True)
    ]


def _insert_users(session: Session, people_to_add: Sequence[tuple[str, str]], role: str, now: datetime) -> list[int]:
    users = [
        User(name=name, email=email, password=UNUSABLE, role=role, created_at=now) for name, email in people_to_add
    ]
    session.add_all(users)
    session.flush()
    return [user.user_id for user in users]
