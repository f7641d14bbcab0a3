"""Transactions: run again when somebody was in the way, given up in time, honest about what isn't known."""

from __future__ import annotations

import contextvars
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, current_thread
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, ProgrammingError
from sqlalchemy.orm import Session

from hospital_bot.db import TRIES, Database
from hospital_bot.errors import Conflict, NotFound, Unavailable
from hospital_bot.values import Who
from tests.servers import Server


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{tmp_path}/hospital.db", connections=4)
    prepare(db.engine)
    yield db
    db.close()


@pytest.fixture
def mysql(mariadb_url: str) -> Iterator[Database]:
    db = Database(mariadb_url, connections=4)
    prepare(db.engine)
    yield db
    db.close()


def prepare(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE beds (bed INT PRIMARY KEY, taken INT NOT NULL)"))
        connection.execute(text("INSERT INTO beds VALUES (1, 0), (2, 0)"))


def take(session: Session, bed: int) -> None:
    session.execute(text("UPDATE beds SET taken = taken + 1 WHERE bed = :bed"), {"bed": bed})


def add(session: Session, bed: int) -> None:
    session.execute(text("INSERT INTO beds VALUES (:bed, 0)"), {"bed": bed})


def taken(session: Session) -> list[int]:
    return list(session.scalars(text("SELECT taken FROM beds ORDER BY bed")))


class Failing:
    """Fails the first `times` times, after having written."""

    def __init__(self, times: int, fail: Callable[[Session], Any]) -> None:
        self.times, self.fail, self.runs = times, fail, 0

    def __call__(self, session: Session) -> int:
        self.runs += 1
        take(session, 1)
        if self.runs <= self.times:
            self.fail(session)
        return self.runs


def conflict(_session: Session) -> None:
    raise Conflict


def duplicate(session: Session) -> None:
    add(session, 2)


@pytest.mark.parametrize("fail", [conflict, duplicate])
def test_a_conflict_runs_the_whole_transaction_again(sqlite: Database, fail: Callable[[Session], Any]) -> None:
    assert sqlite.run(Failing(2, fail)) == 3
    assert sqlite.run(taken) == [1, 0]


@pytest.mark.parametrize(("fail", "raised"), [(conflict, Unavailable), (duplicate, IntegrityError)])
def test_it_gives_up_in_time_and_leaves_nothing(
    sqlite: Database, fail: Callable[[Session], Any], raised: type[Exception]
) -> None:
    use_case = Failing(99, fail)
    with pytest.raises(raised):
        sqlite.run(use_case)
    assert use_case.runs == TRIES
    assert sqlite.run(taken) == [0, 0]


def refuse(_session: Session) -> None:
    raise NotFound


@pytest.mark.parametrize(("fail", "raised"), [(refuse, NotFound), (lambda _: 1 / 0, ZeroDivisionError)])
def test_refusals_and_mistakes_are_not_tried_again_and_leave_nothing(
    sqlite: Database, fail: Callable[[Session], Any], raised: type[Exception]
) -> None:
    use_case = Failing(1, fail)
    with pytest.raises(raised):
        sqlite.run(use_case)
    assert use_case.runs == 1
    assert sqlite.run(taken) == [0, 0]


def test_an_error_never_quotes_what_was_written(sqlite: Database, capfd: pytest.CaptureFixture[str]) -> None:
    def write(session: Session) -> None:
        session.execute(text("INSERT INTO beds VALUES (1, :name)"), {"name": "Ann Lee"})

    with pytest.raises(IntegrityError) as error:
        sqlite.run(write)
    assert "Ann Lee" not in str(error.value) + "".join(capfd.readouterr())


def test_sqlite_takes_the_writers_place_before_it_reads(sqlite: Database) -> None:
    first_has_read, second_waits = Event(), Event()

    def slow(session: Session) -> None:
        (seen, _) = taken(session)
        first_has_read.set()
        second_waits.wait(0.3)
        session.execute(text("UPDATE beds SET taken = :n WHERE bed = 1"), {"n": seen + 1})

    def quick(session: Session) -> None:
        second_waits.set()
        take(session, 1)

    with ThreadPoolExecutor() as pool:
        one = pool.submit(sqlite.run, slow)
        first_has_read.wait()
        pool.submit(sqlite.run, quick).result()
        one.result()
    assert sqlite.run(taken) == [2, 0]


def test_sqlite_enforces_foreign_keys(sqlite: Database) -> None:
    assert sqlite.run(lambda session: session.scalar(text("PRAGMA foreign_keys"))) == 1


@pytest.mark.mariadb
@pytest.mark.parametrize("name", ["Cardiology", "Hals-Nasen-Ohren", "Кардиология", "", None])
def test_both_databases_have_the_same_checksum_for_a_specialization(
    sqlite: Database, mysql: Database, name: str | None
) -> None:
    def ask(session: Session) -> Any:
        return session.scalar(text("SELECT crc32(:name)"), {"name": name})

    assert sqlite.run(ask) == mysql.run(ask)
    assert name is None or mysql.run(ask) == Who.any_of(name).specialization


def test_a_sqlite_file_that_somebody_else_keeps_locked_is_unavailable(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/hospital.db")
    prepare(db.engine)
    other = sqlite3.connect(tmp_path / "hospital.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable):
            db.run(taken)
    finally:
        other.close()
        db.close()


def add_many(session: Session) -> None:
    session.execute(text("INSERT INTO beds VALUES (:bed, 0)"), [{"bed": number} for number in range(3, 9)])


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("mysql", marks=pytest.mark.mariadb)])
@pytest.mark.parametrize(
    ("deed", "writes"), [(taken, False), (lambda session: take(session, 1), True), (add_many, True)]
)
def test_a_transaction_knows_whether_it_has_written(
    request: pytest.FixtureRequest, kind: str, deed: Callable[[Session], Any], writes: bool
) -> None:
    db: Database = request.getfixturevalue(kind)

    def look(session: Any) -> tuple[bool, bool]:
        before = session.has_written()
        deed(session)
        return before, session.has_written()

    assert db.run(look) == (False, writes)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("mysql", marks=pytest.mark.mariadb)])
