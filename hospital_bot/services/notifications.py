"""What is sent without being asked for: claimed rows are checked again here, just before they are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hospital_bot.clinic import Clinic
from hospital_bot.models import Notification, TelegramAccount
from hospital_bot.services import accounts, calls, delays, digests, erasure, news, offers, outbox, reminders
from hospital_bot.services.calls import CallSheet
from hospital_bot.services.delays import Late
from hospital_bot.services.digests import Digest, Week
from hospital_bot.services.news import VisitNews
from hospital_bot.services.offers import Offer
from hospital_bot.services.outbox import Outcome, Pointless, TooEarly
from hospital_bot.services.reminders import Reminder

ALARM_KEPT = timedelta(hours=24)
"""After that it is no news any more that somebody logged in elsewhere, or tried to."""

ACCOUNT = select(TelegramAccount.telegram_id, TelegramAccount.blocked_at).where(
    TelegramAccount.user_id == bindparam("whose")
)


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """To the chat where a person was logged in until they did so elsewhere."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Guessed:
    """Somebody elsewhere failed to log in as this person, until they had to wait."""

    at: datetime


@dataclass(frozen=True, slots=True)
class NotErased:
    """To a patient who wished to be forgotten: the hospital has to keep the data for now."""


Content = VisitNews | Reminder | Digest | Week | CallSheet | LoggedOut | Guessed | NotErased | Offer | Late


@dataclass(frozen=True, slots=True)
class Message:
    """What to send, and where."""

    notification_id: int
    kind: str
    chat_id: int
    attempts: int
    content: Content


def check(
    session: Session, *, notification_id: int, token: str, lease: timedelta, clinic: Clinic, now: datetime
) -> Message | None:
    """A claimed row, made into what is true now. None when it is not ours any more, or settled right here."""
    row = outbox.held(session, notification_id=notification_id, token=token, lease=lease, now=now)
    if row is None:
        return None
    try:
        chat_id = _chat(session, row)
        content = CHECKS[row.kind](session, row, clinic=clinic, now=now)
    except Pointless as reason:
        outcome = Outcome("skipped", str(reason))
    except TooEarly as put_off:
        outcome = Outcome("waiting", due_at=put_off.due_at)
    else:
        return Message(notification_id, row.kind, chat_id, row.attempts, content)
    outbox.settle(session, notification_id=notification_id, token=token, outcome=outcome, now=now)
    return None


def _chat(session: Session, row: Notification) -> int:
    if row.kind == "logged_out":
        return int(outbox.facts_of(row)["chat_id"])
    account = session.connection().execute(ACCOUNT, {"whose": row.user_id}).one_or_none()
    if account is None:
        raise Pointless(outbox.NOT_LINKED)
    if account.blocked_at:
        raise Pointless(outbox.BLOCKED)
    return int(account.telegram_id)


def _logged_out(_session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> LoggedOut:  # noqa: ARG001 - as the other checks
    return LoggedOut(_lately(row, now))


def _guessed(_session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> Guessed:  # noqa: ARG001 - as the other checks
    return Guessed(_lately(row, now))


def _not_erased(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> NotErased:  # noqa: ARG001 - as the other checks
    wish = erasure.wish(session, user_id=row.user_id, now=now)
    if wish is None or wish.refused_at is None:
        raise Pointless("asked again")
    return NotErased()


def _lately(row: Notification, now: datetime) -> datetime:
    if now - row.due_at > ALARM_KEPT:
        raise Pointless("too long ago")
    return row.due_at


CHECKS: dict[str, Callable[..., Content]] = {
    "reminder": reminders.check,
    "nudge": reminders.check,
    "digest": digests.check,
    "week": digests.check_week,
    "calls": calls.check,
    "logged_out": _logged_out,
    "guessed": _guessed,
    "not_erased": _not_erased,
    "offer": offers.check,
    "late": delays.check,
    **dict.fromkeys(news.KINDS, news.check),
}
"""By kind of notification."""


def block(session: Session, *, notification_id: int, token: str, telegram_id: int, now: datetime) -> None:
    """Telegram says that the person can't be written to: final, until they let the bot in again."""
    accounts.mark_blocked(session, telegram_id=telegram_id, reachable=False, now=now)
    outcome = Outcome("failed", outbox.BLOCKED)
    outbox.settle(session, notification_id=notification_id, token=token, outcome=outcome, now=now)
