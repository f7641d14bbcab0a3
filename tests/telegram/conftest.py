"""A simulated Telegram with Ann in it, and our bot on its line."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import Update

from hospital_bot.simulator import people
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.request import SimulatorRequest
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram.bot import HospitalBot, build_bot
from hospital_bot.telegram.pace import Pace


@pytest.fixture
def ann(telegram: Telegram) -> Person:
    """Somebody who has written to the bot; the bot knows of it."""
    ann = people.join(telegram, "Ann")
    ann.says("/start")
    telegram.inbox.take()
    return ann


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[HospitalBot]:
    async with build_bot(telegram.token, "http://127.0.0.1", Pace(), SimulatorRequest(telegram)) as bot:
        yield bot


def newest(telegram: Telegram, bot: HospitalBot) -> Update:
    """The update that the last action caused."""
    return Update.de_json(telegram.inbox.take()[-1].json(), bot)
