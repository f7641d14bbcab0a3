"""The morning's digests: planned for a thousand doctors with as many statements as for ten."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import func, select, text

from benchmarks import ground, measure
from benchmarks.ground import NOW, Ground
from benchmarks.table import Row
from hospital_bot.clinic import Clinic
from hospital_bot.db import Database
from hospital_bot.models import Notification
from hospital_bot.services import digests
from tests.servers import numbers

CLINIC = Clinic()
FEW = 10
VISITS = 10
FILL = """
INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status, created_at)
SELECT 1 + seq, 1 + seq DIV 10, '2026-11-20', SEC_TO_TIME(36000 + 1800 * (seq MOD 10)), 'confirmed', '2026-11-01'
FROM {numbers}
"""


async def rows(place: Ground) -> AsyncIterator[Row]:
    many = place.pick(200, 1000)
    with place.database() as small, place.database() as large:
        costs = {db: _plans(db, doctors, place.pick(3, 7)) for db, doctors in ((small, FEW), (large, many))}
        growth = _statements(large) / _statements(small)
    seconds, _ = measure.middle(costs[large])
    each, spread = measure.ratios([cost / many for cost in costs[large]], [cost / FEW for cost in costs[small]])
    yield Row(f"planning {many:,} doctors' digests", 1000 * seconds, "ms")
    yield Row(f"— the time of one digest: of {many:,} ÷ of {FEW}", each, seen=spread)
    yield Row(f"— statements: for {many:,} ÷ for {FEW}", growth, most=1.0)


def _plans(db: Database, doctors: int, times: int) -> list[float]:
    ground.staff(db, doctors)
    ground.patients(db, doctors * VISITS)
    with db.engine.begin() as connection:
        connection.execute(text(FILL.format(numbers=numbers(0, doctors * VISITS - 1))))
    return [_plan(db, doctors) for _ in range(times)]


def _plan(db: Database, doctors: int) -> float:
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM notifications"))
    begin = time.perf_counter()
    db.run(digests.plan_digests, clinic=CLINIC, now=_morning())
    seconds = time.perf_counter() - begin
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Notification)) == doctors
    return seconds


def _statements(db: Database) -> int:
    """Of a planning that writes."""
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM notifications"))
    with measure.statements(db.engine) as seen:
        db.run(digests.plan_digests, clinic=CLINIC, now=_morning())
    return len(seen)


def _morning() -> datetime:
    return NOW
