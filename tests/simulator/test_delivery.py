"""How updates reach the bot: polling with offsets, and the webhook's lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import Conflict

from hospital_bot.simulator import people, server
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock
from tests.simulator.conftest import Call


async def texts(call: Call, **values: object) -> list[str]:
    return [update["message"]["text"] for update in await call("getUpdates", **values)]


async def test_updates_come_again_until_a_higher_offset_confirms_them(ann: Person, call: Call) -> None:
    first = ann.says("a").update_id
    ann.says("b")
    assert await texts(call) == await texts(call, offset=first) == ["a", "b"]
    assert await texts(call, offset=(first or 0) + 1) == ["b"]
    assert await texts(call) == ["b"]


async def test_update_ids_grow_by_one(ann: Person, call: Call) -> None:
    first, second = ann.says("a").update_id, ann.says("b").update_id
    assert first is not None
    assert second == first + 1


async def test_a_negative_offset_keeps_only_the_last(ann: Person, call: Call) -> None:
    for text in "abc":
        ann.says(text)
    assert await texts(call, offset=-2) == ["b", "c"]
    assert await texts(call) == ["b", "c"]


async def test_a_negative_offset_with_nothing_pending_gives_nothing(call: Call) -> None:
    assert await call("getUpdates", offset=-1) == []


async def test_the_limit_cuts_a_batch(ann: Person, call: Call) -> None:
    for text in "abc":
        ann.says(text)
    assert await texts(call, limit=2) == ["a", "b"]


async def test_a_long_poll_returns_with_the_first_update(ann: Person, call: Call) -> None:
    poll = asyncio.create_task(texts(call, timeout=30))
    await asyncio.sleep(0)
    ann.says("a")
    ann.says("b")
    assert await poll == ["a", "b"]


async def test_a_long_poll_ends_empty_after_its_time(telegram: Telegram) -> None:
    assert await telegram.inbox.poll(offset=0, limit=1, seconds=0.01) == []


async def test_a_second_poll_ends_the_first_with_a_conflict(bot: Bot, ann: Person) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0)
    second = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first
    ann.says("a")
    assert len(await second) == 1


async def test_updates_are_forgotten_after_a_day(ann: Person, call: Call, clock: Clock) -> None:
    ann.says("a")
    clock.turn(hours=23)
    ann.says("b")
    clock.turn(hours=1)
    assert await texts(call) == ["b"]


async def test_only_the_wanted_kinds_are_kept(ann: Person, call: Call) -> None:
    await call("getUpdates", allowed_updates=["callback_query"])
    ann.says("unwanted")
    ann.forges("x", 1)
    assert ["callback_query" in update for update in await call("getUpdates")] == [True]
    await call("getUpdates", allowed_updates=[])
    ann.says("wanted again")
    assert len(await call("getUpdates")) == 2


class Receiver:
    """A bot's webhook that notes what it gets. It fails as often as ``failures`` says, and holds texts in
    ``held`` until they are let go."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.secrets: set[str | None] = set()
        self.failures = 0
        self.held: dict[str, asyncio.Event] = {}
        self.arrived = asyncio.Condition()

    async def take(self, request: Request) -> Response:
        update = await request.json()
        what = update["message"]["text"] if "message" in update else update["callback_query"]["data"]
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        async with self.arrived:
            self.got.append(what)
            self.arrived.notify_all()
        if what in self.held:
            await self.held[what].wait()
        self.failures -= 1
        return Response(status_code=500 if self.failures >= 0 else 200)

    async def has_got(self, number: int) -> list[str]:
        async with self.arrived, asyncio.timeout(30):
            await self.arrived.wait_for(lambda: len(self.got) >= number)
        return self.got


@asynccontextmanager
async def webhook(call: Call, receiver: Receiver) -> AsyncIterator[str]:
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    async with server.serving(app) as address:
        url = f"{address}/hook"
        await call("setWebhook", url=url, secret_token="s3cret", max_connections=10)
        yield url
        await call("deleteWebhook")


async def test_a_webhook_gets_what_was_pending_and_what_comes_with_its_secret(ann: Person, call: Call) -> None:
    receiver = Receiver()
    ann.says("before")
    async with webhook(call, receiver):
        ann.says("after")
        assert await receiver.has_got(2) == ["before", "after"]
    assert receiver.secrets == {"s3cret"}


async def test_a_failed_update_is_tried_again_before_the_next_of_its_chat(ann: Person, call: Call) -> None:
    receiver = Receiver()
    receiver.failures = 2
    async with webhook(call, receiver):
        ann.says("a")
        ann.says("b")
        assert await receiver.has_got(4) == ["a", "a", "a", "b"]


async def test_other_chats_and_taps_do_not_wait_for_a_held_message(telegram: Telegram, ann: Person, call: Call) -> None:
    receiver, bob = Receiver(), people.join(telegram, "Bob")
    receiver.held["held"] = asyncio.Event()
    async with webhook(call, receiver):
        ann.says("held")
        ann.says("waits")
        await receiver.has_got(1)
        bob.says("Bob's")
        ann.forges("tap", 1)
        assert sorted((await receiver.has_got(3))[1:]) == ["Bob's", "tap"]
        receiver.held["held"].set()
        assert (await receiver.has_got(4))[3] == "waits"


async def test_webhook_info_tells_of_the_last_failure(ann: Person, call: Call) -> None:
    receiver = Receiver()
    receiver.failures = 100
    async with webhook(call, receiver) as url:
        ann.says("a")
        await receiver.has_got(2)
        info = await call("getWebhookInfo")
        assert (info["url"], info["pending_update_count"], info["max_connections"]) == (url, 1, 10)
        assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert (await call("getWebhookInfo"))["url"] == ""


async def test_a_webhook_that_is_not_there_is_tried_again(telegram: Telegram, ann: Person, call: Call) -> None:
    await call("setWebhook", url="http://127.0.0.1:9/", allowed_updates=["message"])
    ann.says("a")
    info = await call("getWebhookInfo")
    for _ in range(1000):
        if "last_error_message" in info:
            break
        await asyncio.sleep(0.01)
        info = await call("getWebhookInfo")
    assert info["last_error_message"] == "Connection failed: ConnectError"
    assert info["allowed_updates"] == ["message"]
    assert (await call("setWebhook", url="")) is True
    assert await texts(call) == ["a"]


async def test_polling_conflicts_with_a_webhook(call: Call) -> None:
    await call("setWebhook", url="http://127.0.0.1:9/")
    assert (await call("getUpdates")).startswith("409 Conflict: can't use getUpdates method while webhook")


async def test_setting_a_webhook_ends_the_poll(call: Call) -> None:
    poll = asyncio.ensure_future(call("getUpdates", timeout=30))
    await asyncio.sleep(0)
    await call("setWebhook", url="http://127.0.0.1:9/")
    assert await poll == "409 Conflict: terminated by setWebhook request"


async def test_pending_updates_are_dropped_on_demand(ann: Person, call: Call) -> None:
    ann.says("a")
    await call("deleteWebhook", drop_pending_updates=True)
    assert await call("getUpdates") == []
