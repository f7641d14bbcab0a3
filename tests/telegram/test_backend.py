"""The Bot API over aiohttp, against the simulator's own server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from telegram import Bot
from telegram.error import BadRequest, NetworkError, TimedOut

from hospital_bot.simulator import people, server
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram.backend import Backend


@pytest.fixture
def telegram() -> Telegram:
    return Telegram(lambda: datetime.now(UTC))


@pytest.fixture
def ann(telegram: Telegram) -> Person:
    ann = people.join(telegram, "Ann")
    ann.says("/start")
    return ann


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with server.running(telegram, Mailbox(telegram.clock)) as address:
        calls, polls = (Backend(connections=4, answer_seconds=5) for _ in range(2))
        async with Bot(telegram.token, f"{address}/bot", f"{address}/file/bot", calls, polls) as bot:
            yield bot


async def test_a_text_arrives_with_every_character(bot: Bot, ann: Person) -> None:
    await bot.send_message(ann.user.id, "Grüße & <b>更多</b> 🙂", parse_mode="HTML")

    assert ann.sees()[-1]["text"] == "Grüße & 更多 🙂"


async def test_a_file_arrives_with_its_name_and_caption(bot: Bot, ann: Person, telegram: Telegram) -> None:
    await bot.send_document(ann.user.id, b"BEGIN:VCALENDAR", filename="visit.ics", caption="Für Sie")

    seen = ann.sees()[-1]
    assert (seen["document"]["file_name"], seen["caption"]) == ("visit.ics", "Für Sie")
    assert telegram.files[seen["document"]["file_id"]].content == b"BEGIN:VCALENDAR"


async def test_updates_are_polled(bot: Bot, ann: Person) -> None:
    [update] = await bot.get_updates(timeout=0)

    assert update.message is not None
    assert update.message.text == "/start"


async def test_a_refusal_of_telegram_is_the_librarys_own_error(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(1, "Hello?")


async def test_an_answer_that_does_not_come_times_out(bot: Bot, ann: Person, telegram: Telegram) -> None:
    telegram.limits.force(Fault(hangs=5))

    with pytest.raises(TimedOut):
        await bot.send_message(ann.user.id, "Hello?", read_timeout=0.1)


async def test_an_unreachable_server_is_told_without_its_address() -> None:
    bot = Bot("1:secret", "http://127.0.0.1:1/bot", request=Backend(connections=1, answer_seconds=1))
    await bot.request.initialize()

    with pytest.raises(NetworkError) as told:
        await bot.get_me()

    await bot.request.shutdown()
    assert "secret" not in str(told.value)
    assert "127.0.0.1" not in str(told.value)


async def test_a_backend_that_was_not_opened_says_so() -> None:
    with pytest.raises(RuntimeError, match="not initialized"):
        await Backend(connections=1, answer_seconds=1).do_request("http://127.0.0.1:1", "POST")


@pytest.fixture
async def proxied(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """What a proxy is asked for, which the environment names."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode().split()[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        yield asked


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    backend = Backend(connections=1, answer_seconds=1)
    await backend.initialize()
    yield backend
    await backend.shutdown()


async def test_the_proxy_that_the_environment_names_is_used(proxied: list[str], backend: Backend) -> None:
    assert await backend.do_request("http://127.0.0.1:1/bot", "POST") == (200, b"ok")
    assert proxied == ["http://127.0.0.1:1/bot"]


async def test_a_host_that_needs_no_proxy_is_called_without(
    monkeypatch: pytest.MonkeyPatch, proxied: list[str], backend: Backend
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    with pytest.raises(NetworkError):
        await backend.do_request("http://127.0.0.1:1/bot", "POST")
    assert proxied == []
