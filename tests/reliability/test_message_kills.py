"""Processes die at any moment, stop when asked, run side by side, lose the database: no message is lost, and
none is sent twice but, at most, one for each violent death."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from tests.reliability.crowd import Count, Crowd
from tests.reliability.dying import POINTS
from tests.reliability.world import World, until
from tests.servers import Server

pytestmark = pytest.mark.mariadb

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
KILLS, MESSAGES = (40, 1500) if PROVE else (5, 100)
ENTRY = ("tests.reliability.dying", "run")
CLEAN = Count(lost=0, twice=0)


async def all_settled(crowd: Crowd) -> None:
    while crowd.waiting():  # noqa: ASYNC110 - what is waited for happens in other processes
        await asyncio.sleep(0.3)


async def delivers(crowd: Crowd, most: int) -> None:
    """Until so many have arrived."""
    await until(lambda: crowd.delivered() >= most, crowd.world.told)


async def lives_and_dies(crowd: Crowd, point: str, quota: int, chance: random.Random) -> None:
    """One process from its start to its violent death, after it has sent some."""
    before = crowd.delivered()
    bot = crowd.world.bot(webhook=True, command=(*ENTRY, point, str(quota)))
    bot.start()
    if point in POINTS:
        await until(lambda: not bot.is_running(), bot.told)
    else:
        await delivers(crowd, before + quota)
        await asyncio.sleep(chance.random() / 50)
        bot.kill()


@pytest.mark.prove
async def test_no_death_loses_a_message_or_repeats_more_than_one(around: World) -> None:
    crowd, chance = Crowd.gathered(around, MESSAGES), random.Random(7)
    for life in range(KILLS):
        point = ["anywhere", *POINTS][life % (1 + len(POINTS))]
        await lives_and_dies(crowd, point, MESSAGES // (KILLS + 2), chance)
    around.bot(webhook=True, command=ENTRY).start()
    await all_settled(crowd)

    count = crowd.count()
    assert count.lost == 0
    assert KILLS // 5 <= count.twice <= KILLS


async def test_asked_to_stop_it_loses_nothing_and_repeats_nothing(around: World) -> None:
    crowd, bot = Crowd.gathered(around, MESSAGES), around.bot(webhook=True, command=ENTRY, measured=True)
    bot.start()
    await delivers(crowd, MESSAGES // 3)
    bot.ask_to_stop()
    assert await bot.ended() == 0
    assert crowd.delivered() < MESSAGES

    around.bot(webhook=True, command=ENTRY).start()
    await all_settled(crowd)
    assert crowd.count() == CLEAN


async def side_by_side(world: World, *how: str) -> Count:
    crowd = Crowd.gathered(world, MESSAGES)
    for _ in range(2):
        world.bot(webhook=True, command=(*ENTRY, *how)).start()
    await all_settled(crowd)
    return crowd.count()


async def test_two_processes_send_nothing_twice(around: World) -> None:
    assert await side_by_side(around) == CLEAN


async def test_without_the_lease_two_processes_do(around: World) -> None:
    assert (await side_by_side(around, "unleased")).twice > 0


async def test_while_the_database_is_away_nothing_is_lost(around: World, mariadb: Server) -> None:
    crowd = Crowd.gathered(around, MESSAGES)
    around.bot(webhook=True, command=ENTRY).start()
    for part in (1, 2):
        await delivers(crowd, part * MESSAGES // 3)
        mariadb.stop()
        await asyncio.sleep(0.5)
        mariadb.start()
    await all_settled(crowd)

    assert crowd.count() == CLEAN
