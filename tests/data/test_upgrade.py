"""`db upgrade` can be run by anybody at any time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from hospital_bot import schema
from hospital_bot.db import Database
from hospital_bot.errors import Unavailable
from tests.data.databases import SEED, load, migrate, opened, run

PROGRAM = "import sys; from tests.data.databases import migrate; sys.stdin.readline(); migrate(sys.argv[1])"


def test_a_second_upgrade_finds_nothing_to_do(hospital: Database) -> None:
    schema.upgrade(hospital.engine)

    assert schema.differences(hospital.engine) == []


@pytest.mark.mariadb
def test_processes_that_upgrade_at_once_take_turns(mariadb_url: str) -> None:
    assert _upgrade_at_once(mariadb_url) == [0, 0, 0]


def test_processes_that_upgrade_at_once_take_turns_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hospital.db"
    with opened(url) as database:
        database.engine.connect().close()

    assert _upgrade_at_once(url) == [0, 0, 0]


@pytest.mark.mariadb
def test_an_upgrade_gives_up_when_another_does_not_end(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "WAIT", 0)
    with opened(mariadb_url) as other, other.engine.connect() as connection:
        connection.exec_driver_sql("SELECT GET_LOCK('hospital_bot.upgrade', 0)")

        with pytest.raises(Unavailable, match="still upgrading"):
            migrate(mariadb_url)


@pytest.mark.mariadb
def test_an_upgrade_that_was_cut_short_is_finished_by_the_next(hospital_url: str) -> None:
    run(hospital_url, "DELETE FROM alembic_version", "DROP INDEX ix_otp_codes_code ON otp_codes")
    run(hospital_url, "DROP TABLE notifications", "DROP TABLE audit_log")

    migrate(hospital_url)

    with opened(hospital_url) as database:
        assert schema.differences(database.engine) == []


@pytest.mark.mariadb
def test_another_programs_tables_are_not_taken_for_ours(mariadb_url: str) -> None:
    load(mariadb_url, SEED)

    with pytest.raises(OperationalError, match="'users' already exists"):
        migrate(mariadb_url)


def test_an_upgrade_that_fails_on_sqlite_leaves_nothing_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hospital.db"
    run(url, "CREATE TABLE doctors (pager INT)")

    with pytest.raises(OperationalError, match="doctors already exists"):
        migrate(url)

    with opened(url) as database:
        assert inspect(database.engine).get_table_names() == ["doctors"]


def test_every_migration_can_be_taken_back(hospital: Database) -> None:
    with hospital.engine.connect() as connection, connection.begin():
        command.downgrade(schema._config(connection), "base")

    assert inspect(hospital.engine).get_table_names() == ["alembic_version"]


def _upgrade_at_once(url: str) -> list[int]:
    """Three processes wait for one word."""
    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", PROGRAM, url], stdin=subprocess.PIPE) for _ in range(3)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.close()
    return [process.wait(timeout=120) for process in started]
