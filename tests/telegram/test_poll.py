"""Polling hands every update on, in its chat's order, and confirms none too early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram import Bot, Update

from hospital_bot.simulator import people
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.request import SimulatorRequest
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram.bot import ALLOWED_UPDATES, HospitalBot, WrongToken, build_bot
from hospital_bot.telegram.pace import Pace
from hospital_bot.telegram.poll import Poller


class Handling:
    """What the bot did with its updates. A text listed in `fails` fails once for each time it is listed."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self.begun: list[str] = []
        self.done: list[str] = []
        self.fails: list[str] = []
        self.blocks: dict[str, asyncio.Event] = {}
        self.at_once = 0
        self.most_at_once = 0
        self._changed = asyncio.Event()

    async def __call__(self, update: Update) -> None:
        text = update.callback_query.data if update.callback_query else update.effective_message.text  # type: ignore[union-attr]
        assert text is not None
        self.begun.append(text)
        self._changed.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._work(text)
        finally:
            self.at_once -= 1
        self.done.append(text)
        self._changed.set()

    async def _work(self, text: str) -> None:
        await asyncio.sleep(0)
        if text in self.blocks:
            await self.blocks[text].wait()
        if text in self.fails:
            self.fails.remove(text)
            raise OSError("no database")

    def block(self, text: str) -> asyncio.Event:
        return self.blocks.setdefault(text, asyncio.Event())

    async def until(self, count: int, *, begun: bool = False) -> None:
        async with asyncio.timeout(30):
            while len(self.begun if begun else self.done) < count:
                self._changed.clear()
                await self._changed.wait()

    @property
    def unconfirmed(self) -> int:
        return len(self.telegram.inbox.pending())


@pytest.fixture
def handling(telegram: Telegram) -> Handling:
    return Handling(telegram)


@pytest.fixture
async def poller(bot: HospitalBot, handling: Handling) -> AsyncIterator[Poller]:
    poller = Poller(bot, handling, drain_seconds=0.2)
    running = asyncio.create_task(poller.run())
    yield poller
    await poller.stop()
    await running


def persons(telegram: Telegram, count: int) -> list[Person]:
    return [people.join(telegram, f"Person {number}") for number in range(count)]


async def test_updates_of_one_chat_are_handled_one_after_another(
    telegram: Telegram, handling: Handling, poller: Poller
) -> None:
    said = [f"{person}.{number}" for number in range(8) for person in range(5)]
    chats = persons(telegram, 5)
    for text in said:
        chats[int(text[0])].says(text)

    await handling.until(40)

    for person in "01234":
        assert [t for t in handling.done if t[0] == person] == [t for t in said if t[0] == person]


async def test_a_tap_waits_for_the_same_persons_text(handling: Handling, poller: Poller, ann: Person) -> None:
    gate = handling.block("text")
    ann.says("text")
    ann.forges("tap", 1)
    await handling.until(1, begun=True)
    await asyncio.sleep(0.05)
    assert handling.begun == ["text"]

    gate.set()
    await handling.until(2)

    assert handling.done == ["text", "tap"]


async def test_a_slow_chat_delays_nobody(telegram: Telegram, handling: Handling, poller: Poller, ann: Person) -> None:
    gate = handling.block("slow")
    ann.says("slow")
    await handling.until(1, begun=True)
    for person in persons(telegram, 5):
        person.says("quick")

    await handling.until(5)

    assert handling.done == ["quick"] * 5
    gate.set()


async def test_only_so_many_are_handled_at_once(telegram: Telegram, bot: HospitalBot, handling: Handling) -> None:
    for person in persons(telegram, 20):
        person.says("hello")
    poller = Poller(bot, handling, side_by_side=3)
    running = asyncio.create_task(poller.run())

    await handling.until(20)
    await poller.stop()
    await running

    assert handling.most_at_once == 3


async def test_nothing_behind_an_unfinished_update_is_confirmed_or_handled_twice(
    telegram: Telegram, handling: Handling, poller: Poller, ann: Person
) -> None:
    gate = handling.block("slow")
    ann.says("slow")
    for person in persons(telegram, 5):
        person.says("quick")
    await handling.until(5)
    await asyncio.sleep(0.2)
    assert (handling.unconfirmed, len(handling.begun)) == (6, 6)

    gate.set()
    await handling.until(6)
    await poller.stop()

    assert (handling.unconfirmed, len(handling.begun)) == (0, 6)


async def test_what_fails_is_tried_again_before_anything_later_of_its_chat(
    handling: Handling, poller: Poller, ann: Person
) -> None:
    handling.fails = ["first", "first"]
    ann.says("first")
    ann.says("second")

    await handling.until(2)

    assert handling.begun == ["first", "first", "first", "second"]


async def test_failures_are_logged_without_what_was_said(handling: Handling, poller: Poller, ann: Person) -> None:
    handling.fails = ["my illness"]
    with capture_logs() as lines:
        ann.says("my illness")
        await handling.until(1)

    assert [(line["event"], line["error"]) for line in lines] == [("update.failed", "OSError")]
    assert "illness" not in str(lines)


async def test_stopping_finishes_what_was_received_and_confirms_it(
    handling: Handling, poller: Poller, ann: Person
) -> None:
    gate = handling.block("slow")
    ann.says("slow")
    await handling.until(1, begun=True)
    stopping = asyncio.create_task(poller.stop())
    await asyncio.sleep(0)
    gate.set()
    await stopping

    assert (handling.done, handling.unconfirmed) == (["slow"], 0)


