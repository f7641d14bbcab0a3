"""A mail server takes connections and never says a word, while many people ask for codes: nobody else notices."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from telegram import Update

from handlers import dispatch, texts
from hospital_bot import wiring
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import pace
from hospital_bot.telegram.poll import Poller
from tests.chat.conftest import PASSWORD, Hospital, chat_of, clock, email_of, opened
from tests.clock import Clock
from tests.security.test_update_flood import until

__all__ = ["clock"]

CROWD = 40
"""More than the poller has places."""
SOON = 5.0
"""Seconds. An exchange with a mail server is given up after ten."""

Deliver = Callable[[Update], Awaitable[None]]


@pytest.fixture
def mail_server() -> Iterator[socket.socket]:
    """The system takes the connections; closed, it breaks them all off."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def letters() -> tuple[int, int]:
    """So many at once, and so many waiting."""
    return wiring.LETTERS_AT_ONCE, wiring.LETTERS_WAITING


@pytest.fixture
async def hospital(
    tmp_path: Path,
    clock: Clock,
    mail_server: socket.socket,
    letters: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Hospital]:
    monkeypatch.setattr(wiring, "LETTERS_AT_ONCE", letters[0])
    monkeypatch.setattr(wiring, "LETTERS_WAITING", letters[1])
    monkeypatch.setattr(pace, "PERSON", ())
    monkeypatch.setattr(dispatch, "FAREWELL", 0.2)
    file = tmp_path / "hospital.db"
    smtp_url = SecretStr(f"smtp://127.0.0.1:{mail_server.getsockname()[1]}")
    async with opened(f"sqlite:///{file}", clock, file, smtp_url=smtp_url) as hospital:
        yield hospital
        mail_server.close()


async def at_the_password(hospital: Hospital, name: str) -> Phone:
    await hospital.patient(name)
    phone = await hospital.phone(name)
    await phone.says("/login")
    await phone.says(email_of(name))
    return phone


def does(hospital: Hospital, phone: Phone, text: str) -> None:
    """It is said, and waits for the poller."""
    Person(hospital.telegram, hospital.telegram.user(phone.id)).says(text)


@asynccontextmanager
async def polling(hospital: Hospital, deliver: Deliver) -> AsyncIterator[None]:
    poller = Poller(hospital.product.bot, deliver, drain_seconds=0)
    running = asyncio.create_task(poller.run())
    try:
        yield
    finally:
        await poller.stop()
        await running


async def crowded(hospital: Hospital) -> Phone:
    """Many have just typed their passwords, and after them Bob wants to book."""
    hospital.doctor()
    bob = await hospital.patient("Bob")
    crowd = [await at_the_password(hospital, f"Ann {number}") for number in range(CROWD)]
    for phone in crowd:
        does(hospital, phone, PASSWORD)
    does(hospital, bob, "/book")
    return bob


def is_offered_doctors(bob: Phone) -> bool:
    return "Cardiology" in chat_of(bob)


async def test_who_wants_no_code_is_served_at_once(hospital: Hospital) -> None:
    bob = await crowded(hospital)

    async with polling(hospital, hospital.product.deliver):
        await asyncio.wait_for(until(lambda: is_offered_doctors(bob)), SOON)


async def test_if_letters_were_waited_for_everybody_would_wait(hospital: Hospital) -> None:
    bob = await crowded(hospital)

    async def deliver(update: Update) -> None:
        await hospital.product.deliver(update)
        await asyncio.gather(*hospital.product.dispatcher._beside)

    async with polling(hospital, deliver):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until(lambda: is_offered_doctors(bob)), SOON)


async def test_who_asked_for_the_code_goes_on_meanwhile_and_is_told_in_the_end(
    hospital: Hospital, mail_server: socket.socket
) -> None:
    ann = await at_the_password(hospital, "Ann")
    async with polling(hospital, hospital.product.deliver):
        does(hospital, ann, PASSWORD)
        does(hospital, ann, "/cancel")
        await asyncio.wait_for(until(lambda: texts.CANCELLED in chat_of(ann)), SOON)
        mail_server.close()

        await asyncio.wait_for(until(lambda: texts.MAIL_FAILED in chat_of(ann)), SOON)


@pytest.mark.parametrize("letters", [(1, 1)])
async def test_behind_a_long_queue_of_letters_the_next_is_told_at_once(hospital: Hospital) -> None:
    phones = [await at_the_password(hospital, name) for name in ("Ann", "Bob", "Cleo")]
    async with polling(hospital, hospital.product.deliver):
        for phone in phones:
            does(hospital, phone, PASSWORD)

        await asyncio.wait_for(until(lambda: any(texts.MAIL_FAILED in chat_of(phone) for phone in phones)), SOON)

    assert sum(texts.MAIL_FAILED in chat_of(phone) for phone in phones) == 1


async def test_a_stop_waits_for_letters_only_so_long(hospital: Hospital) -> None:
    ann = await at_the_password(hospital, "Ann")
    async with polling(hospital, hospital.product.deliver):
        does(hospital, ann, PASSWORD)
        await asyncio.wait_for(until(lambda: "six digits" in chat_of(ann)), SOON)
    assert hospital.product.dispatcher._beside

    await asyncio.wait_for(hospital.product.dispatcher.finish(), SOON)

    assert not hospital.product.dispatcher._beside
