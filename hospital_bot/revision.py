"""Which migration the tables are at, asked without Alembic: a killed process must be back soon."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, column, select, table
from sqlalchemy.exc import DBAPIError

from hospital_bot.errors import Unavailable

NEWEST = max(file.stem[:4] for file in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
"""Each migration's file begins with its number."""


def is_current(engine: Engine) -> bool:
    """Whether every migration has been run. Raises Unavailable when the database can't be reached."""
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise Unavailable(type(error).__name__) from error
    with connection:
        try:
            return connection.scalars(select(column("version_num")).select_from(table("alembic_version"))).all() == [
                NEWEST
            ]
        except DBAPIError:  # there is no such table yet
            return False
