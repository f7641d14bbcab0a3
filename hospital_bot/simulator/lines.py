"""The two lines from a phone to the simulator: within one process, and over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hospital_bot.simulator import acts, people
from hospital_bot.simulator.acts import Outcome
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.refusals import Json
from hospital_bot.simulator.telegram import Telegram

Process = Callable[[Json], Awaitable[object]]


class LocalLine:
    """For tests: each action's updates go straight to ``process``, the bot, one after the other."""

    def __init__(self, telegram: Telegram, process: Process) -> None:
        self.telegram = telegram
        self._process = process

    async def join(self, name: str, details: Json) -> int:
        return people.join(self.telegram, name, **details).user.id

    async def act(self, person_id: int, action: str, details: Json, *, seconds: float, wait: bool) -> Outcome:  # noqa: ARG002
        done = acts.perform(self.telegram, person_id, action, details)
        await self._deliver(self.telegram.inbox.take(), seconds)
        return acts.outcome(self.telegram, done)

    async def _deliver(self, updates: list[Any], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as patience:
                for update in updates:
                    await self._process(update.json())
        except TimeoutError:
            if not patience.expired():
                raise

    async def look(self, person_id: int) -> None:
        """The screen is always fresh here."""

    async def download(self, file_id: str) -> bytes:
        return self.telegram.files[file_id].content

    def messages(self, person_id: int) -> list[Json]:
        return Person(self.telegram, self.telegram.user(person_id)).sees()
