"""A hospital's database on a real server, and a world around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import tables
from tests.hospital import Hospital
from tests.reliability.cluster import Balanced, Cluster, running
from tests.reliability.world import World, world

PROBE_TABLE = """
CREATE TABLE probe (
    id INT AUTO_INCREMENT PRIMARY KEY, chat_id BIGINT NOT NULL, kind VARCHAR(4) NOT NULL, number INT NOT NULL
)
"""


@pytest.fixture
def hospital_url(mariadb_url: str) -> str:
    """An empty hospital, up to date."""
    tables.prepare(mariadb_url)
    return mariadb_url


@pytest.fixture
async def around(hospital_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(hospital_url, tmp_path) as around:
        around.rows(PROBE_TABLE)
        yield around


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two nodes, started by the first test that asks."""
    with running() as cluster:
        yield cluster


@pytest.fixture
def cluster_urls(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """A fresh, empty database of its own, on each node."""
    urls = cluster.create_database()
    yield urls
    cluster.drop(urls[0])


@pytest.fixture
def on_cluster(cluster_urls: tuple[str, str]) -> Iterator[Hospital]:
    """A hospital whose use cases take turns at the nodes."""
    hospital = Hospital.build(cluster_urls[0], connections=1)
    hospital.db.close()
    hospital.db = Balanced(*cluster_urls, connections=16)
    yield hospital
    hospital.close()
