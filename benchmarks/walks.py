"""People who walk through the bot's buttons, and wait for each answer before the next tap."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hospital_bot.simulator import keyboards, people
from hospital_bot.simulator.people import Done, Person
from hospital_bot.simulator.records import Change
from hospital_bot.simulator.refusals import Json
from hospital_bot.simulator.telegram import Telegram

PATIENCE = 30.0
LOOK = 0.002
BOOKING = ("Specialization", "doctor ", "free$", r"^\d\d:\d\d$", "Skip", "Confirm")
"""The last button like this, one after the other: specialization, doctor, day, time, no reason, yes."""
BARE = ("Next",) * (len(BOOKING) + 1)
"""As many updates for the bare bot as /book and the taps after it."""


@dataclass
class Crowd:
    """`seconds` are how long each answer took."""

    telegram: Telegram
    size: int
    walkers: list[Person] = field(init=False)
    seconds: list[float] = field(default_factory=list)
    _changed: dict[int, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    def __post_init__(self) -> None:
        self.walkers = [people.join(self.telegram, f"Person {number}") for number in range(self.size)]
        self.telegram.subscribe(self._note)

    async def all_walk(self, path: Sequence[str], *, first: str = "", at_once: int = 1) -> int:
        """Everybody, so many side by side; gives how many updates that was."""
        waiting = list(self.walkers)

        async def serve() -> None:
            while waiting:
                await self._walk(waiting.pop(), path, first)

        await asyncio.gather(*(serve() for _ in range(at_once)))
        return self.size * (len(path) + bool(first))

    async def _walk(self, person: Person, path: Sequence[str], first: str) -> None:
        done = None
        if first:
            done = person.says(first)
            await self._answered(done)
        for pattern in path:
            message_id, data = self._find(person, pattern)
            done = person.forges(data, message_id)
            await self._answered(done)
        while done and done.update_id and self.telegram.inbox.holds(done.update_id):  # noqa: ASYNC110 - confirmed by a poll
            await asyncio.sleep(LOOK)

    async def _answered(self, done: Done) -> None:
        begin, chat, changed = time.perf_counter(), self.telegram.chats[done.chat_id], self._changed[done.chat_id]
        async with asyncio.timeout(PATIENCE):
            while chat.answers == done.answers_before:
                changed.clear()
                await changed.wait()
        self.seconds.append(time.perf_counter() - begin)

    def _find(self, person: Person, pattern: str) -> tuple[int, str]:
        for message in reversed(self.telegram.chats[person.user.id].messages.values()):
            if message.inline:
                return message.id, _button(keyboards.buttons_of(message.inline), pattern)
        raise AssertionError(f"no message has the button {pattern!r}")

    def _note(self, change: Change) -> None:
        self._changed[change.chat_id].set()


def _button(buttons: Sequence[Json], pattern: str) -> str:
    """The data of the last button whose label is like this."""
    found = [str(button["callback_data"]) for button in buttons if re.search(pattern, button["text"])]
    if not found:
        raise AssertionError(f"no button is like {pattern!r} among {[button['text'] for button in buttons]}")
    return found[-1]