def test_what_was_rolled_back_meanwhile_is_never_reported_as_done(request: pytest.FixtureRequest, kind: str) -> None:
    db: Database = request.getfixturevalue(kind)

    def lose(session: Session) -> str:
        take(session, 1)
        session.execute(text("SELECT 1"))
        session.rollback()
        return "done"

    with pytest.raises(InvalidRequestError):
        db.run(lose)

    assert db.run(taken) == [0, 0]


async def test_work_runs_in_the_databases_own_threads_with_the_callers_context(sqlite: Database) -> None:
    name = contextvars.ContextVar("name", default="nobody")
    name.set("update 7")

    def look(_session: Session) -> tuple[str, bool]:
        return name.get(), current_thread().name.startswith("db")

    assert await sqlite.run_async(look) == ("update 7", True)


@pytest.mark.mariadb
def test_every_transaction_reads_what_is_committed_in_utc(mysql: Database) -> None:
    def ask(session: Session) -> tuple[Any, ...]:
        names = ("time_zone", "character_set_client", "innodb_lock_wait_timeout")
        return tuple(session.scalar(text(f"SELECT @@{name}")) for name in names)

    def isolation(session: Session) -> Any:
        """Called `tx_isolation` by MariaDB."""
        names = "'tx_isolation', 'transaction_isolation'"
        return session.execute(text(f"SHOW VARIABLES WHERE Variable_name IN ({names})")).all()[0][1]

    assert mysql.run(ask) == ("+00:00", "utf8mb4", 2)
    assert mysql.run(isolation) == "READ-COMMITTED"


@pytest.mark.mariadb
def test_what_others_commit_meanwhile_is_seen(mysql: Database) -> None:
    def look_twice(session: Session) -> tuple[list[int], list[int]]:
        before = taken(session)
        mysql.run(take, 1)
        return before, taken(session)

    assert mysql.run(look_twice) == ([0, 0], [1, 0])


@pytest.mark.mariadb
def test_of_two_in_a_deadlock_both_are_done(mysql: Database) -> None:
    """The server ends one of them; that one is run again."""
    meet, runs = Barrier(2), []

    def cross(session: Session, first: int, second: int) -> None:
        runs.append(first)
        take(session, first)
        if len(runs) <= 2:
            meet.wait(10)
        take(session, second)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(mysql.run, cross, 1, 2), pool.submit(mysql.run, cross, 2, 1)]:
            done.result()

    assert mysql.run(taken) == [2, 2]
    assert len(runs) == 3


@pytest.mark.mariadb
def test_a_row_that_stays_locked_is_unavailable_in_the_end(mysql: Database) -> None:
    with mysql.engine.begin() as other:
        other.execute(text("UPDATE beds SET taken = 9 WHERE bed = 1"))
        with pytest.raises(Unavailable):
            mysql.run(take, 1)
    assert mysql.run(taken) == [9, 0]


@pytest.mark.mariadb
def test_a_name_that_came_first_is_seen_by_the_second_run(mysql: Database) -> None:
    def find_or_add(session: Session) -> str:
        if session.scalar(text("SELECT COUNT(*) FROM beds WHERE bed = 3")):
            return "found"
        with ThreadPoolExecutor() as pool:
            pool.submit(mysql.run, add, 3).result()
        add(session, 3)
        return "added"

    assert mysql.run(find_or_add) == "found"


@pytest.mark.mariadb
@pytest.mark.parametrize("fault", ["stop", "kill"])
def test_a_server_that_is_gone_is_unavailable_and_one_that_is_back_works(
    mariadb: Server, mysql: Database, fault: str
) -> None:
    mysql.run(take, 1)
    getattr(mariadb, fault)()
    for _ in range(2):
        with pytest.raises(Unavailable):
            mysql.run(take, 1)

    mariadb.start()

    mysql.run(take, 1)
    assert mysql.run(taken) == [2, 0]


@pytest.mark.mariadb
def test_a_server_that_dies_in_the_middle_is_unavailable_and_nothing_is_half_done(
    mariadb: Server, mysql: Database
) -> None:
    def use_case(session: Session) -> None:
        take(session, 1)
        mariadb.kill()
        take(session, 2)

    with pytest.raises(Unavailable):
        mysql.run(use_case)
    mariadb.start()
    assert mysql.run(taken) == [0, 0]


@pytest.mark.mariadb
def test_no_more_connections_than_allowed_and_the_rest_are_told_to_wait(mariadb_url: str) -> None:
    db = Database(mariadb_url, connections=1)
    try:
        with pytest.raises(Unavailable):
            db.run(lambda session: (session.execute(text("SELECT 1")), db.run(lambda inner: inner.connection())))
    finally:
        db.close()


@pytest.mark.mariadb
def test_a_mistake_in_a_statement_is_not_called_an_outage(mysql: Database) -> None:
    with pytest.raises(ProgrammingError):
        mysql.run(lambda session: session.execute(text("SELEC 1")))
