"""Updates on their way to the bot: kept until confirmed or a day old, handed out in order."""

import asyncio
from collections.abc import Callable

from hospital_bot.simulator.records import Update
from hospital_bot.simulator.refusals import ApiError, Json

KEPT_SECONDS = 24 * 3600
MOST_UPDATES = 100
LEFT_OUT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}


class Inbox:
    """The updates that the bot has not confirmed yet. ``now`` gives the instant in seconds."""

    def __init__(self, now: Callable[[], float], last_id: int) -> None:
        self.allowed: list[str] = []
        self.last_id = last_id
        self.on_added: Callable[[Update], None] | None = None
        self._now = now
        self._pending: dict[int, Update] = {}
        self._poll: asyncio.Future[None] | None = None

    def add(self, kind: str, body: Json, queue: str) -> Update | None:
        """Queue an update, unless the bot said it does not want this kind."""
        if not self._wants(kind):
            return None
        self.last_id += 1
        update = Update(self.last_id, kind, queue, body, self._now())
        self._pending[update.id] = update
        if self._poll and not self._poll.done():
            self._poll.set_result(None)
        if self.on_added:
            self.on_added(update)
        return update

    def restore(self, updates: list[Update]) -> None:
        """Hold what was not confirmed before a restart."""
        self._pending = {update.id: update for update in updates}

    def _wants(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in LEFT_OUT_BY_DEFAULT

    def pending(self) -> list[Update]:
        """Oldest first; what is a day old is forgotten."""
        oldest = self._now() - KEPT_SECONDS
        while (first := next(iter(self._pending.values()), None)) and first.at <= oldest:
            del self._pending[first.id]
        return list(self._pending.values())

    def holds(self, update_id: int) -> bool:
        return update_id in self._pending

    def first_of(self, queue: str) -> Update | None:
        return next((update for update in self.pending() if update.queue == queue), None)

    def confirm(self, update_id: int) -> None:
        self._pending.pop(update_id, None)

    def take(self) -> list[Update]:
        """Everything pending, confirmed at once."""
        taken = self.pending()
        self._pending.clear()
        return taken

    async def poll(self, *, offset: int, limit: int, seconds: float) -> list[Update]:
        """One getUpdates. A poll that still waits is ended with 409 by a later one, as on Telegram."""
        self.end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._confirm_before(offset)
        waiting = self._poll = asyncio.get_running_loop().create_future()
        if self._pending or seconds <= 0:
            waiting.cancel()
            return self.pending()[:limit]
        try:
            async with asyncio.timeout(seconds):
                await waiting
        except TimeoutError:
            return []
        return self.pending()[:limit]

    def end_poll(self, why: str) -> None:
        if self._poll and not self._poll.done():
            self._poll.set_exception(ApiError(409, f"Conflict: {why}"))

    def _confirm_before(self, offset: int) -> None:
        """A negative offset counts from the end, and forgets everything before."""
        pending = self.pending()
        first = offset if offset >= 0 else min((each.id for each in pending[offset:]), default=0)
        self._pending = {each.id: each for each in pending if each.id >= first}
