"""Rate limits and ordered trouble."""

import pytest
from telegram import Bot
from telegram.error import NetworkError, RetryAfter, TimedOut

from hospital_bot.simulator import people
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock
from tests.simulator.conftest import Call


async def test_a_chat_takes_one_message_a_second(telegram: Telegram, ann: Person, call: Call, clock: Clock) -> None:
    telegram.limits.enforced = True
    assert "text" in await call("sendMessage", chat_id=ann.user.id, text="a")
    refused = await call("sendMessage", chat_id=ann.user.id, text="b")
    assert refused == "429 Too Many Requests: retry after 1"
    clock.turn(seconds=1)
    assert "text" in await call("sendMessage", chat_id=ann.user.id, text="b")


async def test_all_chats_together_take_30_messages_a_second(telegram: Telegram, call: Call, clock: Clock) -> None:
    crowd = [people.join(telegram, f"P{number}") for number in range(31)]
    for person in crowd:
        person.says("/start")
    telegram.limits.enforced = True
    sent = [await call("sendMessage", chat_id=person.user.id, text="x") for person in crowd]
    assert [isinstance(each, str) for each in sent] == [False] * 30 + [True]


async def test_a_group_takes_20_messages_a_minute(telegram: Telegram, ann: Person, call: Call) -> None:
    telegram.limits.enforced = True
    group = people.found_group(telegram, "Family", [ann.user.id])
    sent = [await call("sendMessage", chat_id=group.id, text=str(number)) for number in range(21)]
    assert sent[20] == "429 Too Many Requests: retry after 60"


async def test_reading_is_never_limited(telegram: Telegram, ann: Person, call: Call) -> None:
    telegram.limits.enforced = True
    assert [await call("getUpdates") for _ in range(40)] == [[]] * 40


async def test_a_forced_flood_says_when_to_retry(
    either_bot: Bot, telegram: Telegram, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # the form that python-telegram-bot is moving to
    telegram.limits.force(Fault(retry_after=7, times=2))
    for _ in range(2):
        with pytest.raises(RetryAfter, match="Retry in 0:00:07"):
            await either_bot.send_message(ann.user.id, "x")
    assert (await either_bot.send_message(ann.user.id, "x")).text == "x"


async def test_a_server_error_on_demand(either_bot: Bot, telegram: Telegram) -> None:
    telegram.limits.force(Fault(status=502))
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await either_bot.get_me()


async def test_a_timeout_may_come_after_the_message_was_sent(either_bot: Bot, telegram: Telegram, ann: Person) -> None:
    telegram.limits.force(Fault(hangs=0.6, is_carried_out=True))
    with pytest.raises(TimedOut):
        await either_bot.send_message(ann.user.id, "sent", read_timeout=0.05)
    assert ann.sees()[-1]["text"] == "sent"


async def test_a_hanging_request_ends_as_a_gateway_timeout(http_bot: Bot, telegram: Telegram) -> None:
    telegram.limits.force(Fault(hangs=0))
    with pytest.raises(NetworkError, match="504"):
        await http_bot.get_me()


async def test_trouble_can_be_confined_to_a_method_a_chat_and_a_time(
    telegram: Telegram, ann: Person, call: Call, clock: Clock
) -> None:
    until = telegram.now() + 60
    telegram.limits.force(Fault(status=418, times=None, until=until, method="sendMessage", chat_id=ann.user.id))
    assert "username" in await call("getMe")
    assert await call("sendMessage", chat_id=5, text="x") == "400 Bad Request: chat not found"
    assert await call("sendMessage", chat_id="@x", text="x") == "400 Bad Request: chat not found"
    assert await call("sendMessage", chat_id=ann.user.id, text="x") == "418 Error"
    clock.turn(minutes=1)
    assert "text" in await call("sendMessage", chat_id=ann.user.id, text="x")


async def test_trouble_can_be_called_off(telegram: Telegram, call: Call) -> None:
    telegram.limits.force(Fault(times=None))
    telegram.limits.clear()
    assert "username" in await call("getMe")
