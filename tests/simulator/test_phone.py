"""The phone for tests and scripts, on both of its lines, against a small bot of python-telegram-bot's parts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest
from telegram import Bot, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from hospital_bot.simulator import server
from hospital_bot.simulator.lines import HttpLine, LocalLine
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.phone import BotSilent, NotOffered, Phone
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.telegram import Telegram
from tests.servers import NO_TLS

CHOICE = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Yes", callback_data="yes"), InlineKeyboardButton("Site", url="https://x.org")]]
)


class SmallBot:
    """Answers a text with a question, a tap with an edit; "quiet" with nothing."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    async def process(self, json: Json) -> None:
        update = Update.de_json(json, self.bot)
        if update.message:
            await self._answer(update.message)
        if update.callback_query:
            await self._answer_tap(update.callback_query)

    async def _answer(self, message: Message) -> None:
        if message.text == "/file":
            await message.reply_document(b"BEGIN", filename="visit.ics", caption="Your visit")
        elif message.text == "/fail":
            raise TimeoutError("of the bot's own")
        elif message.text == "/hang":
            await asyncio.sleep(60)
        elif message.text == "/keys":
            await message.reply_text("Keys", reply_markup={"keyboard": [["Skip"]]})  # type: ignore[arg-type]
        elif message.text != "quiet":
            await message.reply_text("Sure?", reply_markup=CHOICE)

    async def _answer_tap(self, tap: CallbackQuery) -> None:
        if tap.data == "yes":
            await tap.edit_message_text("Done")
            await tap.answer("Booked", show_alert=True)

    async def poll(self) -> None:
        """Confirms an update after it was handled, as the real bot does."""
        offset = 0
        while True:
            for update in await self.bot.get_updates(offset=offset, timeout=10):
                await self.process(update.to_dict())
                offset = update.update_id + 1


@asynccontextmanager
async def polling(bot: Bot) -> AsyncIterator[None]:
    task = asyncio.create_task(SmallBot(bot).poll())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def local_phone(telegram: Telegram, bot: Bot) -> Phone:
    return await Phone.bought(LocalLine(telegram, SmallBot(bot).process), "Ann", username="ann")


@pytest.fixture
async def http_phone(address: str, http_bot: Bot) -> AsyncIterator[Phone]:
    async with polling(http_bot), HttpLine(address) as line:
        yield await Phone.bought(line, "Ann", username="ann")


@pytest.fixture(params=["local_phone", "http_phone"])
def phone(request: pytest.FixtureRequest) -> Phone:
    phone: Phone = request.getfixturevalue(request.param)
    return phone


async def test_a_person_walks_through_a_conversation(phone: Phone) -> None:
    await phone.says("/start")
    assert (phone.last.text, phone.last.buttons) == ("Sure?", ["Yes", "Site"])
    assert phone.last.data_of("Yes") == "yes"
    await phone.taps("Yes")
    assert (phone.last.text, phone.toast, phone.alert) == ("Done", "Booked", "Booked")
    await phone.starts("again")
    assert (phone.toast, len(phone.messages)) == (None, 4)


async def test_a_button_that_was_never_offered_can_not_be_tapped(phone: Phone) -> None:
    await phone.says("quiet", wait=False)
    with pytest.raises(NotOffered):
        await phone.taps("Yes")
    await phone.walks("/start")
    with pytest.raises(NotOffered, match="no message offers Ann the button 'No'; the last has"):
        await phone.taps("No")
    with pytest.raises(NotOffered, match="'Map' is not among"):
        phone.last.data_of("Map")
    with pytest.raises(NotOffered, match="'Site'"):
        await phone.walks("Yes", "Site")


async def test_a_turn_fails_when_the_bot_is_silent(phone: Phone) -> None:
    phone.seconds = 0.2
    with pytest.raises(BotSilent, match="did not answer when Ann says"):
        await phone.says("quiet")
    with pytest.raises(BotSilent, match="did not answer when Ann forges"):
        await phone.forges("no")
    await phone.says("quiet", wait=False)


async def test_a_document_is_seen_and_downloaded(phone: Phone) -> None:
    await phone.says("/file")
    document = phone.last.document
    assert document is not None
    assert (document["file_name"], phone.last.text, phone.last.photo) == ("visit.ics", "Your visit", None)
    assert await phone.downloads(document) == b"BEGIN"


async def test_everything_else_a_phone_can_do(phone: Phone) -> None:
    await phone.says("/keys")
    assert phone.last.buttons == ["Skip"]
    await phone.presses("Skip")
    await phone.shares_contact(phone="+491511")
    await phone.sends("sticker")
    said = phone.messages[0]
    await phone.edits(said.id, "/changed")
    await phone.deletes(said.id)
    assert said.id not in [message.id for message in phone.messages]


async def test_a_message_the_bot_sends_by_itself_is_heard(phone: Phone, telegram: Telegram, bot: Bot) -> None:
    await phone.says("/start")
    await bot.send_message(phone.id, "Tomorrow at 10:00")
    assert (await phone.hears("Tomorrow")).text == "Tomorrow at 10:00"
    await phone.says("quiet", wait=False)
    assert phone.last.text == "Tomorrow at 10:00"
    phone.seconds = 0.1
    with pytest.raises(BotSilent, match="never told Ann 'Today'"):
        await phone.hears("Today")


async def test_blocking_needs_no_answer(phone: Phone) -> None:
    await phone.says("/start")
    await phone.blocks()
    with pytest.raises(Impossible, match="unblock it first"):
        await phone.says("hello?")
    await phone.unblocks()
    await phone.says("hello")


async def test_a_bot_that_hangs_is_silent_and_its_own_timeouts_are_its_own(local_phone: Phone) -> None:
    local_phone.seconds = 0.05
    with pytest.raises(BotSilent):
        await local_phone.says("/hang")
    with pytest.raises(TimeoutError, match="of the bot's own"):
        await local_phone.says("/fail")


async def test_before_the_first_answer_there_is_nothing_to_see(http_phone: Phone) -> None:
    assert http_phone.messages == []
    with pytest.raises(BotSilent, match="never wrote to Ann"):
        _ = http_phone.last
    with pytest.raises(NotOffered):
        await http_phone.taps("Yes")
    with pytest.raises(NotOffered, match="no file"):
        await http_phone.downloads(None)


async def test_the_simulator_serves_alone_until_it_is_stopped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    serving = asyncio.create_task(server.serve("127.0.0.1", port, 0, lambda: datetime.now(UTC)))
    async with httpx.AsyncClient(trust_env=False, transport=httpx.AsyncHTTPTransport(retries=5)) as http:
        assert (await http.get(f"http://127.0.0.1:{port}/sim/mailbox")).json() == []
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def test_only_this_machine_is_served(telegram: Telegram, mailbox: Mailbox) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        async with server.running(telegram, mailbox, host="0.0.0.0"):  # noqa: S104 - refused
            pass


async def test_a_running_simulator_answers_over_the_network(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as http:
        assert (await http.get(f"{address}/sim/people")).json() == []
