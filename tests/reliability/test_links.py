"""The link to the database, or to Telegram, breaks in the middle of a conversation, in every way that links break:
people hear of it where that is possible, nothing is lost or doubled, and soon after the link is back all is well."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from itertools import product
from typing import Any

import pytest
from sqlalchemy import make_url

from handlers import texts
from hospital_bot.simulator.people import Person
from tests.reliability import residents
from tests.reliability.proxy import TROUBLES, Link, Trouble, linked
from tests.reliability.residents import Resident, buttons
from tests.reliability.watched import PROGRAM, Vitals
from tests.reliability.world import Bot, World, until

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
TRIED: dict[str, tuple[tuple[Trouble, int], ...]] = {
    "database": tuple(product(TROUBLES, (0, 1, 4, 9))) if PROVE else (("delays", 4),),
    "telegram": tuple(product(TROUBLES, (0, 1, 2))) if PROVE else (("cuts", 1),),
}
"""How each link breaks, and how many answers still come over it then."""
TOLD, BACK, LAG = 5.0, 10.0, 0.1 if PROVE else 0.5
"""Seconds until a person hears "try again", until all is well again, and that the loop may be late. A call that
blocks the loop does so for two seconds or more, which shows on a busy machine, too."""
OUTAGE = 3.0 if PROVE else 0.5
LONG = 60.0
REASON = "A cough that doesn't go away"
WALK = ("/book", "book.doctors", "book.days", "book.times", "book.time")


@dataclass
class Ann:
    """A patient who is about to say what her visit is for."""

    world: World
    patient: Resident
    chosen: str = ""

    async def walks(self, *steps: str) -> None:
        for step in steps:
            self.says(step) if step.startswith("/") else self.taps(step)
            await self.world.quiet()

    def says(self, text: str) -> None:
        self.patient.person.says(text)

    def taps(self, step: str) -> None:
        """The last such button of the newest message: a doctor, not anyone."""
        message = self.patient.person.sees()[-1]
        self.chosen = [data for data in buttons(message) if data.startswith(f"{step}:")][-1]
        self.patient.person.taps(message["message_id"], data=self.chosen)

    def apologies(self) -> int:
        return self.world.heard(self.patient.person).count(texts.TRY_LATER)

    def is_offered(self, step: str) -> bool:
        return any(data.startswith(step) for message in self.patient.person.sees() for data in buttons(message))

    def visits(self) -> list[str]:
        """Each as the button that asks for it, and the reason."""
        found = """
            SELECT CONCAT('book.yes:', doctor_id, ':', DATE_FORMAT(appointment_date, '%Y%m%d'),
                TIME_FORMAT(appointment_time, '%H%i'), ' ', reason) FROM appointments WHERE patient_id = :id
        """
        return [visit for (visit,) in self.world.rows(found, id=self.patient.number)]


@dataclass
class Scene:
    """One bot between two links."""

    world: World
    bot: Bot
    database: Link
    telegram: Link
    doctor: Resident
    figures: list[str] = field(default_factory=list)

    async def ann(self) -> Ann:
        with self.world.session() as session:
            ann = Ann(self.world, residents.patient(self.world, session))
        await ann.walks(*WALK)
        return ann

    def reminded(self) -> Person:
        """A patient with a visit tomorrow, who is to be told of it soon."""
        now = datetime.now(UTC)
        tomorrow = now.date() + timedelta(days=1)
        with self.world.session() as session:
            ben = residents.patient(self.world, session)
            residents.visit(session, self.doctor, ben, tomorrow, time_of_day(23))
            residents.reminder(session, ben, tomorrow, now + timedelta(seconds=5))
        return ben.person

    async def breaks(
        self, link: Link, trouble: Trouble, after: int, ann: Ann, does: Callable[[], None], step: str
    ) -> None:
        """The link breaks while Ann does something. Where it is the database's, she hears in time that it takes longer;
        or where the step leads, if the last answer was on its way already."""
        before = ann.apologies()
        await link.breaks(trouble, after=after)
        since = time.monotonic()
        does()
        if link is self.database:
            await until(lambda: ann.apologies() > before or ann.is_offered(step), self.world.told)
            told = time.monotonic() - since
            self.figures.append(f"{trouble} after {after}: told {told:.1f} s")
            assert told <= TOLD
        await asyncio.sleep(OUTAGE)

    async def heals(self, link: Link, ann: Ann, step: str) -> None:
        """The link is back, and soon Ann is offered this."""
        await link.heals()
        since = time.monotonic()
        await until(lambda: ann.is_offered(step), self.world.told)
        back = time.monotonic() - since
        self.figures.append(f"back {back:.1f} s")
        assert back <= BACK

    def connections(self) -> int:
        """Of the bot, as the server counts them."""
        name = make_url(self.world.database_url).database
        count = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = :name AND id <> CONNECTION_ID()"
        return int(self.world.rows(count, name=name)[0][0])

    @property
    def vitals(self) -> Vitals:
        return Vitals.of(self.bot.folder)


@asynccontextmanager
async def scene(world: World, *missing: str) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        with world.session() as session:
            doctor, _ = residents.doctor(world, session), residents.doctor(world, session)
        url = make_url(world.database_url)
        database = await stack.enter_async_context(linked(url.port or 3306))
        telegram = await stack.enter_async_context(linked(int(world.address.rpartition(":")[2])))
        settings: dict[str, Any] = {
            "HOSPITAL_DATABASE_URL": url.set(port=database.port).render_as_string(hide_password=False),
            "HOSPITAL_BOT_API_URL": f"http://127.0.0.1:{telegram.port}",
        }
        bot = world.bot(webhook=False, command=(*PROGRAM, *missing), **settings)
        bot.start()
        await until(bot.is_ready, bot.told)
        yield Scene(world, bot, database, telegram, doctor)
        bot.kill()


@pytest.mark.parametrize("side", TRIED)
async def test_a_conversation_outlives_every_break_of_a_link(around: World, side: str) -> None:
    async with scene(around) as on:
        link: Link = getattr(on, side)
        for trouble, after in TRIED[side]:
            ann = await on.ann()
            await on.breaks(link, trouble, after, ann, partial(ann.says, REASON), "book.yes")
            await on.heals(link, ann, "book.yes")
            await on.breaks(link, trouble, after, ann, partial(ann.taps, "book.yes"), "move.open")
            await on.heals(link, ann, "move.open")
            await around.quiet()
            assert ann.visits() == [f"{ann.chosen} {REASON}"]
        await until(lambda: not on.vitals.out, around.told)
        print(f"\n{side}: {', '.join(on.figures)}; {on.vitals}, {on.connections()} connections")  # noqa: T201
        assert on.vitals.lag <= LAG
        assert on.connections() <= 10


@pytest.mark.skipif(not PROVE, reason="takes more than a minute")
@pytest.mark.parametrize("side", TRIED)
async def test_after_a_long_outage_too_answers_and_messages_come_soon(around: World, side: str) -> None:
    async with scene(around) as on:
        link: Link = getattr(on, side)
        ann, ben = await on.ann(), on.reminded()
        await on.breaks(link, "refuses", 0, ann, partial(ann.says, REASON), "book.yes")
        await asyncio.sleep(LONG)
        await on.heals(link, ann, "book.yes")
        since = time.monotonic()
        await until(lambda: "A reminder of your visit" in around.heard(ben), around.told)
        print(f"\n{side}: {', '.join(on.figures)}, reminder {time.monotonic() - since:.1f} s later")  # noqa: T201
        assert time.monotonic() - since <= BACK


@pytest.mark.skipif(not PROVE, reason="the machinery is the same as above")
async def test_without_the_bots_patience_a_slow_database_leaves_people_without_a_word(around: World) -> None:
    async with scene(around, "patience") as on:
        ann = await on.ann()
        await on.database.breaks("delays")
        ann.says(REASON)
        await asyncio.sleep(TOLD)

        assert not ann.apologies()