async def test_stopping_leaves_unfinished_updates_to_the_next_process(
    handling: Handling, poller: Poller, ann: Person
) -> None:
    handling.block("endless")
    ann.says("endless")
    ann.says("later")
    await handling.until(1, begun=True)

    await poller.stop()

    assert (handling.done, handling.begun, handling.unconfirmed) == ([], ["endless"], 2)


async def test_nothing_is_fetched_after_the_stop(handling: Handling, poller: Poller, ann: Person) -> None:
    ann.says("before")
    await handling.until(1)
    await poller.stop()
    ann.says("after")

    assert (handling.done, handling.unconfirmed) == (["before"], 1)


async def test_updates_that_waited_for_the_bot_are_handled(telegram: Telegram, bot: HospitalBot) -> None:
    handling = Handling(telegram)
    people.join(telegram, "Bob").says("while you were away")
    poller = Poller(bot, handling)
    running = asyncio.create_task(poller.run())

    await handling.until(1)
    await poller.stop()
    await running

    assert (handling.done, telegram.inbox.allowed) == (["while you were away"], ALLOWED_UPDATES)


@pytest.mark.parametrize("fault", [{"status": 502}, {"hangs": 1.0}, {"status": 500}], ids=["502", "time-out", "500"])
async def test_polling_outlives_trouble(
    telegram: Telegram, bot: HospitalBot, handling: Handling, ann: Person, fault: dict[str, float]
) -> None:
    telegram.limits.force(Fault(**fault, times=1, method="getupdates"))  # type: ignore[arg-type]
    poller = Poller(bot, handling)
    running = asyncio.create_task(poller.run())
    ann.says("hello")

    await handling.until(1)
    await poller.stop()
    await running

    assert handling.done == ["hello"]


@pytest.mark.parametrize("odd", [{"message_id": 1, "chat": "odd"}, {"poll": {}}, "odd", 7])
async def test_what_the_library_cannot_read_holds_up_nobody(
    telegram: Telegram, handling: Handling, poller: Poller, ann: Person, odd: Any
) -> None:
    with capture_logs() as lines:
        telegram.queue("message", odd, "messages in 1")
        ann.says("hello")
        await handling.until(1)

    assert handling.done == ["hello"]
    assert [line["event"] for line in lines] == ["poll.unreadable"]
    await poller.stop()
    assert handling.unconfirmed == 0


@pytest.mark.parametrize("odd", [{"ok": 1}, [7], [{}], [{"update_id": "x"}], "odd"])
async def test_what_is_no_list_of_updates_is_asked_for_again(
    handling: Handling, bot: HospitalBot, ann: Person, monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    answers, ask = [odd], Bot._do_post

    async def ask_oddly(bot: Bot, method: str, *args: Any, **facts: Any) -> Any:
        is_odd = method == "getUpdates" and answers
        return answers.pop() if is_odd else await ask(bot, method, *args, **facts)

    monkeypatch.setattr(Bot, "_do_post", ask_oddly)
    poller = Poller(bot, handling)
    running = asyncio.create_task(poller.run())
    ann.says("hello")
    await handling.until(1)
    await poller.stop()
    await running

    assert handling.done == ["hello"]


async def test_two_pollers_are_warned_of_once_each(telegram: Telegram, bot: HospitalBot, handling: Handling) -> None:
    telegram.limits.force(Fault(status=409, times=2, method="getupdates"))
    ann = people.join(telegram, "Ann")
    with capture_logs() as lines:
        poller = Poller(bot, handling)
        running = asyncio.create_task(poller.run())
        ann.says("hello")
        await handling.until(1)
        await poller.stop()
        await running

    assert [line["event"] for line in lines] == ["poll.conflict"]


async def test_a_webhook_left_behind_is_taken_away(telegram: Telegram, bot: HospitalBot, handling: Handling) -> None:
    await bot.set_webhook("http://127.0.0.1:9/")
    people.join(telegram, "Ann").says("hello")
    poller = Poller(bot, handling)
    running = asyncio.create_task(poller.run())

    await handling.until(1)
    await poller.stop()
    await running

    assert telegram.courier.webhook is None


async def test_a_token_that_telegram_does_not_know_ends_it_all(telegram: Telegram, handling: Handling) -> None:
    token = "7000000001:another-token-of-another-bot-x"
    stranger = build_bot(token, "http://127.0.0.1", Pace(), SimulatorRequest(telegram))

    with pytest.raises(WrongToken) as caught:
        await Poller(stranger, handling).run()

    assert token not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_an_update_that_the_library_cannot_read_is_passed_over_and_stops_nobody(
    telegram: Telegram, poller: Poller, handling: Handling, ann: Person
) -> None:
    waiting = handling.block("first")
    ann.says("first")
    await handling.until(1, begun=True)
    with capture_logs() as lines:
        telegram.inbox.add("message", {"message_id": "not a message"}, queue="odd")
        people.join(telegram, "Bob").says("hello")
        await handling.until(2, begun=True)
        await asyncio.sleep(0.2)  # meanwhile the odd one comes again and again, for the first is unfinished
    waiting.set()
    await handling.until(2)
    await poller.stop()

    assert sorted(handling.done) == ["first", "hello"]
    assert [line["event"] for line in lines] == ["poll.unreadable"]
    assert handling.unconfirmed == 0
