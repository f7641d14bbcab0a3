"""A chat that sends more than anybody types is not listened to for a while, so that all the others are.

Telegram hands out a hundred updates at a time, in the order they came, and no more until the first of them is
finished. Answers to one person leave one a second, so a machine in one chat could hold up everybody's messages.
"""

from __future__ import annotations

from collections import Counter

import structlog

MOST = 50
"""Unfinished updates of one chat: half of what Telegram hands out at a time."""
DEAF = 10.0
"""Seconds for which whatever this chat sends, and what of it still waits, is passed over unanswered."""

log = structlog.get_logger()


class Floods:
    def __init__(self) -> None:
        self._waiting: Counter[int] = Counter()
        self._deaf_until: dict[int, float] = {}

    def begin(self, chat_id: int, now: float) -> bool:
        """Count an update that came; False when it is passed over, and not counted."""
        if self.is_deaf_to(chat_id, now):
            return False
        if self._waiting[chat_id] >= MOST:
            log.warning("poll.flood", chat_id=chat_id)
            still = {chat: until for chat, until in self._deaf_until.items() if until > now}
            self._deaf_until = still | {chat_id: now + DEAF}
            return False
        self._waiting[chat_id] += 1
        return True

    def end(self, chat_id: int) -> None:
        self._waiting[chat_id] -= 1
        if not self._waiting[chat_id]:
            del self._waiting[chat_id]

    def is_deaf_to(self, chat_id: int, now: float) -> bool:
        return self._deaf_until.get(chat_id, now) > now
