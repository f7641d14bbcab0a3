"""Database servers for tests and benchmarks: a throwaway MariaDB, or the one HOSPITAL_TEST_DATABASE_URL names."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import URL, make_url

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak plain HTTP: reading all the authorities takes longer than most tests."""
PORTS = range(20_000, 32_000)
"""Below the ports Linux gives to outgoing connections: a client that dials a server which is down could be
given that very port as its own, and would then be talking to itself."""


class Server:
    """A MariaDB or MySQL server that lends out databases. This one is not ours, so nothing stops it."""

    def __init__(self, address: URL) -> None:
        self.address = address

    def url(self, database: str) -> str:
        return self.address.set(database=database).render_as_string(hide_password=False)

    def create_database(self) -> str:
        """The URL of a fresh database. It has the server's own character set (often latin1), so that a
        table which forgets to name one is found out."""
        name = f"hospital_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {make_url(url).database}")

    def execute(self, sql: str) -> tuple[tuple[Any, ...], ...]:
        """Run one statement as the server's administrator and return all its rows."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return tuple(cursor.fetchall())

    def start(self) -> None:
        """It is up."""

    def resume(self) -> None:
        """It is awake."""

    def stop(self) -> None:
        self._refuse()

    def kill(self) -> None:
        self._refuse()

    def pause(self) -> None:
        self._refuse()

    def _connect(self) -> pymysql.Connection[Any]:
        return pymysql.connect(
            host=self.address.host or "127.0.0.1",
            port=self.address.port or 3306,
            user=self.address.username,
            password=self.address.password or "",
            autocommit=True,
            ssl_disabled=True,
        )

    def _refuse(self) -> None:
        pytest.skip("the server at HOSPITAL_TEST_DATABASE_URL is not ours to stop")


class PrivateServer(Server):
    """A mariadbd of our own, on 127.0.0.1 and durable on every commit, in a folder that goes with it."""

    def __init__(self, where: Path | None = None) -> None:
        super().__init__(
            URL.create("mysql+pymysql", "root", host="127.0.0.1", port=free_port(), query={"charset": "utf8mb4"})
        )
        self.folder = Path(
            tempfile.mkdtemp(prefix="hospital-db-", dir=where)
        )  # short: a socket's path ends at 107 bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._install()

    @property
    def pid(self) -> int | None:
        """The running process, or None when there is none."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def execute(self, sql: str) -> tuple[tuple[Any, ...], ...]:
        self.start()  # a test before may have left it dead or asleep
        return super().execute(sql)

    def start(self) -> None:
        """Come up on the same data and the same port; nothing to do when it is up."""
        if self.pid:
            self.resume()
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_until_ready()

    def stop(self) -> None:
        """Shut down in good order."""
        self.resume()
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Accept connections and never answer, until `resume`."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _install(self) -> None:
        program = _program("mariadb-install-db")
        options = [
            "--no-defaults",
            *self._place(),
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--force",  # on a machine that can't look up its own name, too
        ]
        done = subprocess.run([program, *options], capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(self.folder)
            pytest.fail(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _place(self) -> list[str]:
        """Its temporary tables, too: each server removes what it finds of them when it starts, whosever they are."""
        place = [f"--datadir={self.folder}/data", f"--tmpdir={self.folder}"]
        return [*place, *(["--user=root"] if os.geteuid() == 0 else [])]

    def _command(self) -> list[str]:
        return [
            _program("mariadbd"),
            "--no-defaults",
            *self._place(),
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            "--skip-networking=0",
            "--bind-address=127.0.0.1",
            f"--port={self.address.port}",
            "--skip-name-resolve",
            "--max-connections=200",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M",
            "--innodb-flush-log-at-trx-commit=1",
            "--performance-schema=0",
        ]

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + 60
        while self.pid and time.monotonic() < until:
            if self._answers():
                return
            time.sleep(0.05)
        pytest.fail(f"mariadbd does not come up:\n{self._log.read_text()[-3000:]}")

    def _answers(self) -> bool:
        """Whether it is this server that answers: had its port been taken, another one might."""
        try:
            return super().execute("SELECT @@pid_file") == ((f"{self.folder}/pid",),)
        except pymysql.err.OperationalError:
            return False

    def _send(self, sent: signal.Signals) -> None:
        if self._process and self.pid:
            self._process.send_signal(sent)

    def _end(self, sent: signal.Signals) -> None:
        self._send(sent)
        if self._process:
            self._process.wait(timeout=60)
            self._process = None


@contextmanager
def database_server() -> Iterator[Server]:
    """The server of HOSPITAL_TEST_DATABASE_URL, or else a private one, up until the block ends."""
    if given := os.environ.get("HOSPITAL_TEST_DATABASE_URL"):
        yield Server(make_url(given))
        return
    server = PrivateServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def numbers(first: int, last: int) -> str:
    """A table of one column, `seq`: the whole numbers from `first` to `last`. Every server knows how to make it."""
    digits = " UNION ALL SELECT ".join(["SELECT 0 AS digit", *"123456789"])
    places = range(len(str(last - first)))
    tables = " JOIN ".join(f"({digits}) AS d{place}" for place in places)
    seq = " + ".join([str(first), *(f"{10**place} * d{place}.digit" for place in places)])
    return f"(SELECT {seq} AS seq FROM {tables} WHERE {seq} <= {last}) AS numbers"  # noqa: S608 - whole numbers


def installed(name: str) -> str | None:
    """Where this program is, if it is; Debian keeps servers outside a plain user's PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def _program(name: str) -> str:
    return installed(name) or pytest.fail(f"{name} is not installed; `make test` says how to go on without it")


def free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    pytest.fail("no free port on 127.0.0.1")
