"""A copy of the database is made, put back elsewhere, and is the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, insert, make_url, select

from hospital_bot import backup, schema
from hospital_bot.backup import BackupError
from hospital_bot.db import Database
from hospital_bot.models import Base, Doctor, MedicalRecord, Patient, User
from tests.data.databases import migrate, opened, run
from tests.privacy.conftest import Log, signed
from tests.servers import Server

PASSWORD = "hunter2 & a 'quote' \\ %"


def fill(log: Log) -> None:
    """People, a record, a visit, and a chain of entries."""
    person = {"password": "unusable", "name": "Zoë 🙂", "email": "zoe@people.example"}
    with log.db.engine.begin() as connection:
        connection.execute(insert(User).values([person | {"role": "patient"}]))
        connection.execute(insert(User).values([person | {"role": "doctor", "email": "osei@people.example"}]))
        connection.execute(insert(Patient).values(user_id=1))
        connection.execute(insert(Doctor).values(user_id=2, availability_schedule={"weekly": {}}))
        connection.execute(insert(MedicalRecord).values(patient_id=1, doctor_id=1, diagnosis="sealed"))
        connection.exec_driver_sql(
            "INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)"
            " VALUES (1, 1, '2026-11-23 00:00:00', '10:00:00', 'confirmed')"
        )
    log.linked(20)
    log.write(3)


def counts(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        tables = Base.metadata.sorted_tables
        return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@contextmanager
def elsewhere(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of the same kind."""
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/elsewhere.db"
        return
    server: Server = request.getfixturevalue("mariadb")
    empty = server.create_database()
    yield empty
    server.drop(empty)


def test_the_drill(request: pytest.FixtureRequest, each_log: Log, url: str, tmp_path: Path) -> None:
    fill(each_log)
    before = each_log.verdict()

    backup.back_up(each_log.db.engine, tmp_path / "copy")

    with elsewhere(request, url, tmp_path) as empty, signed(empty) as restored:
        backup.restore(restored.db.engine, tmp_path / "copy")
        assert counts(restored.db) == counts(each_log.db)
        assert schema.differences(restored.db.engine) == []
        assert restored.verdict(before.head) == before
        with restored.db.engine.connect() as connection:
            assert connection.scalar(select(User.name).where(User.user_id == 1)) == "Zoë 🙂"


def test_the_drill_compares_something(each_log: Log) -> None:
    fill(each_log)

    filled = {name for name, count in counts(each_log.db).items() if count}

    assert filled == {"users", "patients", "doctors", "medical_records", "appointments", "audit_log"}
    assert each_log.problems() == []


