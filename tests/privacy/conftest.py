"""The audit log in a real database, and the whole product for what people see of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hospital_bot.db import Database
from hospital_bot.keys import Keys
from hospital_bot.services import audit, chain
from tests import tables
from tests.chat.conftest import clock, hospital
from tests.data.databases import opened
from tests.hospital import NOW

__all__ = ["clock", "hospital"]

KEYS = Keys.derive("an invented secret of more than 32 characters")


@dataclass
class Log:
    """The audit log, and what a database administrator could do to it."""

    db: Database
    now: datetime = NOW

    def write(self, count: int = 1, **facts: Any) -> None:
        for number in range(count):
            entry: dict[str, Any] = {"actor_id": 7, "patient_id": 3, "action": "visit.read", "subject": f"x:{number}"}
            self.db.run(audit.record, **entry | facts, now=self.now)

    def link(self) -> int:
        return self.db.run(chain.link, key=KEYS.audit, now=self.now)

    def linked(self, count: int) -> None:
        self.write(count)
        self.link()

    def verdict(self, head: str = "") -> chain.Verdict:
        return self.db.run(chain.verify, key=KEYS.audit, now=self.now, head=head)

    def problems(self) -> list[str]:
        return self.verdict().problems

    def tamper(self, *statements: str) -> None:
        with self.db.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def later(self, **period: float) -> None:
        self.now += timedelta(**period)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the tables in it, of either kind."""
    sqlite = f"sqlite:///{tmp_path}/hospital.db"
    chosen: str = sqlite if request.param == "sqlite" else request.getfixturevalue("mariadb_url")
    tables.prepare(chosen)
    return chosen


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    url = f"sqlite:///{tmp_path}/hospital.db"
    tables.prepare(url)
    with signed(url) as log:
        yield log


@pytest.fixture
def each_log(url: str) -> Iterator[Log]:
    """One on either kind of database."""
    with signed(url) as log:
        yield log


@contextmanager
def signed(url: str) -> Iterator[Log]:
    with opened(url) as database:
        database.info[audit.SIGNER] = KEYS.audit
        yield Log(database)
