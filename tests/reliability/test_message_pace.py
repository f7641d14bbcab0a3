"""A thousand reminders go out at Telegram's pace, and the people who write meanwhile hardly notice."""

from __future__ import annotations

import asyncio
import os
import statistics
import time

import pytest

from hospital_bot.simulator.people import Person
from tests.reliability.crowd import Count, Crowd
from tests.reliability.test_message_kills import all_settled
from tests.reliability.world import PRODUCT, World

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
REMINDERS = 1000
PEOPLE = 20

pytestmark = [pytest.mark.mariadb, pytest.mark.prove, pytest.mark.skipif(not PROVE, reason="it measures time")]


async def test_during_a_thousand_reminders_people_wait_less_than_two_seconds(around: World) -> None:
    crowd = Crowd.gathered(around, REMINDERS)
    around.telegram.limits.enforced = True
    await around.served(1, webhook=False, command=PRODUCT)
    began = time.monotonic()
    sending = asyncio.create_task(all_settled(crowd))
    waits = await asyncio.gather(*(asks_until(around, sending, number) for number in range(PEOPLE)))
    await sending

    assert crowd.count() == Count(lost=0, twice=0)
    assert statistics.quantiles([wait for each in waits for wait in each], n=20)[-1] < 2
    assert 34 <= time.monotonic() - began <= 60


async def asks_until(world: World, sending: asyncio.Task[None], number: int) -> list[float]:
    """Somebody who asks for help every few seconds: how long each answer took."""
    person, waits = world.person(f"Asker {number}"), []
    while not sending.done():
        waits.append(await _asks(world, person))
        await asyncio.sleep(3 + number / PEOPLE)
    return waits


async def _asks(world: World, person: Person) -> float:
    before, began = _answers(world, person), time.monotonic()
    person.says("/help")
    while _answers(world, person) == before:  # noqa: ASYNC110 - the answer comes from another process
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def _answers(world: World, person: Person) -> int:
    chat = world.telegram.chats.get(person.user.id)
    return chat.answers if chat else 0