def test_nobody_else_may_read_the_copy(log: Log, tmp_path: Path) -> None:
    backup.back_up(log.db.engine, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(log: Log, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("the only copy of something")

    with pytest.raises(BackupError, match="not overwritten"):
        backup.back_up(log.db.engine, tmp_path / "copy")

    assert (tmp_path / "copy").read_text() == "the only copy of something"


def test_a_database_that_is_not_empty_is_not_restored_into(each_log: Log, tmp_path: Path) -> None:
    each_log.write()
    backup.back_up(each_log.db.engine, tmp_path / "copy")

    with pytest.raises(BackupError, match="not empty"):
        backup.restore(each_log.db.engine, tmp_path / "copy")


def test_a_damaged_copy_is_refused(log: Log, tmp_path: Path) -> None:
    log.write(500)
    copy = tmp_path / "copy"
    backup.back_up(log.db.engine, copy)
    content = copy.read_bytes()
    copy.write_bytes(content[: len(content) // 2])

    with opened(f"sqlite:///{tmp_path}/new.db") as new, pytest.raises(BackupError, match="damaged"):
        backup.restore(new.engine, copy)


def test_a_file_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("-- MariaDB dump")

    with opened(f"sqlite:///{tmp_path}/new.db") as new, pytest.raises(BackupError, match="other kind"):
        backup.restore(new.engine, tmp_path / "copy")


def test_a_copy_is_whole_while_others_write(log: Log, tmp_path: Path) -> None:
    """One transaction is open, and is in the copy not at all."""
    log.write(5)
    with log.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_log WHERE audit_id > 1")
        backup.back_up(log.db.engine, tmp_path / "copy")

    with opened(f"sqlite:///{tmp_path}/copy") as copy:
        assert counts(copy)["audit_log"] == 5


@pytest.fixture
def spied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's programs, each behind a script that writes down how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in filter(shutil.which, (*backup.MARIADB.dump, *backup.MARIADB.client)):
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "$0 $*" >> "{folder}/calls"\nexec "{shutil.which(name)}" "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder / "calls"


@pytest.mark.mariadb
def test_the_password_is_on_no_command_line(mariadb: Server, mariadb_url: str, spied: Path, tmp_path: Path) -> None:
    name = mariadb_url.rpartition("/")[2].partition("?")[0]
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''").replace("%", "%%")
    migrate(mariadb_url)
    run(mariadb_url, f"CREATE USER 'bot'@'127.0.0.1' IDENTIFIED BY '{quoted}'")
    run(mariadb_url, f"GRANT ALL ON `{name}`.* TO 'bot'@'127.0.0.1'")
    url = mariadb.address.set(database=name, username="bot", password=PASSWORD)
    try:
        with opened(url.render_as_string(hide_password=False)) as database:
            backup.back_up(database.engine, tmp_path / "copy")
        assert "--single-transaction" in spied.read_text()
        assert "hunter2" not in spied.read_text()
    finally:
        mariadb.execute("DROP USER 'bot'@'127.0.0.1'")


@pytest.mark.mariadb
def test_a_dump_that_breaks_off_leaves_no_file(
    mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*backup.MARIADB.dump, *backup.MYSQL.dump):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho half of it\necho 'Got error: 2013: lost' >&2\nexit 3\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with opened(mariadb_url) as database, pytest.raises(BackupError, match="Got error: 2013"):
        backup.back_up(database.engine, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("address", "kind", "encrypted", "says"),
    [
        ("localhost:3307/h", backup.MYSQL, False, ["--protocol=TCP", "--host=localhost", "--port=3307"]),
        ("localhost:3307/h", backup.MARIADB, False, ["--protocol=TCP", "--host=localhost", "--skip-ssl"]),
        ("/h?unix_socket=/run/db", backup.MARIADB, False, ["--protocol=SOCKET", "--socket=/run/db"]),
        ("db.example/h", backup.MARIADB, True, ["--ssl", "--skip-ssl-verify-server-cert"]),
        ("db.example/h", backup.MYSQL, True, ["--ssl-mode=REQUIRED"]),
        ("db.example/h?ssl_ca=/ca", backup.MARIADB, True, ["--ssl-ca=/ca", "--ssl-verify-server-cert"]),
        ("db.example/h?ssl_ca=/ca", backup.MYSQL, True, ["--ssl-ca=/ca", "--ssl-mode=VERIFY_IDENTITY"]),
    ],
)
def test_the_copy_is_made_of_the_drivers_own_server_and_as_safely(
    address: str, kind: backup.Programs, encrypted: bool, says: list[str]
) -> None:
    told = list(backup._way(make_url(f"mysql+pymysql://bot@{address}"), kind, encrypted=encrypted))

    assert told[0] == "--no-defaults"
    assert set(says) <= set(told)


@pytest.mark.mariadb
def test_without_a_server_it_says_so_and_no_secret(mariadb: Server, tmp_path: Path) -> None:
    url = mariadb.address.set(database="nowhere", username="nobody", password=PASSWORD)

    with opened(url.render_as_string(hide_password=False)) as database, pytest.raises(BackupError) as said:
        backup.back_up(database.engine, tmp_path / "copy")

    assert "hunter2" not in str(said.value)
    assert not (tmp_path / "copy").exists()


@pytest.mark.mariadb
def test_without_the_servers_program_it_says_what_is_missing(
    mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with opened(mariadb_url) as database, pytest.raises(BackupError, match="dump is not installed"):
        backup.back_up(database.engine, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()


@pytest.mark.mariadb
def test_no_copy_of_a_mysql_is_made_with_mariadbs_program(
    mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write what the server generates, and nobody could put it back."""
    program = tmp_path / "mysqldump"
    program.write_text("#!/bin/sh\necho 'mysqldump from 10.11.14-MariaDB, client 10.19'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(backup, "_server", lambda _engine: (backup.MYSQL, False))

    with opened(mariadb_url) as database, pytest.raises(BackupError, match="install MySQL's own"):
        backup.back_up(database.engine, tmp_path / "copy")

    assert not (tmp_path / "copy").exists()
