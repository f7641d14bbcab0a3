"""Databases with the tables in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hospital_bot.db import Database
from tests.data.databases import WAYS, load_schema, migrate, opened
from tests.servers import Server


@pytest.fixture(params=WAYS)
def each_way(request: pytest.FixtureRequest, mariadb_url: str) -> str:
    """A MariaDB database made from schema.sql, by the migrations, and from the models."""
    WAYS[request.param](mariadb_url)
    return mariadb_url


@pytest.fixture
def hospital_url(mariadb_url: str) -> str:
    load_schema(mariadb_url)
    return mariadb_url


@pytest.fixture(params=["mariadb", "sqlite"])
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The tables, on either kind of database."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/hospital.db" if sqlite else request.getfixturevalue("mariadb_url")
    migrate(url)
    with opened(url) as database:
        yield database


@pytest.fixture(scope="module")
def three_ways(mariadb: Server) -> Iterator[dict[str, str]]:
    """One database of each kind, to be looked at and left alone."""
    urls = {way: mariadb.create_database() for way in WAYS}
    for way, url in urls.items():
        WAYS[way](url)
    yield urls
    for url in urls.values():
        mariadb.drop(url)
