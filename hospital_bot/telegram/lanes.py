"""One lane per chat: updates of one chat one after another, chats side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from telegram import Update


@dataclass(slots=True)
class Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Lanes:
    """First come, first served in each lane. A lane that nobody uses is forgotten."""

    def __init__(self) -> None:
        self._lanes: dict[int, Lane] = {}

    @asynccontextmanager
    async def of(self, update: Update) -> AsyncIterator[None]:
        """Hold the update's lane; its place in the queue is taken when this is awaited."""
        key = lane_of(update)
        lane = self._lanes.setdefault(key, Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[key]


def lane_of(update: Update) -> int:
    """The chat. A tap comes from its message's chat too, though Telegram queues it by person."""
    if update.effective_chat:
        return update.effective_chat.id
    return update.effective_user.id if update.effective_user else 0
