"""APScheduler's ticks. They remember nothing: what is due stands in the database, and every process may tick.

APScheduler goes by the time of day, which may jump. When it is put forward, a tick comes at once, and once; when it is
put back, the ticks would wait until it has caught up, so somebody watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

Tick = Callable[[], Awaitable[None]]
log = structlog.get_logger()

WATCHING = 1.0
"""Seconds between two looks at the clock."""


class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """A `period` after the last time, or after now if that is over: APScheduler's own trigger makes a list of all the
    times that were missed, millions for a clock that was wrong by a month."""

    def __init__(self, period: timedelta) -> None:
        self.period = max(period, timedelta(seconds=1))

    def __str__(self) -> str:
        return f"every {self.period}"

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        planned = (previous_fire_time or now) + self.period
        return planned if planned > now else now + self.period


class Scheduler:
    """Runs each tick in turn with itself, never twice at once, and never misses one for being late."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._running: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    def every(self, period: timedelta, tick: Tick, *, name: str) -> None:
        self._scheduler.add_job(
            self._guarded,
            Every(period),
            args=(tick, name),
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    async def _guarded(self, tick: Tick, name: str) -> None:
        """A tick that fails is heard of, and comes again; one that runs while we stop is waited for by `stop`."""
        task = asyncio.ensure_future(tick())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        with suppress(asyncio.CancelledError):
            try:
                await asyncio.shield(task)
            except Exception as error:  # noqa: BLE001 - the next tick must come whatever this one met
                log.warning("tick_failed", tick=name, error=type(error).__name__)

    async def _watch(self) -> None:
        """No tick is further ahead than its period; one that is was planned by a clock that was put back since."""
        while True:
            await asyncio.sleep(WATCHING)
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                if job.next_run_time and job.next_run_time - now > job.trigger.period:
                    job.modify(next_run_time=now)

    def start(self) -> None:
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """No new ticks; those that run finish."""
        if self._watching:
            self._watching.cancel()
        self._scheduler.shutdown(wait=False)
        await asyncio.gather(*self._running, return_exceptions=True)
