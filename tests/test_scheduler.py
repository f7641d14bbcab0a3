"""Ticks fail, last long, and are interrupted by the end; none of that is anybody's concern but their own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hospital_bot.scheduler import Every, Scheduler

SOON = timedelta(seconds=1)


async def test_what_runs_when_the_scheduler_stops_is_finished_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def tick() -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    scheduler = Scheduler()
    scheduler.every(SOON, tick, name="slow")
    scheduler.start()
    await begun.wait()
    stopping = asyncio.create_task(scheduler.stop())
    await asyncio.sleep(0.1)
    assert not stopping.done()

    may_end.set()
    await stopping

    assert ended.is_set()
    assert caplog.records == []


async def test_a_tick_that_fails_comes_again() -> None:
    times, twice = 0, asyncio.Event()

    async def tick() -> None:
        nonlocal times
        times += 1
        if times == 2:
            twice.set()
        raise ZeroDivisionError

    scheduler = Scheduler()
    scheduler.every(SOON, tick, name="failing")
    scheduler.start()
    async with asyncio.timeout(30):
        await twice.wait()
    await scheduler.stop()


def test_after_a_jump_ahead_the_missed_times_are_one() -> None:
    trigger, before = Every(SOON), datetime(2026, 1, 1, tzinfo=UTC)
    now = datetime(2126, 1, 1, tzinfo=UTC)

    assert trigger.get_next_fire_time(before, now) == now + SOON
    assert trigger.get_next_fire_time(now - SOON / 2, now) == now + SOON / 2
    assert trigger.get_next_fire_time(None, now) == now + SOON
