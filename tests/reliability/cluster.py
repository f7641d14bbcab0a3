"""Two MariaDB servers of our own, joined by Galera: what is committed on either is on both, or on neither."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pymysql
import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from hospital_bot.db import Database
from tests.hospital import Hospital
from tests.servers import PrivateServer, free_port, installed

LIBRARIES = [
    Path(folder, "libgalera_smm.so") for folder in ("/usr/lib/galera", "/usr/lib64/galera-4", "/usr/lib64/galera")
]
BESIDE = Path(__file__).parent / "sst"
"""The folder of the program that a node runs to join."""
STATE = """# GALERA saved state
version: 2.1
uuid: {history}
seqno: {seqno}
safe_to_bootstrap: {first:d}
"""
PATIENT, HASTY = "PT15S", "PT3S"
"""How long a node is silent until the other takes it for dead. On a busy machine the living are, too, for seconds."""
CAUGHT_UP = "SET STATEMENT wsrep_sync_wait = 7 FOR SELECT COUNT(*) FROM information_schema.schemata"
STATUS = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = '{name}'"

P = ParamSpec("P")
T = TypeVar("T")


class Node(PrivateServer):
    """One of the two: the first, or a copy of it.

    Two can't outvote each other, so the first has two votes: it goes on without the second, and the second without
    the first refuses everything. A hospital would have a third. Were either allowed to go on alone (`pc.ignore_sb`),
    both might, each its own way.
    """

    def __init__(self, library: Path, group: list[str], original: Node | None = None) -> None:
        """`group` is where the nodes find each other; each puts its own address there."""
        self._library, self._group, self._original = library, group, original
        self._history: str = original._history if original else str(uuid.uuid4())
        self._votes = 1 if original else 2
        self._port, self._catch_up_port = free_port(), free_port()
        group.append(f"127.0.0.1:{self._port}")
        super().__init__()

    def status(self, name: str) -> str:
        return str(self.execute(STATUS.format(name=name))[0][0])

    def _install(self) -> None:
        """The history begins with the start of the first, event 1, which changes no row. The copy may claim to know
        it, and has nothing to catch up on when it joins."""
        if self._original:
            shutil.copytree(self._original.folder / "data", self.folder / "data")
        else:
            super()._install()
        first = self._original is None
        self._state.write_text(STATE.format(history=self._history, seqno=int(not first), first=first))

    @property
    def _state(self) -> Path:
        return self.folder / "data" / "grastate.dat"

    def _command(self) -> list[str]:
        server = super()._command()
        path = f"PATH={os.environ.get('PATH', os.defpath)}:{BESIDE}"
        return ["env", path, *server, *self._joined(), *self._entry(server)]

    def _joined(self) -> list[str]:
        options = {
            "gmcast.listen_addr": f"tcp://127.0.0.1:{self._port}",
            "base_host": "127.0.0.1",
            "base_port": self._port,
            "ist.recv_addr": f"127.0.0.1:{self._catch_up_port}",
            "gcache.size": "64M",
            "pc.weight": self._votes,
            "evs.keepalive_period": "PT0.5S",
            "evs.suspect_timeout": PATIENT,
        }
        return [
            "--wsrep-on=ON",
            f"--wsrep-provider={self._library}",
            f"--wsrep-provider-options={';'.join(f'{name}={value}' for name, value in options.items())}",
            "--wsrep-cluster-name=hospital",
            f"--wsrep-cluster-address=gcomm://{','.join(self._group)}",
            "--wsrep-node-address=127.0.0.1",
            "--wsrep-sst-method=missed",
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
        ]

    def _entry(self, server: list[str]) -> list[str]:
        """How it comes in: as the founder, from where it stood when it was stopped, or when it was killed."""
        state = self._state.read_text()
        if "safe_to_bootstrap: 1" in state:
            return ["--wsrep-new-cluster"]
        if not re.search(r"seqno: +-1", state):
            return []
        found = subprocess.run([*server, *self._joined(), "--wsrep-recover"], capture_output=True, text=True)
        position = re.search(r"Recovered position: *(\S+)", found.stdout + found.stderr)
        if position is None:
            pytest.fail(f"a killed node can't be read:\n{found.stderr[-3000:]}")
        return [f"--wsrep-start-position={position.group(1)}"]

    def _answers(self) -> bool:
        """And takes part."""
        try:
            return super()._answers() and self.status("wsrep_ready") == "ON"
        except pymysql.err.OperationalError:
            return False


class Cluster:
    """The one that goes on alone, and the one that doesn't."""

    def __init__(self, library: Path) -> None:
        group: list[str] = []
        first = Node(library, group)
        self.nodes = (first, Node(library, group, original=first))

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def create_database(self) -> tuple[str, str]:
        """One fresh database: its URL on each node."""
        self.start()
        first, second = self.nodes
        url = first.create_database()
        second.execute(CAUGHT_UP)
        return url, second.url(make_url(url).database or "")

    def drop(self, url: str) -> None:
        self.start()
        self.nodes[0].drop(url)

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """The dead are missed soon, until the block ends."""
        self._suspect_after(HASTY)
        yield
        self._suspect_after(PATIENT)

    def remove(self) -> None:
        for node in self.nodes:
            node.remove()

    def _suspect_after(self, period: str) -> None:
        for node in self.nodes:
            node.execute(f"SET GLOBAL wsrep_provider_options = 'evs.suspect_timeout={period}'")


class Balanced(Database):
    """Both nodes as one database: each use case goes to the other node than the one before."""

    def __init__(self, *urls: str, connections: int) -> None:
        self.nodes = [Database(url, connections=connections) for url in urls]
        self._turns = itertools.cycle(self.nodes)
        self.engine, self.info = self.nodes[0].engine, {}
        for node in self.nodes:
            node.info = self.info

    def run(self, use_case: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return next(self._turns).run(use_case, *args, **kwargs)

    def close(self) -> None:
        for node in self.nodes:
            node.close()


def on_each(hospital: Hospital) -> list[Hospital]:
    """The same hospital, on either node by itself."""
    assert isinstance(hospital.db, Balanced)
    return [replace(hospital, db=node) for node in hospital.db.nodes]


@contextmanager
def running() -> Iterator[Cluster]:
    """Both nodes, up until the block ends; or the test is skipped, where there is no Galera."""
    library = next((each for each in LIBRARIES if each.exists()), None)
    if library is None or not installed("mariadbd"):
        pytest.skip("Galera is not installed here (Debian: galera-4)")
    cluster = Cluster(library)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
