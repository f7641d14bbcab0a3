"""Where a benchmark runs: a private MariaDB, hospitals in it, and how much of everything is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import pymysql
from sqlalchemy import insert, select

from hospital_bot import schedules, schema
from hospital_bot.db import Database
from hospital_bot.models import Doctor, Patient, User
from tests.servers import Server

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
"""A Friday morning, for what is measured without the product's processes."""
WEEKLY = "mon-sun 09:00-17:00"
MINUTES = 30
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Ground:
    server: Server
    folder: Path
    size: Literal["quick", "usual", "full"] = "usual"

    def pick(self, quick: T, usual: T, full: T | None = None) -> T:
        """How much, by the size of the run."""
        if self.size == "quick":
            return quick
        return full if self.size == "full" and full is not None else usual

    @contextmanager
    def database(self, connections: int = 1) -> Iterator[Database]:
        """An empty hospital, up to date."""
        url = self.server.create_database()
        db = Database(url, connections=connections)
        try:
            schema.upgrade(db.engine)
            yield db
        finally:
            db.close()
            self.server.drop(url)

    def url_of(self, db: Database) -> str:
        return db.engine.url.render_as_string(hide_password=False)


def staff(db: Database, count: int, specializations: int = 1) -> list[int]:
    """So many doctors, spread over `specializations`, who all work the same hours."""
    users = _users(db, "doctor", count)
    schedule = {"slot_minutes": MINUTES, "weekly": schedules.parse_weekly(WEEKLY)}
    rows = [
        {"user_id": user, "specialization": specialization(n % specializations), "availability_schedule": schedule}
        for n, user in enumerate(users)
    ]
    return _inserted(db, Doctor, rows, Doctor.doctor_id)


def patients(db: Database, count: int) -> list[int]:
    rows = [{"user_id": user} for user in _users(db, "patient", count)]
    return _inserted(db, Patient, rows, Patient.patient_id)


def driver(db: Database) -> pymysql.Connection[Any]:
    """A connection of the driver's own, as patient as it is asked to be."""
    url = db.engine.url
    connection = pymysql.connect(
        host=url.host or "", port=url.port or 0, user=url.username, database=url.database, charset="utf8mb4"
    )
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return connection


def specialization(number: int) -> str:
    return f"Specialization {number:02}"


def evening(day: int) -> datetime:
    """The clinic's wall clock: so many days after NOW, 17:00."""
    return (NOW + timedelta(days=day)).replace(hour=17, minute=0, tzinfo=None)


def _users(db: Database, role: str, count: int) -> list[int]:
    rows = [
        {"name": f"{role} {n}", "email": f"{role}{n}@people.example", "password": "unusable", "role": role}
        for n in range(count)
    ]
    return _inserted(db, User, rows, User.user_id)


def _inserted(db: Database, table: type[Any], rows: list[dict[str, Any]], key: Any) -> list[int]:
    """The rows' keys; what was in the table before is not counted."""
    with db.engine.begin() as connection:
        before = connection.scalars(select(key).order_by(key.desc()).limit(1)).one_or_none() or 0
        for start in range(0, len(rows), CHUNK):
            connection.execute(insert(table).values(rows[start : start + CHUNK]))
        return list(connection.scalars(select(key).where(key > before).order_by(key)))
