"""`hospital-bot run` without Telegram's limits, which would measure waiting; with `httpx`, on PTB's own HTTP client."""

from __future__ import annotations

import sys
from typing import Any

from telegram.request import HTTPXRequest

from hospital_bot import cli
from hospital_bot.telegram import bot, pace


def httpx_backend(*, connections: int, answer_seconds: float) -> HTTPXRequest:
    return HTTPXRequest(connection_pool_size=connections, read_timeout=answer_seconds)


def unlimited() -> None:
    limits: Any = pace
    limits.PEOPLE = limits.PERSON = limits.ALONE = limits.REST = limits.PERSON_IN_BULK = ()


if __name__ == "__main__":
    unlimited()
    if "httpx" in sys.argv:
        wire: Any = bot
        wire.Backend = httpx_backend
    cli.app(["run"])
