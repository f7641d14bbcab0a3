"""Many book at once: how many a second one process takes, and how long the slowest in a hundred waits."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import text

from benchmarks import ground, measure
from benchmarks.ground import NOW, Ground
from benchmarks.table import Row
from hospital_bot.clinic import Clinic
from hospital_bot.db import Database
from hospital_bot.services import booking
from hospital_bot.values import Who

CLINIC = Clinic()
AT_ONCE = 10
"""As many as the product has connections to its database, unless told otherwise."""
DOCTORS, DAYS, SLOTS = 50, 50, 16
SLOWEST = 0.99
TWICE = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM appointments WHERE live = 1
    GROUP BY doctor_id, appointment_date, appointment_time HAVING COUNT(*) > 1
) twice
"""

Wish = tuple[int, int, datetime]
"""Patient, doctor and time."""


async def rows(place: Ground) -> AsyncIterator[Row]:
    count = place.pick(100, 2000, 10_000)
    with place.database(AT_ONCE) as db:
        ground.staff(db, DOCTORS)
        ground.patients(db, count)
        for whose, doctors, rate, wait in (("50 doctors", DOCTORS, 100, 250), ("one doctor", 1, 30, None)):
            wishes = list(_wishes(min(count, doctors * DAYS * SLOTS), doctors))
            seconds, waits = _rush(db, wishes)
            yield Row(f"bookings a second, {AT_ONCE} at once for {whose}", len(wishes) / seconds, "/s", least=rate)
            yield Row("— the slowest in a hundred", 1000 * measure.percentile(waits, SLOWEST), "ms", most=wait)


def _wishes(count: int, doctors: int) -> Iterator[Wish]:
    """Every patient another time, in no order."""
    times = [
        (doctor, ground.evening(day) - timedelta(hours=8) + timedelta(minutes=ground.MINUTES * slot))
        for doctor in range(1, doctors + 1)
        for day in range(1, DAYS + 1)
        for slot in range(SLOTS)
    ]
    chosen = random.Random(1).sample(times, count)
    return ((patient, *when) for patient, when in enumerate(chosen, start=1))


def _rush(db: Database, wishes: list[Wish]) -> tuple[float, list[float]]:
    """Seconds for all, and for each. Raises AssertionError when a time was given twice, or somebody left without."""
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM notifications"))
        connection.execute(text("DELETE FROM appointments"))
    begin = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as crowd:
        waits = list(crowd.map(lambda wish: measure.timed(lambda: _book(db, wish)), wishes))
    seconds = time.perf_counter() - begin
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM appointments WHERE live = 1")) == len(wishes)
        assert connection.scalar(text(TWICE)) == 0
    return seconds, waits


def _book(db: Database, wish: Wish) -> None:
    patient, doctor, start = wish
    db.run(
        booking.book,
        patient_id=patient,
        who=Who(doctor),
        start=start,
        request_id=f"rush-{patient}",
        clinic=CLINIC,
        now=NOW,
    )
