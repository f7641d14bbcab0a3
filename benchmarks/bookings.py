"""Bookings a second through the service, next to the same statements sent by the bare driver; one connection each."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from benchmarks import ground, measure
from benchmarks.ground import NOW, Ground
from benchmarks.table import Row
from hospital_bot.clinic import Clinic, Rules
from hospital_bot.db import Database
from hospital_bot.services import booking
from hospital_bot.values import Who

CLINIC = Clinic(rules=Rules(max_visits=1_000_000))
SLOTS = 16
EMPTY = (
    "DELETE FROM notifications",
    "DELETE FROM appointments",
    "ALTER TABLE notifications AUTO_INCREMENT = 1",
    "ALTER TABLE appointments AUTO_INCREMENT = 1",
)
"""So that the same booking gets the same number again, and the recorded statements fit."""

Script = list[list[tuple[str, Any]]]
"""For each booking its statements, with their parameters."""


async def rows(place: Ground) -> AsyncIterator[Row]:
    place.server.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")  # a slow disk would flatter the service
    count = place.pick(50, 300)
    with place.database() as db:
        ground.staff(db, 20)
        ground.patients(db, count)
        script = _recorded(place.url_of(db), count)
        gc.freeze()  # as the product does
        service: list[tuple[float, float]] = []
        driver: list[tuple[float, float]] = []
        for _ in range(place.pick(3, 7, 15)):
            service.append(_serve(db, count))
            driver.append(_replay(db, script))
    place.server.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    share, spread = measure.ratios([wall for wall, _ in driver], [wall for wall, _ in service])
    cpu, cpu_spread = measure.ratios([cpu for _, cpu in service], [cpu for _, cpu in driver])
    rate = {name: count / measure.middle([wall for wall, _ in runs])[0] for name, runs in _named(service, driver)}
    seen = f"{rate['service']:,.0f}/s ÷ {rate['driver']:,.0f}/s, {len(script[-1])} statements each; {spread}"
    yield Row("bookings a second: the service ÷ raw PyMySQL", share, least=0.6, seen=seen)
    yield Row("— CPU of the Python side: the service ÷ raw PyMySQL", cpu, seen=cpu_spread)


def _named(service: list[Any], driver: list[Any]) -> list[tuple[str, list[tuple[float, float]]]]:
    return [("service", service), ("driver", driver)]


def _recorded(url: str, count: int) -> Script:
    """By an engine of its own: one that was ever listened to is slower for good."""
    script: Script = []
    with closing(Database(url, connections=1)) as db:
        _empty(db)
        for number in range(count):
            with measure.statements(db.engine) as seen:
                _book(db, number)
            script.append(list(seen))
    return script


def _book(db: Database, number: int) -> None:
    """Each patient once, each doctor in turn, from tomorrow morning on."""
    doctor, slot = number % 20, number // 20
    start = ground.evening(1 + slot // SLOTS) - timedelta(hours=8) + timedelta(minutes=30 * (slot % SLOTS))
    facts: dict[str, Any] = {"patient_id": number + 1, "who": Who(doctor + 1), "request_id": f"request-{number}"}
    db.run(booking.book, start=start, clinic=CLINIC, now=NOW, **facts)


def _serve(db: Database, count: int) -> tuple[float, float]:
    """Seconds on the wall, and of this process's CPU."""
    _empty(db)
    begin, cpu = time.perf_counter(), time.process_time()
    for number in range(count):
        _book(db, number)
    return time.perf_counter() - begin, time.process_time() - cpu


def _replay(db: Database, script: Script) -> tuple[float, float]:
    _empty(db)
    connection = ground.driver(db)
    with connection, connection.cursor() as cursor:
        begin, cpu = time.perf_counter(), time.process_time()
        for statements in script:
            for statement, parameters in statements:
                cursor.execute(statement, parameters)
                cursor.fetchall()
            connection.commit()
        return time.perf_counter() - begin, time.process_time() - cpu


def _empty(db: Database) -> None:
    for statement in EMPTY:
        with db.engine.begin() as connection:
            connection.execute(text(statement))
