"""Asking Telegram again, until it answers or we are to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter

from hospital_bot.telegram.bot import WrongToken
from hospital_bot.telegram.pace import seconds_of

SHORTEST_WAIT = 0.2
LONGEST_WAIT = 3.0

T = TypeVar("T")
log = structlog.get_logger()


class Insist:
    """Until `stopping` is set. Times are seconds."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._stop: asyncio.Task[Any] | None = None
        self._is_conflict_known = False

    async def __call__(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """What the call gives, once it succeeds; None when stopped meanwhile. Raises WrongToken."""
        wait = SHORTEST_WAIT
        while not self._stopping.is_set():
            try:
                return await self._unless_stopped(call())
            except Exception as error:  # noqa: BLE001 - the bot waits for better times, whatever went wrong
                await self._unless_stopped(asyncio.sleep(max(wait, self._told_to_wait(error))))
            wait = min(2 * wait, LONGEST_WAIT)
        return None

    def _told_to_wait(self, error: Exception) -> float:
        if isinstance(error, InvalidToken | WrongToken):
            raise WrongToken from None
        if isinstance(error, RetryAfter):
            return seconds_of(error)
        if not isinstance(error, Conflict):
            log.warning("telegram.failed", error=type(error).__name__)
        elif not self._is_conflict_known:
            self._is_conflict_known = True
            log.warning("poll.conflict", reason="another process polls for this bot")
        return 0.0

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        self._stop = self._stop or asyncio.create_task(self._stopping.wait())
        task = asyncio.create_task(work)
        try:
            await asyncio.wait((task, self._stop), return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
