"""A simulated Telegram with one person in it, a clock to turn, and the bot's two ways in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest

from hospital_bot.simulator import methods, people, server
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.request import SimulatorRequest
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock

Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def mailbox(clock: Clock) -> Mailbox:
    return Mailbox(clock)


@pytest.fixture
def ann(telegram: Telegram) -> Person:
    """Somebody who has written to the bot; the bot knows of it."""
    ann = people.join(telegram, "Ann", username="ann")
    ann.says("/start")
    telegram.inbox.take()
    return ann


@pytest.fixture
async def address(telegram: Telegram, mailbox: Mailbox) -> AsyncIterator[str]:
    async with server.running(telegram, mailbox) as address:
        yield address


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    """python-telegram-bot's client in the same process."""
    async with client(telegram, lambda: SimulatorRequest(telegram)) as bot:
        yield bot


@pytest.fixture
async def http_bot(telegram: Telegram, address: str) -> AsyncIterator[Bot]:
    """python-telegram-bot's client over HTTP, as it comes."""
    new = lambda: HTTPXRequest(httpx_kwargs={"trust_env": False})  # noqa: E731
    async with client(telegram, new, address) as bot:
        yield bot


@pytest.fixture(params=["bot", "http_bot"])
def either_bot(request: pytest.FixtureRequest) -> Bot:
    bot: Bot = request.getfixturevalue(request.param)
    return bot


def client(telegram: Telegram, new: Callable[[], BaseRequest], address: str = "http://simulator") -> Bot:
    return Bot(
        telegram.token,
        base_url=f"{address}/bot",
        base_file_url=f"{address}/file/bot",
        request=new(),
        get_updates_request=new(),
    )


@pytest.fixture
def call(telegram: Telegram) -> Call:
    """One request of the bot; the result, or what Telegram refused it with: "400 Bad Request: …"."""

    async def call(method: str, **values: Any) -> Any:
        answer = await methods.answer(telegram, telegram.token, method, values)
        if answer.body["ok"]:
            return answer.body["result"]
        return f"{answer.body['error_code']} {answer.body['description']}"

    return call
