"""Requests to Telegram start when its limits allow, on a clock that only the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from telegram.error import RetryAfter

from hospital_bot.telegram import pace as pacing
from hospital_bot.telegram.pace import BULK, MOST_TRIES, Pace

GROUP = -5


@dataclass
class Alarm:
    at: float
    ring: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[Alarm] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Alarm:
        self._alarms.append(Alarm(self.now + delay, callback))
        return self._alarms[-1]

    async def turn(self, seconds: float) -> None:
        end = self.now + seconds
        await settle()
        while due := [alarm for alarm in self._alarms if not alarm.is_cancelled and alarm.at <= end]:
            alarm = min(due, key=lambda each: each.at)
            self._alarms.remove(alarm)
            self.now = max(self.now, alarm.at)
            alarm.ring()
            await settle()
        self.now = end


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


class Traffic:
    """Requests on their way, and what Telegram saw: (second, who)."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.pace = Pace(self.clock)
        self.seen: list[tuple[float, str]] = []
        self.refusals: list[int] = []
        self.requests: list[asyncio.Task[object]] = []

    def ask(
        self, who: str, chat_id: int | None = None, *, bulk: bool = False, does: str = "sendMessage"
    ) -> asyncio.Task[object]:
        data = {} if chat_id is None else {"chat_id": chat_id}
        work = self.pace.process_request(self._call, (who,), {}, does, data, BULK if bulk else None)
        self.requests.append(asyncio.create_task(work))
        return self.requests[-1]

    async def _call(self, who: str) -> bool:
        self.seen.append((self.clock.now, who))
        await asyncio.sleep(0)
        if self.refusals:
            raise RetryAfter(self.refusals.pop(0))
        return True

    def times(self, who: str) -> list[float]:
        return [at for at, name in self.seen if name == who]


@pytest.fixture
async def traffic() -> AsyncIterator[Traffic]:
    traffic = Traffic()
    yield traffic
    await traffic.pace.shutdown()
    for request in traffic.requests:
        request.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*traffic.requests, return_exceptions=True)


async def test_thirty_answers_a_second_leave_over_all(traffic: Traffic) -> None:
    for person in range(1, 71):
        traffic.ask("all", person)

    await traffic.clock.turn(3)

    assert traffic.times("all") == [0.0] * 30 + [1.0] * 30 + [2.0] * 10


async def test_one_person_gets_a_short_burst_and_then_one_a_second_on_average(traffic: Traffic) -> None:
    for _ in range(23):
        traffic.ask("ann", 1)

    await traffic.clock.turn(11)

    assert traffic.times("ann") == [0.0] * 20 + [1.0, 2.0, 3.0]


async def test_the_refusal_of_a_menu_holds_up_nobody(traffic: Traffic) -> None:
    traffic.refusals = [3600]
    menu = traffic.ask("menu", does="setMyCommands")
    await traffic.clock.turn(1)
    traffic.ask("ann", 1)

    await traffic.clock.turn(1)

    assert isinstance(menu.exception(), RetryAfter)
    assert traffic.times("ann") == [1.0]


async def test_bulk_to_one_person_goes_once_a_second(traffic: Traffic) -> None:
    for _ in range(3):
        traffic.ask("ann", 1, bulk=True)

    await traffic.clock.turn(3)

    assert traffic.times("ann") == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("bulk", [False, True])
async def test_a_group_gets_twenty_a_minute(traffic: Traffic, bulk: bool) -> None:
    for _ in range(21):
        traffic.ask("group", GROUP, bulk=bulk)

    await traffic.clock.turn(61)

    assert traffic.times("group") == [0.0] * 20 + [60.0]


async def test_answers_to_taps_and_deletions_are_not_counted(traffic: Traffic) -> None:
    for _ in range(50):
        traffic.ask("tap", does="answerCallbackQuery")
        traffic.ask("deletion", 1, does="deleteMessage")
    traffic.ask("ann", 1)

    await settle()

    assert len(traffic.seen) == 101


async def test_edits_count_like_messages(traffic: Traffic) -> None:
    for _ in range(21):
        traffic.ask("ann", 1, does="editMessageText")

    await settle()

    assert len(traffic.seen) == 20


async def test_while_nobody_is_there_bulk_uses_all_places_but_one(traffic: Traffic) -> None:
    for person in range(1, 41):
        traffic.ask("bulk", person, bulk=True)
    await settle()
    for person in range(101, 111):
        traffic.ask("people", person)

    await traffic.clock.turn(0.9)

    assert (len(traffic.times("bulk")), len(traffic.times("people"))) == (29, 1)


async def test_while_people_are_there_bulk_leaves_five_places_to_them(traffic: Traffic) -> None:
    traffic.ask("people", 101)
    await settle()
    for person in range(1, 41):
        traffic.ask("bulk", person, bulk=True)
    await settle()
    for person in range(102, 112):
        traffic.ask("people", person)
    await settle()

    assert (len(traffic.times("bulk")), len(traffic.times("people"))) == (24, 6)


