"""The simulator's world in a file."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.storage import Storage, kept
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock
from tests.simulator.conftest import Call

YES = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


class AheadClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def turn(self, forward: timedelta) -> None:
        self.ahead += forward


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "telegram.json"


def restarted(file: Path, clock: Clock) -> Telegram:
    telegram = Telegram(clock)
    assert Storage(file, telegram, Mailbox(clock)).load()
    return telegram


async def until_written(file: Path) -> None:
    while not await asyncio.to_thread(file.exists):  # noqa: ASYNC110 - a file tells nobody
        await asyncio.sleep(0.05)


async def test_nothing_was_kept_at_first(telegram: Telegram, mailbox: Mailbox, file: Path) -> None:
    async with kept(file, telegram, mailbox) as was_there:
        assert not was_there


async def test_chats_files_and_menus_are_there_again(
    telegram: Telegram, mailbox: Mailbox, ann: Person, call: Call, clock: Clock, file: Path
) -> None:
    await call("setMyCommands", commands=[{"command": "book", "description": "Book"}])
    await call("sendMessage", chat_id=ann.user.id, text="Sure?", reply_markup=YES)
    ann.sends("document", content="letter")
    ann.forges("yes", 2)
    async with kept(file, telegram, mailbox):
        pass

    again = restarted(file, clock)
    assert Person(again, again.user(ann.user.id)).sees() == ann.sees()
    assert (again.users, again.chats, again.taps) == (telegram.users, telegram.chats, telegram.taps)
    assert (again.files, again.commands) == (telegram.files, telegram.commands)


async def test_what_the_bot_has_not_confirmed_waits_for_it(
    telegram: Telegram, mailbox: Mailbox, ann: Person, clock: Clock, file: Path
) -> None:
    ann.says("are you there?")
    Storage(file, telegram, mailbox).save()
    again = restarted(file, clock)
    assert again.inbox.pending() == telegram.inbox.pending()


async def test_no_number_is_given_out_twice_though_the_last_changes_were_lost(
    telegram: Telegram, mailbox: Mailbox, ann: Person, clock: Clock, file: Path
) -> None:
    Storage(file, telegram, mailbox).save()
    lost = ann.says("lost in the crash")
    again = restarted(file, clock)
    new = Person(again, again.user(ann.user.id)).says("new")
    assert (new.update_id or 0) > (lost.update_id or 0)
    assert (new.message_id or 0) > (lost.message_id or 0)


async def test_mail_is_there_again(telegram: Telegram, mailbox: Mailbox, clock: Clock, file: Path) -> None:
    for number in (1, 2):
        mailbox.receive("bot@x.org", ["ann@x.org"], f"Subject: {number}\r\n\r\nHello".encode())
    Storage(file, telegram, mailbox).save()
    again = Mailbox(clock)
    Storage(file, Telegram(clock), again).load()
    assert list(again.letters) == list(mailbox.letters)


async def test_a_turned_clock_stays_turned(telegram: Telegram, mailbox: Mailbox, file: Path) -> None:
    old, new = AheadClock(), AheadClock()
    old.turn(timedelta(hours=30))
    Storage(file, telegram, mailbox, old).save()
    Storage(file, telegram, mailbox, new).load()
    assert abs(new.ahead - old.ahead) < timedelta(minutes=1)


async def test_a_change_is_written_without_waiting_for_the_end(
    telegram: Telegram, mailbox: Mailbox, ann: Person, clock: Clock, file: Path
) -> None:
    async with kept(file, telegram, mailbox):
        ann.says("hello")
        await until_written(file)
        again = restarted(file, clock)
    assert Person(again, again.user(ann.user.id)).sees() == ann.sees()
