"""Half an hour of everything at once: the process is as large at the end as it was at the beginning."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median

import pytest

from hospital_bot.db import Database
from tests.reliability.load import PATIENTS, Load
from tests.reliability.world import Bot, World
from tests.servers import free_port

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
SECONDS = float(os.environ.get("HOSPITAL_SOAK_SECONDS") or (1800 if PROVE else 20))
GROWTH = 1.05 if SECONDS >= 600 else 1.25
"""In a few seconds caches are still filling."""
SAMPLES = 60
IDLE = 12
"""HTTP connections that may be open besides: as many are kept for a minute as were in use at once, more on a busier
machine. One left open by each hundredth call would be hundreds."""
CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    memory: float
    """MB."""
    threads: int
    files: int
    connections: int
    tasks: int


def sample(world: World, bot: Bot) -> Sample:
    process = Path(f"/proc/{bot.pid}")
    facts = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    (connections,) = world.rows("SELECT COUNT(*) - 1 FROM information_schema.processlist WHERE db = DATABASE()")[0]
    return Sample(
        memory=int(facts["VmRSS"].split()[0]) / 1024,
        threads=int(facts["Threads"]),
        files=len(list((process / "fd").iterdir())),
        connections=int(connections),
        tasks=int((bot.folder / "tasks").read_text() or 0),
    )


async def soaked(world: World, bot: Bot, load: Load) -> list[Sample]:
    working, found = asyncio.create_task(load.go_on(SECONDS)), []
    while not working.done():
        await asyncio.wait({working}, timeout=SECONDS / SAMPLES)
        found.append(await asyncio.to_thread(sample, world, bot))
    await working
    return found


def middles(samples: list[Sample]) -> Sample:
    return Sample(*(median(column) for column in zip(*map(astuple, samples), strict=True)))


@pytest.mark.timeout(SECONDS + 300)
async def test_after_half_an_hour_of_everything_it_is_no_larger(around: World) -> None:
    port = free_port()
    more = {"HOSPITAL_API_PORT": str(port), "HOSPITAL_BOOKING_MAX_VISITS": "20", "HOSPITAL_API_LIMIT": "6000/minute"}
    more |= {"HOSPITAL_DATABASE_CONNECTIONS": str(CONNECTIONS)}
    (bot,) = await around.served(1, webhook=False, command=("tests.reliability.soaking", "run"), **more)
    with closing(Database(around.database_url, connections=1)) as db:
        load = Load(around, db, f"http://127.0.0.1:{port}")
        await load.gather()
        samples = await soaked(around, bot, load)

    third = len(samples) // 3
    early, late = middles(samples[third : 2 * third]), middles(samples[-third:])
    told = f"{early}\n{late}\n{dict(load.done)}\nfiles: {[each.files for each in samples]}"
    (around.folder / "soaked").write_text(told)
    assert load.done["booked"] >= PATIENTS, told
    assert late.memory < early.memory * GROWTH, told
    assert late.threads <= early.threads + 1, told
    assert late.files <= early.files + IDLE, told
    assert late.tasks <= early.tasks * GROWTH + 3, told
    assert max(each.connections for each in samples) <= CONNECTIONS + 1, told
    assert [line for line in bot.told().splitlines() if '"level": "error"' in line] == []
    bot.ask_to_stop()
    assert await bot.ended() == 0
