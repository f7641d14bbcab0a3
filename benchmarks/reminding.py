"""Due reminders, from the claim to the note that they were sent: as fast as it goes, and under Telegram's limits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text
from telegram.request import BaseRequest, RequestData

from benchmarks import ground, measure
from benchmarks.entry import unlimited
from benchmarks.ground import NOW, Ground
from benchmarks.table import Row
from hospital_bot import wiring
from hospital_bot.db import Database
from hospital_bot.settings import Settings
from hospital_bot.telegram import pace
from hospital_bot.wiring import Product
from tests.servers import numbers

EVENING = NOW + timedelta(hours=12)
"""When the reminders of the next day are due, all of them."""
LIMIT = 30
STRETCHES = 5
"""At least so many rates are measured on the way: each over as long a part of the queue."""
TOKEN = "7000000001:simulated-token-of-the-hospital-bot"  # noqa: S105 - of a bot that is nowhere else
VISITS = """
INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)
SELECT 1 + seq, 1 + seq DIV 16, '2026-11-21', SEC_TO_TIME(32400 + 1800 * (seq MOD 16)), 'confirmed'
FROM {numbers}
"""
ACCOUNTS = """
INSERT INTO telegram_accounts (telegram_id, user_id, proved_at) SELECT 100000000 + user_id, user_id, '2026-11-01'
FROM patients
"""
REMINDERS = """
INSERT INTO notifications (user_id, kind, about, facts, due_at)
SELECT user_id, 'reminder', '20261121:1440', '{"day": "2026-11-21", "seconds": 86400}', '2026-11-20 09:00' FROM patients
"""
AGAIN = "UPDATE notifications SET state = 'waiting', claim_token = NULL, claimed_until_at = NULL, sent_at = NULL"
UNSENT = "SELECT COUNT(*) FROM notifications WHERE state <> 'sent'"


class Acknowledging(BaseRequest):
    """A Telegram that takes every message at once, and remembers when."""

    def __init__(self) -> None:
        self.sent_at: list[float] = []

    @property
    def read_timeout(self) -> float:
        return 5.0

    async def initialize(self) -> None:
        """There is nothing to open."""

    async def shutdown(self) -> None:
        """There is nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002 - the library's signature
        request_data: RequestData | None = None,
        read_timeout: Any = None,  # noqa: ARG002
        write_timeout: Any = None,  # noqa: ARG002
        connect_timeout: Any = None,  # noqa: ARG002
        pool_timeout: Any = None,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        if url.endswith("/getMe"):
            return _ok({"id": 7000000001, "is_bot": True, "first_name": "Bot", "username": "hospital_bot"})
        self.sent_at.append(time.perf_counter())
        chat_id = int(request_data.json_parameters["chat_id"]) if request_data else 0
        return _ok({"message_id": 1, "date": 0, "chat": {"id": chat_id, "type": "private"}, "text": "…"})


def _ok(result: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


async def rows(place: Ground) -> AsyncIterator[Row]:
    limits = vars(pace).copy()
    count = place.pick(291, 871, 10_000)
    async with _product(place, count) as (product, telegram):
        yield await _limited(product, telegram)
    unlimited()
    count = place.pick(200, 1000, 10_000)
    async with _product(place, count) as (product, telegram):
        runs = [await _run(product, telegram) for _ in range(place.pick(3, 5))]
    vars(pace).update(limits)
    rate, spread = measure.middle([count / wall for wall, _ in runs])
    yield Row(f"{count:,} due reminders sent, without limits", rate, "/s", least=LIMIT, seen=spread)
    cpu, cpu_spread = measure.middle([1000 * cpu / count for _, cpu in runs])
    yield Row("— CPU of one", cpu, "ms", seen=cpu_spread)


async def _limited(product: Product, telegram: Acknowledging) -> Row:
    await _run(product, telegram)
    sent, length = telegram.sent_at, (len(telegram.sent_at) - 1) // STRETCHES
    rates = [length / (sent[first + length] - sent[first]) for first in range(0, length * STRETCHES, length)]
    rate, spread = measure.middle(rates)
    what = f"{len(sent):,} due reminders sent ÷ the 30 a second that Telegram takes"
    return Row(what, rate / LIMIT, least=0.95, seen=f"{rate:.1f}/s; {spread}")


async def _run(product: Product, telegram: Acknowledging) -> tuple[float, float]:
    """Seconds on the wall and of CPU, until all of them are sent."""
    _execute(product.db, AGAIN)
    telegram.sent_at.clear()
    begin, cpu = time.perf_counter(), time.process_time()
    await product.outbox.tick()
    spent = time.perf_counter() - begin, time.process_time() - cpu
    with product.db.engine.connect() as connection:
        assert connection.scalar(text(UNSENT)) == 0
    return spent


@asynccontextmanager
async def _product(place: Ground, reminders: int) -> AsyncIterator[tuple[Product, Acknowledging]]:
    """The product's own wiring, with so many reminders due."""
    with place.database() as db:
        ground.staff(db, reminders // 16 + 1)
        ground.patients(db, reminders)
        _execute(db, VISITS.format(numbers=numbers(0, reminders - 1)), ACCOUNTS, REMINDERS)
        chosen = Settings.model_construct(
            bot_token=SecretStr(TOKEN),
            database_url=SecretStr(place.url_of(db)),
            secret_key=SecretStr("an invented secret of more than 32 characters"),
            smtp_url=SecretStr("smtp://127.0.0.1:9"),
            mail_from="bot@harbour.example",
        )
        telegram = Acknowledging()
        async with wiring.build(chosen, clock=lambda: EVENING, request=telegram) as product:
            yield product, telegram
            await asyncio.sleep(0)


def _execute(db: Database, *statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
