"""Real processes of the bot, on one database, in a Telegram that the test holds in its hand."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.orm import Session

from hospital_bot.clock import system_clock
from hospital_bot.simulator import people, server
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.records import Update, Webhook
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.simulator.webhook import SECRET_HEADER, Courier
from tests import logs

ROOT = Path(__file__).parents[2]
SECRET_KEY = "an invented secret of more than 32 characters"
SECRET = "a-webhook-secret-of-more-than-32-letters"
PRODUCT = ("hospital_bot", "run")
PROBE = ("tests.reliability.entry", "run")
"""Modules to run, and their arguments: the product alone, and with the probe in it."""
HELD = "probe"
"""The name of the database's lock that the probe's /hold waits for."""
PATH = "/telegram"
PATIENCE = 600.0 if os.environ.get("HOSPITAL_PROVE") else 120.0
"""Seconds until a test gives up waiting; nothing is expected to be fast."""
LOOK = 0.02
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
"""For processes that are killed: they would measure their coverage, slowly, and never tell it."""


@dataclass
class World:
    """`folder` is where the processes run and keep their logs."""

    telegram: Telegram
    mailbox: Mailbox
    address: str
    database_url: str
    smtp_port: int
    folder: Path
    bots: list[Bot] = field(default_factory=list)

    def bot(self, *, webhook: bool, command: tuple[str, ...] = PROBE, measured: bool = False, **more: str) -> Bot:
        """One more process, not yet started."""
        environment = dict(os.environ) if measured else UNMEASURED
        settings = self.settings() | (self._webhook() if webhook else {}) | more
        bot = Bot(command, environment | settings, self.folder / f"bot{len(self.bots)}")
        self.bots.append(bot)
        return bot

    def settings(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(ROOT),
            "HOSPITAL_BOT_TOKEN": self.telegram.token,
            "HOSPITAL_BOT_API_URL": self.address,
            "HOSPITAL_DATABASE_URL": self.database_url,
            "HOSPITAL_SECRET_KEY": SECRET_KEY,
            "HOSPITAL_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "HOSPITAL_MAIL_FROM": "bot@harbour.example",
        }

    def _webhook(self) -> dict[str, str]:
        return {
            "HOSPITAL_WEBHOOK_URL": f"http://127.0.0.1{PATH}",
            "HOSPITAL_WEBHOOK_SECRET": SECRET,
            "HOSPITAL_WEBHOOK_PORT": str(_free_port()),
        }

    async def served(self, count: int, *, webhook: bool, urls: Sequence[str] = (), **more: Any) -> list[Bot]:
        """So many processes, up and answering: behind a balancer, or polling. They take turns at the databases."""
        turns = itertools.cycle(urls or [self.database_url])
        bots = [self.bot(webhook=webhook, HOSPITAL_DATABASE_URL=next(turns), **more) for _ in range(count)]
        if webhook:
            self.telegram.courier = Balancer(self.telegram, bots)
        for bot in bots:
            bot.start()
        for bot in bots:
            await until(bot.is_ready, bot.told)
        return bots

    @property
    def balancer(self) -> Balancer:
        assert isinstance(self.telegram.courier, Balancer)
        return self.telegram.courier

    def person(self, name: str = "Ann") -> Person:
        return people.join(self.telegram, name)

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.session() as session:
            result = session.connection().execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction."""
        engine = create_engine(self.database_url, poolclass=NullPool)
        with Session(engine) as session, session.begin():
            yield session

    async def quiet(self) -> None:
        """Everything that people did is dealt with."""
        await until(lambda: not self.telegram.inbox.pending(), self.told)

    async def hears(self, person: Person, words: str) -> None:
        """The chat, or an answer to a tap, shows these words."""
        await until(lambda: words in self.heard(person), lambda: f"{self.heard(person)}\n{self.told()}")

    def heard(self, person: Person) -> str:
        """All that the bot showed this person, one thing a line."""
        sent = [str(each.get("text", "")) for each in person.sees() if each["from"]["is_bot"]]
        taps = [tap for tap in self.telegram.taps.values() if tap.user_id == person.user.id]
        return "\n".join(sent + [answer["text"] for tap in taps for answer in tap.answers])

    def told(self) -> str:
        """What the processes wrote, for the person who reads a failed test."""
        return "\n".join(f"{bot.folder.name}: {bot.told()[-2000:]}" for bot in self.bots)


class Bot:
    """One process. Its output is kept."""

    def __init__(self, command: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        self._command = [sys.executable, "-m", *command]
        self._environment = environment
        self.folder = folder
        self.folder.mkdir()
        self._process: subprocess.Popen[bytes] | None = None
        self._told_before, self._is_up = 0, False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._environment['HOSPITAL_WEBHOOK_PORT']}"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        self._told_before, self._is_up = len(self.told()), False
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def ask_to_stop(self) -> None:
        self._signal(signal.SIGTERM)

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(timeout=PATIENCE) if self._process else 0

    async def ended(self) -> int:
        return await asyncio.to_thread(self.wait)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """It said so, since it was started last."""
        if not self.is_running():
            raise AssertionError(f"it ended: {self.told()}")
        if not self._is_up:
            since = self.told()[self._told_before :]
            self._is_up = '"polling"' in since or '"webhook"' in since
        return self._is_up

    def told(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self.is_running():
            self._process.send_signal(number)


class Balancer(Courier):
    """Telegram's rules in front of many processes: a line for each chat's messages and one for each person's taps,
    whose head is posted, each time to a random process, until one says 2xx."""

    def __init__(self, telegram: Telegram, bots: list[Bot]) -> None:
        super().__init__(telegram.inbox)
        self._bots, self._chance = bots, random.Random(7)
        self.taken = 0
        self.refused = 0

    async def start(self, webhook: Webhook) -> None:
        """Every process says the same address; what is on its way stays there."""
        if self.webhook is None:
            await super().start(webhook)

    def any_bot(self) -> Bot:
        """One that is up, if any is."""
        return self._chance.choice([bot for bot in self._bots if bot.is_ready()] or self._bots)

    async def _post(self, client: httpx.AsyncClient, webhook: Webhook, update: Update) -> bool:
        url = self.any_bot().url + PATH
        try:
            answer = await client.post(url, json=update.json(), headers={SECRET_HEADER: SECRET})
        except httpx.HTTPError:
            return False
        self.taken += answer.is_success
        self.refused += answer.is_server_error
        return answer.is_success

    async def _serve_line(self, queue: str, webhook: Webhook, client: httpx.AsyncClient) -> None:
        while update := self._inbox.first_of(queue):
            if await self._post(client, webhook, update):
                self._inbox.confirm(update.id)
            else:
                await asyncio.sleep(LOOK)
        del self._lines[queue]


@asynccontextmanager
async def world(database_url: str, folder: Path) -> AsyncIterator[World]:
    """Telegram and a mail server on ports of this machine, until the block ends; then no process is left."""
    telegram, mailbox = Telegram(system_clock), Mailbox(system_clock)
    async with mailbox.listening() as smtp_port, server.running(telegram, mailbox) as address:
        made = World(telegram, mailbox, address, database_url, smtp_port, folder)
        try:
            yield made
        finally:
            for bot in made.bots:
                bot.kill()
                logs.hear(bot.told())


async def until(is_so: Callable[[], object], told: Callable[[], str]) -> None:
    """Wait for it; `told` explains when it does not come."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
                await asyncio.sleep(LOOK)
    except TimeoutError:
        raise AssertionError(f"it never came: {told()}") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
