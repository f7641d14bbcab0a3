"""The webhook takes updates from Telegram alone, and says 200 only when they are dealt with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from telegram import Update

from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram.bot import HospitalBot
from hospital_bot.telegram.webhook import LONGEST_BODY, SECRET_HEADER, serve, webhook_app
from tests.servers import NO_TLS
from tests.telegram.conftest import ann, bot

__all__ = ["ann", "bot"]

SECRET = "a-secret-of-thirty-two-characters"
RIGHT = {SECRET_HEADER: SECRET}


class Handling:
    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.error: Exception | None = None
        self.has_begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, update: Update) -> None:
        self.begun.append(update.update_id)
        self.has_begun.set()
        await self.gate.wait()
        if self.error:
            raise self.error
        self.done.append(update.update_id)


def said(update_id: int = 7, chat_id: int = 1, **more: Any) -> dict[str, Any]:
    chat = {"id": chat_id, "type": "private", "first_name": "Ann"}
    return {"update_id": update_id, "message": {"message_id": 1, "date": 0, "chat": chat, "text": "hello"} | more}


@pytest.fixture
def handling() -> Handling:
    return Handling()


@pytest.fixture
async def client(bot: HospitalBot, handling: Handling) -> AsyncIterator[httpx.AsyncClient]:
    app = webhook_app(bot, handling, secret=SECRET, path="/telegram")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=RIGHT) as client:
        yield client


async def test_an_update_is_handled_and_then_taken(client: httpx.AsyncClient, handling: Handling) -> None:
    response = await client.post("/telegram", json=said())

    assert (response.status_code, handling.done) == (200, [7])


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "sécret"])
async def test_nothing_is_taken_without_the_secret(client: httpx.AsyncClient, handling: Handling, secret: str) -> None:
    response = await client.post(
        "/telegram", json=said(), headers=httpx.Headers({SECRET_HEADER: secret}, encoding="latin-1")
    )

    assert (response.status_code, handling.begun) == (403, [])


async def test_no_header_is_no_secret(client: httpx.AsyncClient, handling: Handling) -> None:
    del client.headers[SECRET_HEADER]

    response = await client.post("/telegram", json=said())

    assert (response.status_code, handling.begun) == (403, [])


async def test_the_body_of_a_stranger_is_not_read(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    response = await client.post("/telegram", content=body(), headers={SECRET_HEADER: "wrong"})

    assert response.status_code == 403


async def test_a_body_over_a_mebibyte_is_refused(client: httpx.AsyncClient, handling: Handling) -> None:
    response = await client.post("/telegram", json=said(text="x" * LONGEST_BODY))

    assert (response.status_code, handling.begun) == (413, [])


async def test_a_long_body_that_hides_its_length_is_read_no_further_than_allowed(client: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (LONGEST_BODY // 2 + 1)
        pytest.fail("more was read than allowed")

    response = await client.post("/telegram", content=body())

    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"update_id": "7"}', b"\xff"])
async def test_what_is_no_update_is_refused(client: httpx.AsyncClient, handling: Handling, body: bytes) -> None:
    response = await client.post("/telegram", content=body)

    assert (response.status_code, handling.begun) == (400, [])


async def test_an_update_of_an_unknown_form_does_not_hold_up_its_chat(client: httpx.AsyncClient) -> None:
    response = await client.post("/telegram", json={"update_id": 7, "message": {"chat": "odd"}})

    assert response.status_code == 200


async def test_an_update_that_failed_is_asked_for_again(client: httpx.AsyncClient, handling: Handling) -> None:
    handling.error = OSError("no database")
    first = await client.post("/telegram", json=said())
    handling.error = None
    second = await client.post("/telegram", json=said())

    assert (first.status_code, second.status_code, handling.done) == (503, 200, [7])


async def test_one_chat_is_served_in_order_and_others_beside_it(client: httpx.AsyncClient, handling: Handling) -> None:
    handling.gate.clear()
    posts = [
        asyncio.create_task(client.post("/telegram", json=said(number, chat_id=chat)))
        for number, chat in ((1, 1), (2, 1), (3, 2))
    ]
    await handling.has_begun.wait()
    await asyncio.sleep(0.05)
    assert handling.begun == [1, 3]

    handling.gate.set()
    await asyncio.gather(*posts)

    assert sorted(handling.done) == [1, 2, 3]


async def test_health_needs_no_secret(client: httpx.AsyncClient) -> None:
    del client.headers[SECRET_HEADER]

    assert (await client.get("/health")).status_code == 200


@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "x" * 257, "x" * 32 + "!", "é" * 32])
def test_a_weak_secret_is_refused_by_name(bot: HospitalBot, handling: Handling, secret: str) -> None:
    with pytest.raises(ValueError, match=r"^HOSPITAL_WEBHOOK_SECRET: "):
        webhook_app(bot, handling, secret=secret, path="/telegram")


async def test_telegram_delivers_over_a_real_socket(
    telegram: Telegram, bot: HospitalBot, handling: Handling, ann: Person
) -> None:
    async with serve(webhook_app(bot, handling, secret=SECRET, path="/telegram"), "127.0.0.1", 0) as port:
        await bot.set_webhook(f"http://127.0.0.1:{port}/telegram", secret_token=SECRET)
        done = ann.says("hello")
        await handling.has_begun.wait()

    assert handling.done == [done.update_id]


async def test_the_server_finishes_what_it_runs_before_it_stops(bot: HospitalBot, handling: Handling) -> None:
    handling.gate.clear()
    async with httpx.AsyncClient(headers=RIGHT, trust_env=False, verify=NO_TLS) as client:
        async with serve(webhook_app(bot, handling, secret=SECRET, path="/telegram"), "127.0.0.1", 0) as port:
            post = asyncio.create_task(client.post(f"http://127.0.0.1:{port}/telegram", json=said()))
            await handling.has_begun.wait()
            asyncio.get_running_loop().call_later(0.2, handling.gate.set)

        assert (await post).status_code == 200


async def test_an_address_that_is_taken_is_said_to_be(bot: HospitalBot, handling: Handling) -> None:
    app = webhook_app(bot, handling, secret=SECRET, path="/telegram")
    async with serve(app, "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            await serve(app, "127.0.0.1", port).__aenter__()
