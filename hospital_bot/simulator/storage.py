"""The simulator's world in a file, so that a restart forgets no conversation.

Every visible change is written soon after it happened, and everything once more at the end. What was given out after
the last writing of a process that was killed is lost; numbers are skipped, so that none means two things.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hospital_bot.simulator.backstage import Turnable
from hospital_bot.simulator.mailbox import Letter, Mailbox
from hospital_bot.simulator.records import Chat, Message, StoredFile, Tap, Update, User
from hospital_bot.simulator.refusals import Json
from hospital_bot.simulator.telegram import Telegram

SAVE_SECONDS = 0.3
SKIPPED_NUMBERS = 100


class Storage:
    def __init__(self, file: Path, telegram: Telegram, mailbox: Mailbox, clock: Turnable | None = None) -> None:
        self._file = file
        self._telegram = telegram
        self._mailbox = mailbox
        self._clock = clock

    def load(self) -> bool:
        """Fill the empty world; False when nothing was kept."""
        if not self._file.exists():
            return False
        kept = json.loads(self._file.read_text(encoding="utf-8"))
        self._turn_clock(timedelta(seconds=kept["clock_ahead"]))
        _restore(self._telegram, kept)
        self._mailbox.letters.extend(Letter(**letter) for letter in kept["letters"])
        return True

    def save(self) -> None:
        """Replace the file in one step: a reader finds the old world or the new one."""
        world = _snapshot(self._telegram)
        world["letters"] = [asdict(letter) for letter in self._mailbox.letters]
        world["clock_ahead"] = self._ahead().total_seconds()
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps(world), encoding="utf-8")
        draft.replace(self._file)

    def _ahead(self) -> timedelta:
        return self._clock.now() - datetime.now(UTC) if self._clock else timedelta()

    def _turn_clock(self, ahead: timedelta) -> None:
        if self._clock and ahead > self._ahead():
            self._clock.turn(ahead - self._ahead())


@asynccontextmanager
async def kept(file: Path, telegram: Telegram, mailbox: Mailbox, clock: Turnable | None = None) -> AsyncIterator[bool]:
    """The world is that of the file, and written to it, while the block runs; gives whether there was one."""
    storage = Storage(file, telegram, mailbox, clock)
    was_there = storage.load()
    changed = asyncio.Event()
    stop_hearing = telegram.subscribe(lambda _change: changed.set()), mailbox.subscribe(changed.set)
    saving = asyncio.create_task(_save_after(changed, storage))
    try:
        yield was_there
    finally:
        for stop in stop_hearing:
            stop()
        saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        storage.save()


async def _save_after(changed: asyncio.Event, storage: Storage) -> None:
    while await changed.wait():
        await asyncio.sleep(SAVE_SECONDS)
        changed.clear()
        storage.save()


def _snapshot(telegram: Telegram) -> Json:
    return {
        "users": [asdict(user) for user in telegram.people()],
        "chats": [_chat_json(chat) for chat in telegram.chats.values()],
        "taps": [asdict(tap) for tap in telegram.taps.values()],
        "files": [_file_json(stored) for stored in telegram.files.values()],
        "commands": telegram.commands,
        "profile": telegram.profile,
        "updates": [asdict(update) for update in telegram.inbox.pending()],
        "last_numbers": telegram.last_numbers(),
    }


def _restore(telegram: Telegram, kept: Json) -> None:
    telegram.users |= {user["id"]: User(**user) for user in kept["users"]}
    telegram.chats |= {chat["id"]: _chat(chat) for chat in kept["chats"]}
    telegram.taps |= {tap["id"]: Tap(**tap) for tap in kept["taps"]}
    telegram.files |= {stored["id"]: _stored_file(stored) for stored in kept["files"]}
    telegram.commands |= kept["commands"]
    telegram.profile |= kept["profile"]
    telegram.inbox.restore([Update(**update) for update in kept["updates"]])
    telegram.go_on_from({name: number + SKIPPED_NUMBERS for name, number in kept["last_numbers"].items()})


def _chat_json(chat: Chat) -> Json:
    return asdict(chat) | {"messages": [asdict(message) for message in chat.messages.values()]}


def _chat(kept: Json) -> Chat:
    messages = {message["id"]: Message(**message) for message in kept["messages"]}
    return Chat(**kept | {"messages": messages})


def _file_json(stored: StoredFile) -> Json:
    return asdict(stored) | {"content": base64.b64encode(stored.content).decode()}


def _stored_file(kept: Json) -> StoredFile:
    return StoredFile(**kept | {"content": base64.b64decode(kept["content"])})