async def test_bulk_steps_back_when_somebody_comes_and_is_itself_again_when_they_have_gone(traffic: Traffic) -> None:
    for person in range(1, 401):
        traffic.ask("bulk", person, bulk=True)
    await traffic.clock.turn(0.5)
    traffic.ask("ann", 1001)

    await traffic.clock.turn(9)

    a_second = [sum(int(at) == second for at in traffic.times("bulk")) for second in range(10)]
    assert a_second == [29, 25, 25, 25, 25, 29, 29, 29, 29, 29]
    assert traffic.times("ann") == [0.5]


async def test_people_who_come_later_go_before_waiting_bulk(traffic: Traffic) -> None:
    for person in range(1, 61):
        traffic.ask("bulk", person, bulk=True)
    await settle()
    for person in range(101, 136):
        traffic.ask("people", person)

    await traffic.clock.turn(1.5)

    assert traffic.times("people") == [0.0] + [1.0] * 30
    assert traffic.times("bulk") == [0.0] * 29


async def test_a_thousand_reminders_all_leave_within_thirty_five_seconds(traffic: Traffic) -> None:
    for person in range(1, 1001):
        traffic.ask("bulk", person, bulk=True)

    await traffic.clock.turn(35)

    assert len(traffic.times("bulk")) == 1000


async def test_a_person_at_the_limit_holds_up_nobody_else(traffic: Traffic) -> None:
    for _ in range(21):
        traffic.ask("ann", 1)
    traffic.ask("bob", 2)

    await settle()

    assert traffic.times("bob") == [0.0]


async def test_after_429_a_chat_is_left_alone_as_long_as_told_and_then_tried_again(traffic: Traffic) -> None:
    traffic.refusals = [7]
    request = traffic.ask("ann", 1)
    await traffic.clock.turn(2)
    traffic.ask("ann later", 1, does="deleteMessage")
    traffic.ask("bob", 2)

    await traffic.clock.turn(10)

    assert traffic.seen == [(0.0, "ann"), (2.0, "bob"), (7.0, "ann"), (7.0, "ann later")]
    assert request.result() is True


async def test_what_was_refused_goes_before_what_came_later(traffic: Traffic) -> None:
    traffic.refusals = [3]
    traffic.ask("first", 1, bulk=True)
    traffic.ask("second", 1, bulk=True)

    await traffic.clock.turn(5)

    assert traffic.seen == [(0.0, "first"), (3.0, "first"), (4.0, "second")]


async def test_who_waits_goes_before_who_comes_when_the_place_is_free(traffic: Traffic) -> None:
    traffic.ask("early", 1, bulk=True)
    traffic.ask("waiting", 1, bulk=True)
    await settle()
    traffic.clock.now = 1.0  # the alarm is late
    traffic.ask("late", 1, bulk=True)
    await settle()

    assert [who for _, who in traffic.seen] == ["early", "waiting"]


async def test_after_429_without_a_chat_nothing_leaves(traffic: Traffic) -> None:
    traffic.refusals = [3]
    traffic.ask("tap", does="answerCallbackQuery")
    await settle()
    traffic.ask("bob", 2)

    await traffic.clock.turn(5)

    assert traffic.seen == [(0.0, "tap"), (3.0, "tap"), (3.0, "bob")]


async def test_what_telegram_keeps_refusing_is_given_up(traffic: Traffic) -> None:
    traffic.refusals = [1] * 10
    request = traffic.ask("ann", 1)

    await traffic.clock.turn(20)

    assert len(traffic.seen) == MOST_TRIES
    assert isinstance(request.exception(), RetryAfter)


async def test_a_very_long_429_is_told_at_once_and_kept(traffic: Traffic) -> None:
    traffic.refusals = [3600]
    first = traffic.ask("ann", 1)
    await traffic.clock.turn(10)
    second = traffic.ask("ann again", 1)
    await settle()

    waits = [pacing.seconds_of(request.exception()) for request in (first, second)]  # type: ignore[arg-type]
    assert (waits, len(traffic.seen)) == ([3600, 3590], 1)


async def test_a_request_that_was_given_up_takes_no_place(traffic: Traffic) -> None:
    requests = [traffic.ask("ann", 1, bulk=True) for _ in range(3)]
    await settle()
    requests[1].cancel()

    await traffic.clock.turn(1)

    assert requests[2].done()


async def test_chats_that_went_quiet_are_forgotten(traffic: Traffic) -> None:
    for person in range(1, 2001):
        traffic.ask("all", person)
    await traffic.clock.turn(200)
    traffic.ask("ann", 1)
    await settle()

    assert len(traffic.pace._chats) == 1
