"""A Telegram and a mailbox in a thread of their own, for commands that call them while they block."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from hospital_bot.simulator import server
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.telegram import Telegram
from tests.hospital import NOW


@pytest.fixture(autouse=True)
def _logs_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command sets up the logs of its whole process, which here is that of all tests."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(lambda: NOW)


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> Iterator[None]:
    """The settings point at them."""
    telegram = Telegram(lambda: NOW)
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with mailbox.listening() as port, server.running(telegram, mailbox) as address:
            monkeypatch.setenv("HOSPITAL_BOT_TOKEN", telegram.token)
            monkeypatch.setenv("HOSPITAL_BOT_API_URL", address)
            monkeypatch.setenv("HOSPITAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
            monkeypatch.setenv("HOSPITAL_MAIL_FROM", "bot@hospital.example")
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    yield
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()
