"""Long polling: what is received is finished, whether the process is killed, asked to stop, or doubled by mistake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url

from tests.reliability.probe import CLEAN, Crowd
from tests.reliability.world import HELD, PROBE, World, until

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
KILLS = 10 if PROVE else 3
PEOPLE = 10


@contextmanager
def held(world: World) -> Iterator[None]:
    """Whoever says /hold meanwhile waits for the end of this block."""
    url = make_url(world.database_url)
    facts: Any = {"host": url.host or "", "port": url.port or 0, "user": url.username, "password": url.password or ""}
    with pymysql.connect(**facts) as one, one.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 10)", (HELD,))
        yield
        cursor.execute("SELECT RELEASE_LOCK(%s)", (HELD,))


async def killed_in_batches(world: World, *missing: str) -> Crowd:
    """A crowd before one process, which is killed whenever it is in the middle of a batch."""
    [bot] = await world.served(1, webhook=False, command=(*PROBE, *missing))
    crowd = Crowd.gathered(world, PEOPLE)
    crowd.begin()
    for _ in range(KILLS):
        before = crowd.applied()
        crowd.act(4)
        await until(lambda before=before: crowd.applied() > before + PEOPLE, world.told)  # type: ignore[misc]
        bot.restart()
    await world.quiet()
    return crowd


async def test_a_batch_survives_the_process_that_fetched_it(around: World) -> None:
    crowd = await killed_in_batches(around)

    assert crowd.report() == CLEAN


async def test_it_would_not_if_the_offset_moved_before_the_work(around: World) -> None:
    crowd = await killed_in_batches(around, "waiting")

    assert crowd.report().lost > 0


async def test_two_polling_processes_by_mistake_do_no_harm(around: World) -> None:
    await around.served(2, webhook=False)
    crowd = Crowd.gathered(around, PEOPLE)
    crowd.begin()
    crowd.act(5)
    await around.quiet()

    assert crowd.report() == CLEAN
    assert all(bot.told().count("poll.conflict") <= 1 for bot in around.bots)


async def test_asked_to_stop_it_finishes_what_it_received(around: World) -> None:
    [bot] = await around.served(1, webhook=False, measured=True)
    ann, crowd = around.person(), Crowd.gathered(around, PEOPLE)
    crowd.begin()
    with held(around):
        ann.says("/hold")
        crowd.act(2)
        await until(lambda: crowd.applied() == 4 * PEOPLE, around.told)
        bot.ask_to_stop()
    code = await bot.ended()

    assert (code, around.telegram.inbox.pending()) == (0, [])
    assert "text 0" in around.heard(ann)
    assert crowd.report() == CLEAN


@pytest.mark.parametrize("webhook", [False, True])
async def test_a_slow_chat_delays_nobody(around: World, *, webhook: bool) -> None:
    await around.served(1, webhook=webhook, HOSPITAL_DATABASE_CONNECTIONS="4")
    ann, crowd = around.person(), Crowd.gathered(around, PEOPLE)
    with held(around):
        ann.says("/hold")
        for _ in range(40):
            ann.says("/probe")
        crowd.begin()
        crowd.act(2)
        await until(lambda: crowd.applied() == 4 * PEOPLE, around.told)
        assert "text 0" not in around.heard(ann)
    await around.hears(ann, "text 0")
    await around.quiet()

    assert around.heard(ann).count("begun") == 40
    assert crowd.report() == CLEAN
