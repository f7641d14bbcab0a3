"""The two lines from a phone to the simulator: within one process, and over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx

from hospital_bot.simulator import acts, people
from hospital_bot.simulator.acts import Outcome
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.telegram import Telegram

Process = Callable[[Json], Awaitable[object]]
ASK_SECONDS = 0.03


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


class HttpLine:
    """For scripts: a simulator that runs elsewhere on this machine, with a bot that polls it or has a webhook."""

    def __init__(self, address: str) -> None:
        self._client = httpx.AsyncClient(base_url=address, trust_env=False)
        self._screens: dict[int, list[Json]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def join(self, name: str, details: Json) -> int:
        person = await self._ask("POST", "/sim/people", json={"name": name, **details})
        return int(person.json()["id"])

    async def act(self, person_id: int, action: str, details: Json, *, seconds: float, wait: bool) -> Outcome:
        done = (await self._ask("POST", f"/sim/people/{person_id}/{action}", json=details)).json()
        patience = time.monotonic() + seconds
        while True:
            outcome = Outcome(**(await self._ask("POST", "/sim/outcome", json=done)).json())
            is_over = outcome.is_dealt_with and (outcome.is_answered or not wait)
            if is_over or time.monotonic() > patience:
                break
            await asyncio.sleep(ASK_SECONDS)
        await self.look(person_id)
        return outcome

    async def look(self, person_id: int) -> None:
        screen = await self._ask("GET", f"/sim/people/{person_id}/messages")
        self._screens[person_id] = screen.json()

    async def download(self, file_id: str) -> bytes:
        return (await self._ask("GET", f"/sim/files/{file_id}")).content

    def messages(self, person_id: int) -> list[Json]:
        return self._screens.get(person_id, [])

    async def _ask(self, method: str, path: str, json: Json | None = None) -> httpx.Response:
        response = await self._client.request(method, path, json=json)
        if response.is_error:
            raise Impossible(response.json()["error"])
        return response
