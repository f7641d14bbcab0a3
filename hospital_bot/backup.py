"""A copy of the whole database in one file, made while everybody goes on working, and put back into an empty one.

SQLite copies itself, page by page. A server is dumped in one transaction by its own program, which is told the password
through its environment: a command line can be read by everybody on the machine.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import URL, Engine, inspect

DUMPERS = ("mariadb-dump", "mysqldump")
CLIENTS = ("mariadb", "mysql")
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
            options = ("--single-transaction", "--quick", "--hex-blob", "--default-character-set=utf8mb4")
            _run(DUMPERS, engine.url, *options, output=target)


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
    with engine.connect() as connection:  # a dump says nothing of the database's own default
        connection.exec_driver_sql("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    with file.open("rb") as source:
        _run(CLIENTS, engine.url, "--default-character-set=utf8mb4", source=source)


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


def _run(
    programs: tuple[str, ...],
    url: URL,
    *options: str,
    source: IO[bytes] | None = None,
    output: IO[bytes] | None = None,
) -> None:
    program = next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        raise BackupError(f"{programs[0]} is not installed")
    place = (f"--host={url.host or 'localhost'}", f"--port={url.port or 3306}", f"--user={url.username or ''}")
    command = [program, *place, *options, "--", str(url.database)]
    done = subprocess.run(  # noqa: S603 - no shell, and the settings are the hospital's own
        command,
        env=os.environ | {"MYSQL_PWD": url.password or ""},
        stdin=source or subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{Path(program).name}: {said[-1] if said else f'exit code {done.returncode}'}")
