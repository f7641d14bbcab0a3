"""The machines' clocks jump under running processes, of the bot, of the database, or of both: each reminder and each
digest comes once, and none waits until the clock has caught up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hospital_bot.scheduler import Scheduler
from tests import tables
from tests.reliability import entry, hospital_day, residents
from tests.reliability.residents import Resident
from tests.reliability.turned import Turned, TurnedServer, turned_server
from tests.reliability.world import World, until, world

pytestmark = pytest.mark.mariadb

PROGRAM = ("tests.reliability.test_turned_clocks", "run")
HOUR, DAYS = timedelta(hours=1), timedelta(days=3)
JUMPS = (timedelta(), HOUR, timedelta(), -HOUR, DAYS, timedelta())
AT_ONCE = 60.0
"""Seconds, on the slowest machine; the clock would have caught up after an hour."""
TICKS = 3.0
"""Seconds in which some ticks come: they are a second apart."""


@pytest.fixture(scope="module")
def server() -> Iterator[TurnedServer]:
    with turned_server() as server:
        yield server


@dataclass
class Ward:
    """A doctor, and a new patient after each jump: with a visit on the next day, and a reminder of it that is due."""

    world: World
    bots_clock: Turned
    zone: str
    doctor: Resident
    patients: list[Resident] = field(default_factory=list)
    days: set[str] = field(default_factory=set)

    def arrives(self) -> Resident:
        now = self.bots_clock.now()
        today = now.astimezone(ZoneInfo(self.zone)).date()
        with self.world.session() as session:
            patient = residents.patient(self.world, session)
            residents.visit(session, self.doctor, patient, today, time(23, len(self.patients)))
            residents.visit(session, self.doctor, patient, today + timedelta(days=1), time(23, len(self.patients)))
            residents.reminder(session, patient, today + timedelta(days=1), now)
        self.patients.append(patient)
        self.days.add(f"{today}")
        return patient

    def has_heard(self) -> bool:
        """The newest patient was reminded, and the doctor has the lists of all days so far."""
        return messages(self.patients[-1]) > 0 and messages(self.doctor) >= len(self.days)


def messages(resident: Resident) -> int:
    return sum(message["from"]["is_bot"] for message in resident.person.sees())


@asynccontextmanager
async def ward(server: TurnedServer, folder: Path, *missing: str) -> AsyncIterator[Ward]:
    url = server.create_database()
    tables.prepare(url)
    clock, zone = Turned(folder / "clock"), hospital_day.zone_of_noon()
    server.clock.turn(timedelta())
    async with world(url, folder) as around:
        with around.session() as session:
            doctor = residents.doctor(around, session)
        facts: dict[str, Any] = {"HOSPITAL_TIMEZONE": zone, "HOSPITAL_DIGEST_TIME": "00:00"}
        await around.served(1, webhook=False, command=(*PROGRAM, *missing), **clock.environment(), **facts)
        yield Ward(around, clock, zone, doctor)


@pytest.mark.parametrize("turned", ["the bot's", "the server's", "both"])
async def test_whatever_clock_jumps_each_message_comes_once_and_at_once(
    server: TurnedServer, tmp_path: Path, turned: str
) -> None:
    async with ward(server, tmp_path) as here:
        for ahead in JUMPS:
            if turned != "the server's":
                here.bots_clock.turn(ahead)
            if turned != "the bot's":
                server.clock.turn(ahead)
            here.arrives()
            async with asyncio.timeout(AT_ONCE):
                await until(here.has_heard, here.world.told)
        await asyncio.sleep(TICKS)

        assert [messages(patient) for patient in here.patients] == [1] * len(JUMPS)
        assert messages(here.doctor) == len(here.days)
        assert not here.world.rows("SELECT * FROM notifications WHERE state != 'sent'")


async def test_if_nobody_watched_a_clock_that_is_set_back_would_stop_the_ticks(
    server: TurnedServer, tmp_path: Path
) -> None:
    async with ward(server, tmp_path, "watch") as here:
        for _ in range(5):  # one that reads its clock just then may tick on
            here.bots_clock.turn(timedelta())
            here.arrives()
            await until(here.has_heard, here.world.told)
            await asyncio.sleep(TICKS)

            here.bots_clock.turn(-HOUR)
            for _ in range(2):  # the tick that runs just then may still take the first message along
                late = here.arrives()
                await asyncio.sleep(2 * TICKS)
            if not messages(late):
                break

        assert not messages(late)
        late.person.says("/start")
        await until(lambda: messages(late), here.world.told)  # only the ticks stand still


def without_watch() -> None:
    async def nothing(_scheduler: Scheduler) -> None:
        await asyncio.Event().wait()

    Scheduler._watch = nothing  # type: ignore[assignment,method-assign]


entry.SAFEGUARDS["watch"] = without_watch


if __name__ == "__main__":
    hospital_day.main(*sys.argv[1:])
