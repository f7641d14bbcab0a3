"""A bot in a process of its own, in front of a Telegram that this process plays."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cores, measure
from hospital_bot.clock import system_clock
from hospital_bot.simulator import server
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.telegram import Telegram

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
LOOK = 0.002


@dataclass(frozen=True, slots=True)
class Simulated:
    telegram: Telegram
    address: str


@asynccontextmanager
async def simulated() -> AsyncIterator[Simulated]:
    """A Telegram on a port of this machine."""
    telegram = Telegram(system_clock)
    async with server.running(telegram, Mailbox(system_clock)) as address:
        yield Simulated(telegram, address)


class Process:
    """`arguments` are those of Python. What it says goes to a file in its folder."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        with self._log.open("wb") as log, cores.placed(cores.MEASURED):
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                env=inherited | {"PYTHONPATH": str(ROOT)} | environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu(self) -> float:
        return measure.cpu_of(self.pid)

    def memory(self) -> float:
        return measure.memory_of(self.pid)

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait for what this process brings about. Raises AssertionError with what it said when it does not."""
        patience = time.monotonic() + PATIENCE
        while not is_so():
            if self._process.poll() is not None or time.monotonic() > patience:
                raise AssertionError(self._log.read_text()[-3000:])
            await asyncio.sleep(LOOK)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@asynccontextmanager
async def running(arguments: list[str], environment: dict[str, str], folder: Path) -> AsyncIterator[Process]:
    process = Process(arguments, environment, folder)
    try:
        yield process
    finally:
        process.end()


def settings(place: Simulated, database_url: str) -> dict[str, str]:
    """What `hospital-bot run` needs to know; no letter is ever posted."""
    return {
        "HOSPITAL_BOT_TOKEN": place.telegram.token,
        "HOSPITAL_BOT_API_URL": place.address,
        "HOSPITAL_DATABASE_URL": database_url,
        "HOSPITAL_SECRET_KEY": "an invented secret of more than 32 characters",
        "HOSPITAL_SMTP_URL": "smtp://127.0.0.1:9",
        "HOSPITAL_MAIL_FROM": "bot@harbour.example",
        "HOSPITAL_BOOKING_MAX_VISITS": "100",
    }
