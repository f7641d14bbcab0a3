"""A real browser, and a simulator with a few people, a scripted bot and a clock to turn."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from hospital_bot.simulator import people, server
from hospital_bot.simulator.backstage import Backstage
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.telegram import Telegram
from tests.browser.desk import WIDE, Desk, Scheme
from tests.browser.reception import reception

FLAGS = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
in_one_loop = pytest.mark.asyncio(loop_scope="session")
"""The browser outlives a test, so its tests share a loop."""

Open = Callable[..., Awaitable[Desk]]


@dataclass(frozen=True)
class Card:
    person_id: int
    name: str
    role: str
    note: str
    email: str = ""
    password: str = ""


class Clock:
    """Stands still, unless it is turned."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def turn(self, forward: timedelta) -> None:
        self._now += forward


@dataclass
class Demo:
    telegram: Telegram
    mailbox: Mailbox
    clock: Clock
    backstage: Backstage
    visits: list[datetime]
    address: str = ""

    def post(self, to: str, subject: str, text: str) -> None:
        self.mailbox.receive("bot@hospital.example", [to], f"Subject: {subject}\r\n\r\n{text}".encode())


def new_demo() -> Demo:
    clock = Clock()
    telegram, mailbox = Telegram(clock.now, bot_name="St. Brigid's"), Mailbox(clock.now)
    visits: list[datetime] = []
    cast = [
        Card(people.join(telegram, "Ann").user.id, "Ann", "patient", "Try /book.", "ann@example.org", "three herons"),
        Card(people.join(telegram, "Ben").user.id, "Ben", "patient", "Try /help.", "ben@example.org"),
        Card(people.join(telegram, "Dr. Osei").user.id, "Dr. Osei", "doctor", "Try /today."),
    ]
    soonest = lambda: min((each for each in visits if each > clock.now()), default=None)  # noqa: E731
    backstage = Backstage("St. Brigid's", ZoneInfo("Europe/Berlin"), cast, clock, soonest)
    return Demo(telegram, mailbox, clock, backstage, visits)


def chromium_path() -> str:
    found = os.environ.get("HOSPITAL_TEST_CHROMIUM") or shutil.which("chromium")
    return found or pytest.fail("Chromium is not installed; `make test` says how to go on without it")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # root gets none
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS + sandbox)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def demo() -> AsyncIterator[Demo]:
    demo = new_demo()
    async with (
        server.running(demo.telegram, demo.mailbox, demo.backstage) as demo.address,
        reception(demo.telegram, demo.address),
    ):
        yield demo


@pytest_asyncio.fixture(loop_scope="session")
async def windows(browser: Browser) -> AsyncIterator[Open]:
    """Opens windows. None of them may have complained when the test ends."""
    desks: list[Desk] = []

    async def window(address: str, size: tuple[int, int] = WIDE, scheme: Scheme = "light") -> Desk:
        desks.append(await Desk.opened(browser, address, size, scheme))
        return desks[-1]

    yield window
    for desk in desks:
        await desk.context.close()
    assert [line for desk in desks for line in desk.complaints] == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(demo: Demo, windows: Open) -> Desk:
    return await windows(demo.address)
