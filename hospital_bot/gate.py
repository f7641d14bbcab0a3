"""A narrow gate for slow work: hashing takes a fifth of a second of a whole core, and a mail server may not answer at
all, so few of each run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeVar

from hospital_bot.errors import Busy

T = TypeVar("T")


class Gate:
    """At most `at_once` pieces of work run, `waiting` more stand in line; the next is refused with Busy."""

    def __init__(self, *, at_once: int = 2, waiting: int = 30) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="gate")
        self._places = BoundedSemaphore(at_once + waiting)

    async def run_async(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._submit(work))

    def run(self, work: Callable[[], T]) -> T:
        return self._submit(work).result()

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        if not self._places.acquire(blocking=False):
            raise Busy
        running = self._threads.submit(work)
        running.add_done_callback(lambda _: self._places.release())
        return running

    def close(self) -> None:
        self._threads.shutdown()
