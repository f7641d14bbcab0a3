"""A copy of the whole database in one file, made while everybody goes on working, and put back into an empty one.

SQLite copies itself, page by page. A server is dumped in one transaction by its own program, which is told the password
through its environment: a command line can be read by everybody on the machine. MariaDB's program makes copies of a
MySQL that can't be put back (it writes what the server generates), so each kind of server has its own.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Engine, inspect
from sqlalchemy.exc import SQLAlchemyError


@dataclass(frozen=True, slots=True)
class Programs:
    """What a kind of server brings along, under the names it may have, and how it is told about TLS: to speak it, to
    check the server's certificate as well, or not to."""

    dump: tuple[str, ...]
    client: tuple[str, ...]
    encrypted: tuple[str, ...]
    checked: tuple[str, ...]
    plain: tuple[str, ...]
    options: tuple[str, ...] = ()


MARIADB = Programs(
    dump=("mariadb-dump", "mysqldump"),
    client=("mariadb", "mysql"),
    encrypted=("--ssl", "--skip-ssl-verify-server-cert"),
    checked=("--ssl", "--ssl-verify-server-cert"),
    plain=("--skip-ssl",),
)
MYSQL = Programs(
    dump=("mysqldump",),
    client=("mysql",),
    encrypted=("--ssl-mode=REQUIRED",),
    checked=("--ssl-mode=VERIFY_IDENTITY",),
    plain=(),  # its passwords may need TLS
    options=("--no-tablespaces", "--set-gtid-purged=OFF"),  # else it asks for rights over the whole server
)
TLS_FILES = ("ssl_ca", "ssl_cert", "ssl_key")
SQLITE = b"SQLite format 3\x00"
"""How a file of SQLite's begins."""


class BackupError(Exception):
    """One line for the person at the terminal; it never quotes a secret."""


def back_up(engine: Engine, file: Path) -> None:
    """Write a new file that nobody else may read. Raises BackupError; what is half-written is taken away."""
    with _new(file) as target:
        if engine.dialect.name == "sqlite":
            _copy(str(engine.url.database), str(file))
        else:
            kind, encrypted = _server(engine)
            command = [_found(kind, kind.dump), *_way(engine.url, kind, encrypted=encrypted), *kind.options]
            _run(command, engine.url, "--single-transaction", "--quick", "--hex-blob", output=target)


def restore(engine: Engine, file: Path) -> None:
    """Fill an empty database. Raises BackupError for one that is not empty, and for another kind of file."""
    with file.open("rb") as source:
        is_sqlite = source.read(len(SQLITE)) == SQLITE
    if is_sqlite != (engine.dialect.name == "sqlite"):
        raise BackupError("the file is a copy of the other kind of database")
    if inspect(engine).get_table_names():
        raise BackupError("the database is not empty: restore into a new one, then change HOSPITAL_DATABASE_URL")
    if is_sqlite:
        _check(file)
        engine.dispose()
        _copy(str(file), str(engine.url.database))
        return
    kind, encrypted = _server(engine)
    command = [_found(kind, kind.client), *_way(engine.url, kind, encrypted=encrypted)]
    with engine.connect() as connection:  # a dump says nothing of the database's own default
        connection.exec_driver_sql("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    with file.open("rb") as source:
        _run(command, engine.url, source=source)


@contextmanager
def _new(file: Path) -> Iterator[IO[bytes]]:
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BackupError(f"{file} exists already, and is not overwritten") from None
    try:
        with open(number, "wb") as target:  # noqa: PTH123 - Path.open can't say who may read it
            yield target
    except BaseException:
        file.unlink()
        raise


def _copy(source: str, target: str) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _check(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError:
        verdict = "unreadable"
    if verdict != "ok":
        raise BackupError("the file is damaged")


def _server(engine: Engine) -> tuple[Programs, bool]:
    """What it says of itself, and whether the driver speaks TLS with it."""
    try:
        with engine.connect() as connection:
            version = connection.exec_driver_sql("SELECT VERSION()").scalar_one()
            (_, cipher) = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Ssl_cipher'").one()
            return MARIADB if "MariaDB" in version else MYSQL, bool(cipher)
    except SQLAlchemyError as error:
        raise BackupError(f"the database can't be reached: {type(error).__name__}") from None


def _found(kind: Programs, names: tuple[str, ...]) -> str:
    """Debian calls MariaDB's programs by MySQL's names, too."""
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise BackupError(f"{names[0]} is not installed")
    if kind is MYSQL and "MariaDB" in _version(program):
        raise BackupError(f"the server is a MySQL, and this {names[0]} is MariaDB's: install MySQL's own")
    return program


def _version(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - as below


def _way(url: URL, kind: Programs, *, encrypted: bool) -> Iterator[str]:
    """To the server that the driver speaks with, as the driver does: the programs' own settings (which come first to
    be left out) know other servers and passwords, and `localhost` means a socket to some of them."""
    yield "--no-defaults"
    if socket := url.query.get("unix_socket"):
        yield from ("--protocol=SOCKET", f"--socket={socket}")
    else:
        yield from ("--protocol=TCP", f"--host={url.host or 'localhost'}", f"--port={url.port or 3306}")
    yield from (f"--user={url.username or ''}", "--default-character-set=utf8mb4")
    yield from (f"--{name.replace('_', '-')}={url.query[name]}" for name in TLS_FILES if name in url.query)
    yield from kind.checked if "ssl_ca" in url.query else kind.encrypted if encrypted else kind.plain


def _run(
    command: list[str], url: URL, *options: str, source: IO[bytes] | None = None, output: IO[bytes] | None = None
) -> None:
    done = subprocess.run(  # noqa: S603 - no shell, and the settings are the hospital's own
        [*command, *options, "--", str(url.database)],
        env=os.environ | {"MYSQL_PWD": url.password or ""},
        stdin=source or subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{Path(command[0]).name}: {said[-1] if said else f'exit code {done.returncode}'}")
