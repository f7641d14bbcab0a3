"""What every test may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from hospital_bot import passwords
from hospital_bot.simulator.telegram import Telegram
from tests.clock import Clock
from tests.servers import Server, database_server

pytest_plugins = ["tests.logs"]


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """At bcrypt's lowest cost: half of the time of all tests, otherwise."""
    if not request.node.get_closest_marker("dear_passwords"):
        monkeypatch.setattr(passwords, "COST", 4)
        monkeypatch.setattr(passwords, "DUMMY", passwords.DUMMY.replace("$12$", "$04$"))


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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[Telegram]:
    """A simulated one, with nobody in it."""
    telegram = Telegram(clock)
    yield telegram
    await telegram.close()
