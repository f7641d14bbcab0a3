"""schema.sql, the migrations and the models make the same tables: asked of the server, not of our own comparison."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from hospital_bot import schema
from hospital_bot.models import Base
from tests.data.databases import create_all, facts, migrate, opened, rows

VIEWS = {
    "tables": ("TABLE_NAME",),
    "columns": ("TABLE_NAME", "COLUMN_NAME"),
    "statistics": ("TABLE_NAME", "INDEX_NAME", "SEQ_IN_INDEX"),
    "key_column_usage": ("TABLE_NAME", "CONSTRAINT_NAME", "ORDINAL_POSITION"),
    "referential_constraints": ("TABLE_NAME", "CONSTRAINT_NAME"),
    "table_constraints": ("TABLE_NAME", "CONSTRAINT_NAME"),
}


@pytest.mark.mariadb
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("way", ["schema.sql", "migrations"])
def test_the_tables_are_the_models_in_every_detail(three_ways: dict[str, str], way: str, view: str) -> None:
    place = "CONSTRAINT_SCHEMA" if "constraints" in view else "TABLE_SCHEMA"
    made = facts(three_ways[way], view, *VIEWS[view], schema_column=place)
    models = facts(three_ways["models"], view, *VIEWS[view], schema_column=place)

    assert {key[0] for key in models} >= {"appointments", "telegram_accounts"}
    assert made == models


@pytest.mark.mariadb
def test_no_table_of_the_models_is_missing(three_ways: dict[str, str]) -> None:
    assert {table for (table,) in facts(three_ways["schema.sql"], "tables", "TABLE_NAME")} == set(Base.metadata.tables)


@pytest.mark.mariadb
@pytest.mark.parametrize("way", ["schema.sql", "migrations"])
def test_alembic_too_finds_nothing_to_change(three_ways: dict[str, str], way: str) -> None:
    with opened(three_ways[way]) as database, database.engine.connect() as connection:
        command.check(schema._config(connection))


@pytest.mark.mariadb
def test_schema_sql_stands_where_the_migrations_end(three_ways: dict[str, str]) -> None:
    stamp = "SELECT version_num FROM alembic_version"

    assert rows(three_ways["schema.sql"], stamp) == rows(three_ways["migrations"], stamp)


def test_on_sqlite_the_migrations_make_what_the_models_make(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/migrations.db")
    create_all(f"sqlite:///{tmp_path}/models.db")

    assert _statements(f"sqlite:///{tmp_path}/migrations.db") == _statements(f"sqlite:///{tmp_path}/models.db")


def _statements(url: str) -> dict[str, list[str]]:
    """SQLite keeps the statement that made a thing; only the order of its parts may differ."""
    with opened(url) as database, database.engine.connect() as connection:
        made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE tbl_name != 'alembic_version'"))
        return {name: sorted(part.strip(" ()\n\t") for part in PARTS.split(sql or "")) for name, sql in made}


PARTS = re.compile(r",(?![^()]*\))")
"""A comma outside brackets."""
