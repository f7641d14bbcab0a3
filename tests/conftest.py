"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Server, database_server

pytest_plugins = ["tests.logs"]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A real server, started by the first test that asks; one for each worker."""
    with database_server() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: Server) -> Iterator[str]:
    """A fresh, empty database of its own."""
    url = mariadb.create_database()
    yield url
    mariadb.drop(url)
