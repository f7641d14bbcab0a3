"""Databases made in each of the ways there are, and what the server itself says of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from hospital_bot import schema
from hospital_bot.db import Database
from hospital_bot.models import Base

ROOT = Path(__file__).parents[2]
SEED = ROOT / "tests" / "data" / "seed.sql"

Row = dict[str, Any]


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def load(url: str, file: Path) -> None:
    """With the plain client, as a database administrator does it."""
    address = make_url(url)
    client = shutil.which("mariadb") or shutil.which("mysql") or pytest.fail("no mariadb or mysql client installed")
    done = subprocess.run(
        [client, f"-h{address.host}", f"-P{address.port or 3306}", f"-u{address.username}", str(address.database)],
        env=os.environ | {"MYSQL_PWD": str(address.password or "")},
        input=file.read_bytes(),
        capture_output=True,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")


def load_schema(url: str) -> None:
    load(url, ROOT / "schema.sql")


def migrate(url: str) -> None:
    with opened(url) as database:
        schema.upgrade(database.engine)


def create_all(url: str) -> None:
    with opened(url) as database:
        Base.metadata.create_all(database.engine)


WAYS: dict[str, Callable[[str], None]] = {"schema.sql": load_schema, "migrations": migrate, "models": create_all}


def run(url: str, *statements: str) -> None:
    with opened(url) as database, database.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(url: str, sql: str) -> list[Row]:
    with opened(url) as database, database.engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(sql)).mappings()]


def facts(url: str, view: str, *keys: str, schema_column: str = "TABLE_SCHEMA") -> dict[tuple[Any, ...], Row]:
    """A view of information_schema on our tables, every column of it but the database's name and guessed counts."""
    found = rows(url, f"SELECT * FROM information_schema.{view} WHERE {schema_column} = DATABASE()")  # noqa: S608
    found = [{name.upper(): value for name, value in row.items()} for row in found]
    kept = [
        {name: value for name, value in row.items() if not name.endswith("_SCHEMA") and name not in GUESSED}
        for row in found
        if row["TABLE_NAME"] != "alembic_version"
    ]
    return {tuple(row[key] for key in keys): row for row in kept}


GUESSED = {
    "AUTO_INCREMENT",
    "AVG_ROW_LENGTH",
    "CARDINALITY",
    "CHECK_TIME",
    "CREATE_TIME",
    "DATA_FREE",
    "DATA_LENGTH",
    "INDEX_LENGTH",
    "MAX_DATA_LENGTH",
    "MAX_INDEX_LENGTH",
    "TABLE_ROWS",
    "UPDATE_TIME",
}
