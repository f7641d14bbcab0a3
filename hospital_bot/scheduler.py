"""APScheduler's ticks. They remember nothing: what is due stands in the database, and every process may tick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

Tick = Callable[[], Awaitable[None]]
log = structlog.get_logger()


class Scheduler:
    """Runs each tick in turn with itself, never twice at once, and never misses one for being late."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._running: set[asyncio.Task[None]] = set()

    def every(self, period: timedelta, tick: Tick, *, name: str) -> None:
        self._scheduler.add_job(
            self._guarded,
            IntervalTrigger(seconds=max(1, int(period.total_seconds()))),
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

    def start(self) -> None:
        self._scheduler.start()

    async def stop(self) -> None:
        """No new ticks; those that run finish."""
        self._scheduler.shutdown(wait=False)
        await asyncio.gather(*self._running, return_exceptions=True)
