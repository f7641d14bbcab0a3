"""What Telegram refuses, in our words.

Undelivered
├── Unshown         trouble on the way: deliver the update again, its transaction is not run twice
├── Blocked         the person can't be written to any more: final for this chat
├── RetryLater      the message was not sent now; `seconds` to wait at least
└── Rejected        Telegram will never take this message
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError

from hospital_bot.telegram.pace import seconds_of

RETRY_SECONDS = 5.0
"""After trouble that named no time of its own."""

FINAL = (BadRequest, Forbidden, ChatMigrated)
"""What Telegram says no to now it will say no to again."""


class Undelivered(Exception):
    """Telegram did not take what was to be shown."""


class Unshown(Undelivered):
    """Deliver the update again."""


class Blocked(Undelivered):
    """The person blocked the bot, or is gone."""


class RetryLater(Undelivered):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class Rejected(Undelivered):
    """The message itself is at fault."""


@contextmanager
def our_refusals() -> Iterator[None]:
    """Telegram's errors as ours."""
    try:
        yield
    except Forbidden as error:
        raise Blocked from error
    except (BadRequest, ChatMigrated) as error:
        raise (Blocked if "chat not found" in error.message.lower() else Rejected) from error
    except RetryAfter as error:
        raise RetryLater(seconds_of(error)) from error
    except TelegramError as error:
        raise RetryLater(RETRY_SECONDS) from error
