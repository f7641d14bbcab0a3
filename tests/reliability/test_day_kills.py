"""Processes die at any moment of a hospital's day: visits, messages, digests and updates are as if nobody had died."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.reliability.hospital_day import CLEAN, HospitalDay
from tests.reliability.kills import kill_during
from tests.reliability.world import World

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
KILLS = 40 if PROVE else 2
MOST_SHIFTS = 10
"""For the controls: on a fast machine the harm may take a few."""


async def test_a_day_goes_on_whoever_dies(around: World) -> None:
    day, kills = await HospitalDay.opened(around), 0
    while kills < KILLS:
        kills += await kill_during(around, day.shift(), most=KILLS)
    print(f"\n{kills} kills, {day.repeated()} repeated messages, {day.counted()}")  # noqa: T201 - the proof's figures

    assert day.report() == CLEAN
    assert day.repeated() <= kills


@pytest.mark.skipif(not PROVE, reason="minutes; test_update_kills has this control for every day")
async def test_without_waiting_for_the_answer_the_day_is_not_whole(around: World) -> None:
    day = await HospitalDay.opened(around, "waiting")
    for _ in range(MOST_SHIFTS):
        await kill_during(around, day.shift())
        await asyncio.sleep(1)  # for what was answered and is being handled
        if day.report().updates.lost:
            return
    pytest.fail("it shows no harm")


@pytest.mark.skipif(not PROVE, reason="minutes; test_message_kills has this control for every day")
async def test_without_a_lease_messages_come_twice_though_nobody_dies(around: World) -> None:
    day = await HospitalDay.opened(around, "lease")
    for _ in range(MOST_SHIFTS):
        await day.shift()
        if day.repeated():
            return
    pytest.fail("it shows no harm")
