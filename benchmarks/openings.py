"""Free times of 200 doctors over 60 days, in a hospital with few visits on record and in one with very many."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from benchmarks import ground, measure
from benchmarks.ground import NOW, Ground
from benchmarks.table import Row
from hospital_bot.clinic import Clinic
from hospital_bot.db import Database
from hospital_bot.services import availability
from hospital_bot.values import Who
from tests.servers import numbers

CLINIC = Clinic()
DOCTORS = 200
CHUNK = 200_000
AHEAD = 10_000
"""Visits in the days that are looked at: the same in both hospitals, which differ in their past."""
FILL = """
INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, minutes, status)
SELECT 1 + seq MOD 5000, 1 + seq MOD 200, DATE('2026-11-21') + INTERVAL {step} * (seq DIV 3200) DAY,
    SEC_TO_TIME(32400 + 1800 * (seq DIV 200 MOD 16)), 30, '{status}'
FROM {numbers}
"""
"""Whole days of sixteen visits for each of 200 doctors: from tomorrow on, or back into the past."""


async def rows(place: Ground) -> AsyncIterator[Row]:
    many = place.pick(50_000, 200_000, 5_000_000)
    _prepare(place)
    with place.database() as small, place.database() as large:
        for db, visits in ((small, AHEAD), (large, many)):
            ground.staff(db, DOCTORS)
            ground.patients(db, 5000)
            _fill(db, visits)
        for what, work in (("free days of one specialization", _days), ("next free day of everybody", _next_days)):
            for row in _compare(place, what, work, small, large, many):
                yield row


def _prepare(place: Ground) -> None:
    """As much memory as a hospital's server has, within reason."""
    if place.size == "full":
        place.server.execute("SET GLOBAL innodb_buffer_pool_size = 1073741824")
        place.server.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")


def _fill(db: Database, visits: int) -> None:
    with ground.driver(db) as connection, connection.cursor() as cursor:
        cursor.execute("SET unique_checks = 0, foreign_key_checks = 0")
        cursor.execute(FILL.format(numbers=numbers(0, AHEAD - 1), step=1, status="confirmed"))
        for first in range(AHEAD, visits, CHUNK):
            last = min(first + CHUNK, visits) - 1
            cursor.execute(FILL.format(numbers=numbers(first, last), step=-1, status="completed"))
            connection.commit()
        cursor.execute("ANALYZE TABLE appointments")
        connection.commit()


def _compare(
    place: Ground, what: str, work: Callable[[Database], None], small: Database, large: Database, many: int
) -> list[Row]:
    times: dict[Database, list[float]] = {small: [], large: []}
    for db in (small, large):
        work(db)
    for _ in range(place.pick(3, 9, 15)):
        for db, seconds in times.items():
            begin = time.perf_counter()
            work(db)
            seconds.append(time.perf_counter() - begin)
    with measure.statements(large.engine) as seen:
        work(large)
    growth, spread = measure.ratios(times[large], times[small])
    slow, fast = (f"{1000 * measure.middle(times[db])[0]:.0f} ms" for db in (large, small))
    return [
        Row(
            f"{what}, {DOCTORS} doctors: {many:,} ÷ {AHEAD:,} visits",
            growth,
            most=1.2,
            seen=f"{slow} ÷ {fast}; {spread}",
        ),
        Row("— its statements", len(seen), "", most=3),
    ]


def _days(db: Database) -> None:
    facts: dict[str, Any] = {"who": Who.any_of(ground.specialization(0)), "first": CLINIC.today(NOW), "most": 61}
    db.run(availability.days, clinic=CLINIC, now=NOW, **facts)


def _next_days(db: Database) -> None:
    db.run(availability.specializations, clinic=CLINIC, now=NOW)
