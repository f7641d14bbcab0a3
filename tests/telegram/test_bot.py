"""The client calls the right address, and its token stays out of every log."""

from __future__ import annotations

import logging

import pytest

from hospital_bot.simulator.request import SimulatorRequest
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram.bot import (
    HospitalBot,
    WrongToken,
    build_application,
    build_bot,
    quiet_libraries,
    redact,
    set_commands,
)
from hospital_bot.telegram.pace import Pace

TOKEN = "123456789:AAF-a_token_that_nobody_must_ever_see"


def test_the_bot_calls_the_given_address() -> None:
    bot = build_bot(TOKEN, "http://127.0.0.1:8081/", Pace())

    assert (bot.base_url, bot.base_file_url) == (
        f"http://127.0.0.1:8081/bot{TOKEN}",
        f"http://127.0.0.1:8081/file/bot{TOKEN}",
    )


def test_the_bot_shows_its_number_and_not_its_token() -> None:
    assert repr(build_bot(TOKEN, "http://127.0.0.1", Pace())) == "HospitalBot[123456789]"


@pytest.mark.parametrize("token", [TOKEN, "nonsense"])
async def test_a_token_that_telegram_does_not_know_is_named_by_its_setting(telegram: Telegram, token: str) -> None:
    bot = build_bot(token, "http://127.0.0.1", Pace(), SimulatorRequest(telegram))

    with pytest.raises(WrongToken, match=r"^HOSPITAL_BOT_TOKEN: ") as caught:
        await bot.initialize()

    assert (token in str(caught.value), caught.value.__suppress_context__) == (False, True)


async def test_every_private_chat_begins_with_the_menu_of_a_stranger(telegram: Telegram, bot: HospitalBot) -> None:
    await set_commands(bot, {"stranger": [("login", "Log in")], "doctor": [("day", "My day")]})

    assert list(telegram.commands.values()) == [[{"command": "login", "description": "Log in"}]]


async def test_the_application_routes_and_does_not_fetch(bot: HospitalBot) -> None:
    application = build_application(bot)

    assert (application.updater, application.bot) == (None, bot)


@pytest.mark.parametrize(
    "text",
    [
        f"The token `{TOKEN}` was rejected by the server.",
        f"POST http://127.0.0.1/bot{TOKEN}/getMe",
        f"http://127.0.0.1/bot{TOKEN.replace(':', '%3A')}/getMe",
    ],
)
def test_tokens_are_taken_out_of_a_text(text: str) -> None:
    assert "AAF-a_token" not in redact(text)
    assert "<token>" in redact(text)


def test_what_looks_a_little_like_a_token_stays() -> None:
    assert redact("2026-11-23 10:00 update 123456789: failed") == "2026-11-23 10:00 update 123456789: failed"


@pytest.mark.parametrize(
    ("name", "level"),
    [("httpx", logging.INFO), ("telegram", logging.DEBUG), ("telegram.ext.ExtBot", logging.CRITICAL)],
)
def test_the_libraries_write_nothing_of_what_was_said(name: str, level: int) -> None:
    quiet_libraries()

    assert not logging.getLogger(name).isEnabledFor(level)


def test_of_a_tap_the_place_and_the_person_are_read_and_nothing_else(bot: HospitalBot) -> None:
    ann, family = {"id": 5, "is_bot": False, "first_name": "Ann"}, {"id": -7, "type": "group", "title": "Family"}
    message = {"message_id": 9, "date": 1_700_000_000, "chat": family, "text": "Who comes?", "photo": "of no such kind"}
    tap = {"id": "77", "from": ann, "chat_instance": "1", "data": "book.start", "message": message}

    update = bot.read({"update_id": 3, "callback_query": tap})

    assert update.effective_chat
    assert (update.update_id, update.effective_chat.id, update.effective_chat.type) == (3, -7, "group")
    read = update.callback_query
    assert read
    assert read.message
    assert (read.id, read.data, read.from_user.id, read.message.message_id) == ("77", "book.start", 5, 9)


@pytest.mark.parametrize("missing", ["message", "data"])
def test_a_tap_may_come_without_its_message_or_its_data(bot: HospitalBot, missing: str) -> None:
    ann = {"id": 5, "is_bot": False, "first_name": "Ann"}
    message = {"message_id": 9, "date": 0, "chat": {"id": 5, "type": "private"}}
    tap = {"id": "77", "from": ann, "chat_instance": "1", "data": "book.start", "message": message}
    del tap[missing]

    read = bot.read({"update_id": 3, "callback_query": tap}).callback_query

    assert read
    assert getattr(read, missing) is None
