"""One chat sends more than anybody can type; the others are answered as if it were not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from hospital_bot.simulator import people
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import floods
from hospital_bot.telegram.pace import Bucket
from hospital_bot.telegram.poll import Poller
from tests.chat.conftest import Hospital

FLOOD = 500
SOON = 10.0
"""Seconds. Without the guard it takes minutes."""


@asynccontextmanager
async def polling(hospital: Hospital) -> AsyncIterator[None]:
    poller = Poller(hospital.product.bot, hospital.product.deliver, drain_seconds=0)
    running = asyncio.create_task(poller.run())
    try:
        yield
    finally:
        await poller.stop()
        await running


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - the other side is the product, polling
        await asyncio.sleep(0.02)


@pytest.fixture
def troll(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> Person:
    """At Telegram's pace: an answer a second, after a short burst. Typed five hundred messages just now."""
    monkeypatch.setattr("hospital_bot.telegram.pace.PERSON", (Bucket(2),))
    troll = people.join(hospital.telegram, "Troll")
    for number in range(FLOOD):
        troll.says(f"message {number}")
    return troll


def answered(person: Person | Phone) -> bool:
    shown = person.sees() if isinstance(person, Person) else person.line.messages(person.id)
    return any(message["from"]["is_bot"] for message in shown)


async def test_a_flood_from_one_chat_does_not_keep_others_waiting(hospital: Hospital, troll: Person) -> None:
    bob = people.join(hospital.telegram, "Bob")
    bob.says("/start")
    with capture_logs() as logs:
        async with polling(hospital):
            await asyncio.wait_for(until(lambda: answered(bob)), SOON)

    assert [line["chat_id"] for line in logs if line["event"] == "poll.flood"] == [troll.user.id]


async def test_without_the_guard_it_does(hospital: Hospital, troll: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floods, "MOST", FLOOD)
    bob = people.join(hospital.telegram, "Bob")
    bob.says("/start")
    async with polling(hospital):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until(lambda: answered(bob)), 3)


async def test_after_ten_seconds_the_chat_is_heard_again(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = floods.Floods()
    heard = [guard.begin(7, now=0.0) for _ in range(FLOOD)]
    for _ in range(floods.MOST):
        guard.end(7)

    assert heard.count(True) == floods.MOST
    assert guard.begin(8, now=0.0)
    assert (guard.begin(7, now=9.9), guard.begin(7, now=10.0)) == (False, True)
