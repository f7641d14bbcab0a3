"""The hospital's tables, ready: migrating takes long, and a test needs them as they are in the end."""

from __future__ import annotations

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from hospital_bot import schema
from hospital_bot.db import Database
from tests.data.databases import load_schema, rows


@cache
def _migrated() -> bytes:
    """An SQLite file without a hospital in it."""
    with tempfile.TemporaryDirectory(prefix="tables-") as folder:
        file = Path(folder) / "empty.db"
        db = Database(f"sqlite:///{file}", connections=1)
        schema.upgrade(db.engine)
        db.close()
        with sqlite3.connect(file) as connection:
            return connection.serialize()


def prepare(url: str) -> None:
    """Put the tables into a database that has none."""
    name = make_url(url).database or ""
    if not url.startswith("sqlite:"):
        if not rows(url, "SHOW TABLES"):
            load_schema(url)
    elif not Path(name).exists():
        Path(name).write_bytes(_migrated())
