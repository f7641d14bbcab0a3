"""One hospital for the test: on SQLite where rules are tried, on MariaDB where locks are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hospital import Hospital


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    hospital = Hospital.build(f"sqlite:///{tmp_path}/hospital.db")
    yield hospital
    hospital.close()


@pytest.fixture
def on_mariadb(mariadb_url: str) -> Iterator[Hospital]:
    hospital = Hospital.build(mariadb_url, connections=32)
    yield hospital
    hospital.close()
