"""From `hospital-bot run` to the first look for updates; and the memory that it holds, before and after much talk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from benchmarks import ground, measure
from benchmarks.ground import Ground
from benchmarks.process import running, settings, simulated
from benchmarks.table import Row
from benchmarks.walks import Crowd

COMMAND = ["-m", "hospital_bot", "run"]
UNLIMITED = ["-m", "benchmarks.entry"]
SETTLED = 2.0
"""Seconds after which a process that has nothing to do holds what it will hold."""


async def rows(place: Ground) -> AsyncIterator[Row]:
    starts = [await _start(place) for _ in range(place.pick(1, 5))]
    seconds, spread = measure.middle([seconds for seconds, _, _ in starts])
    cpu, _ = measure.middle([cpu for _, cpu, _ in starts])
    yield Row("start to first poll", seconds, "s", most=2.0, seen=f"{cpu:.2f} s of CPU; {spread}")
    memory, memory_spread = measure.middle([memory for _, _, memory in starts])
    yield Row("memory of an idle bot", memory, "MB", most=120, seen=memory_spread)
    people = place.pick(100, 1000, 10_000)
    yield Row(f"memory after {people:,} conversations", await _talk(place, people), "MB")


async def _start(place: Ground) -> tuple[float, float, float]:
    """Seconds on the wall and of CPU to the first poll, and MB a while later."""
    with place.database() as db:
        ground.staff(db, 16)
        async with simulated() as around:
            begin = time.perf_counter()
            async with running(COMMAND, settings(around, place.url_of(db)), place.folder / "start") as bot:
                await bot.until(lambda: around.telegram.inbox.allowed)
                seconds, cpu = time.perf_counter() - begin, bot.cpu()
                await asyncio.sleep(SETTLED)
                return seconds, cpu, bot.memory()


async def _talk(place: Ground, people: int) -> float:
    """MB after so many people have looked at what there is to book."""
    with place.database() as db:
        ground.staff(db, 16)
        async with simulated() as around:
            crowd = Crowd(around.telegram, people)
            async with running(UNLIMITED, settings(around, place.url_of(db)), place.folder / "talk") as bot:
                await bot.until(lambda: around.telegram.inbox.allowed)
                await crowd.all_walk(("Specialization",), first="/book", at_once=8)
                return bot.memory()
