"""Long polling that confirms an update only when it was dealt with.

Telegram forgets what is below the offset, so the offset stays at the lowest unfinished update. What comes
back because of that is known by its id. Telegram hands out 100 updates at a time: that many can be open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from telegram import Update

from hospital_bot.telegram.bot import HospitalBot, Json
from hospital_bot.telegram.floods import Floods
from hospital_bot.telegram.insist import LONGEST_WAIT, SHORTEST_WAIT, Insist
from hospital_bot.telegram.lanes import Lanes, lane_of

POLL_SECONDS = 5
LATE_SECONDS = 3
"""How long Telegram keeps a request that it has nothing for, and how much later its answer may come. A dead
connection tells nothing: the sum is how long the bot stays deaf after one."""
SHORTEST_GAP = 0.05
LONGEST_GAP = 0.5
"""Seconds between two looks while something is unfinished: Telegram then answers at once, with what we know."""

log = structlog.get_logger()


class Poller:
    """``deliver`` raises when the update must be delivered again. Times are seconds."""

    def __init__(
        self,
        bot: HospitalBot,
        deliver: Callable[[Update], Awaitable[None]],
        *,
        side_by_side: int = 32,
        drain_seconds: float = 8.0,
    ) -> None:
        self._bot = bot
        self._deliver = deliver
        self._places = asyncio.Semaphore(side_by_side)
        self._drain_seconds = drain_seconds
        self._lanes, self._floods = Lanes(), Floods()
        self._open: dict[int, asyncio.Task[None]] = {}
        self._finished: set[int] = set()
        self._newest: int | None = None
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._insist = Insist(self._stopping)

    async def run(self) -> None:
        """Poll until `stop`. Raises WrongToken; everything else is tried again."""
        try:
            await self._insist(self._bot.delete_webhook)
            await self._poll()
            await self._drain()
        finally:
            await self._abandon()
            self._stopped.set()

    async def stop(self) -> None:
        """Fetch no more, finish what was fetched, confirm it. Returns when `run` has ended."""
        self._stopping.set()
        await self._stopped.wait()

    async def _poll(self) -> None:
        gap = SHORTEST_GAP
        while not self._stopping.is_set():
            updates = await self._insist(self._fetch) or []
            fresh = [raw for raw in updates if self._is_fresh(raw["update_id"])]
            for raw in fresh:
                self._begin(raw)
            gap = SHORTEST_GAP if fresh else min(2 * gap, LONGEST_GAP)
            if self._open:
                await asyncio.wait(self._open.values(), timeout=gap)

    def _begin(self, raw: Json) -> None:
        """What the library can't read is passed over: asked for again and again, it would hold up everybody."""
        self._newest = update_id = raw["update_id"]
        try:
            update = self._bot.read(raw)
        except Exception as error:  # noqa: BLE001 - the library raises whatever an odd field led to
            self._finished.add(update_id)
            log.warning("poll.unreadable", update_id=update_id, error=type(error).__name__)
            return
        if self._floods.begin(lane_of(update), time.monotonic()):
            self._open[update_id] = asyncio.create_task(self._work(update))
        else:
            self._finished.add(update_id)

    async def _fetch(self) -> list[Json]:
        offset = self._offset()
        self._finished = {update_id for update_id in self._finished if update_id >= (offset or 0)}
        return await self._bot.fetch(offset, seconds=POLL_SECONDS, late=LATE_SECONDS)

    def _offset(self) -> int | None:
        if self._open:
            return min(self._open)
        return None if self._newest is None else self._newest + 1

    def _is_fresh(self, update_id: int) -> bool:
        return update_id not in self._open and update_id not in self._finished

    async def _work(self, update: Update) -> None:
        """Deliver in the chat's order, until it succeeds."""
        async with self._lanes.of(update):
            wait, is_passed_over = SHORTEST_WAIT, self._is_passed_over(update)
            while not (is_passed_over or await self._is_delivered(update)):
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        self._floods.end(lane_of(update))
        self._finished.add(update.update_id)
        del self._open[update.update_id]

    def _is_passed_over(self, update: Update) -> bool:
        return self._floods.is_deaf_to(lane_of(update), time.monotonic())

    async def _is_delivered(self, update: Update) -> bool:
        try:
            async with self._places:
                await self._deliver(update)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the update is delivered again
            log.warning("update.failed", update_id=update.update_id, error=type(error).__name__)
            return False
        return True

    async def _drain(self) -> None:
        if self._open:
            await asyncio.wait(self._open.values(), timeout=self._drain_seconds)
        offset = self._offset()
        if offset is not None:
            await self._confirm(offset)

    async def _confirm(self, offset: int) -> None:
        try:
            await self._bot.fetch(offset, seconds=0, most=1)
        except Exception as error:  # noqa: BLE001 - unconfirmed updates come again, and are recognised
            log.warning("poll.unconfirmed", error=type(error).__name__)

    async def _abandon(self) -> None:
        """What is unfinished now stays unconfirmed, so it is delivered to the next process."""
        tasks = list(self._open.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
