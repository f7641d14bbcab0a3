"""The database: engine, sessions, retries, threads. Transactions begin and end here and nowhere else."""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import inf
from typing import Any, Concatenate, ParamSpec, TypeVar

import stamina
import structlog
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import Cursor
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from hospital_bot.errors import Conflict, Unavailable

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

RETRIED = {1213, 1205, 1020, 1180, 3101, 1062}
"""MySQL errors after which the whole transaction is run again: deadlock, lock wait, a changed row, a cluster's
certification conflict, and a duplicate key (somebody was first; the next run sees what they did)."""

TRIES = 6

LOOPBACK = {"localhost", "127.0.0.1", "::1"}

CONVERSIONS = conversions | {
    kind: lru_cache(maxsize=4096)(conversions[kind]) for kind in (FIELD_TYPE.DATETIME, FIELD_TYPE.TIME)
}
"""The driver takes a date or a time apart by a regular expression; most of them are the same few days and hours."""

FRESH = 1.0
"""Seconds. Whether the server is still there is not asked again so soon after a connection was used."""


class Transaction(Session):
    """A session in a transaction that somebody else begins and ends. What the ORM wants of one is made when it is first
    used: most use cases need the connection alone."""

    def __init__(self, connection: Connection, info: dict[str, Any]) -> None:
        super().__init__(connection, expire_on_commit=False, info=info)
        self._one, self._writes_before = connection, _writes(connection)

    def connection(self, bind_arguments: dict[str, Any] | None = None, execution_options: Any = None) -> Connection:
        """The one there is: not looked for again for each statement."""
        if bind_arguments or execution_options:
            return super().connection(bind_arguments, execution_options)
        return self._one

    def has_written(self) -> bool:
        """Whether anything was, or may have been. Without a change the transaction can as well be run again."""
        self.flush()
        return _writes(self._one) != self._writes_before


class CountingCursor(Cursor):  # type: ignore[misc]  # the driver has no types
    """Counts, on its connection, what is no SELECT; how a connection is made ready is counted first."""

    def execute(self, query: str | bytes, args: Any = None) -> int:
        """What `executemany` hands on are no characters, and no SELECT."""
        if not (isinstance(query, str) and query.startswith("SELECT")):
            self.connection.writes = getattr(self.connection, "writes", 0) + 1
        count: int = super().execute(query, args)
        return count


def _writes(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    count: int = driver.total_changes if isinstance(driver, sqlite3.Connection) else driver.writes
    return count


class Database:
    """Runs one use case in one transaction. PyMySQL blocks; handlers must not."""

    def __init__(self, url: str, *, connections: int = 10) -> None:
        """`connections` bounds both the pool and the threads that use it."""
        self.engine = _engine(url, connections)
        self.connections = connections
        self.info: dict[str, Any] = {}
        """What every session carries for the use cases."""
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="db")

    def reach(self) -> None:
        """Raises Unavailable when the database doesn't answer."""
        self.run(Session.connection)

    def is_durable(self) -> bool:
        """Whether what was committed outlives the database's sudden death. Raises Unavailable."""
        if self.engine.dialect.name == "sqlite":
            return True
        return bool(
            self.run(lambda session: session.scalar(text("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit = 1")))
        )

    def run(self, use_case: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The use case's result, after COMMIT. Raises Unavailable when the outcome isn't known to be written, and
        when others are in the way for too long."""
        try:
            return self._persist(lambda session: use_case(session, *args, **kwargs))
        except IntegrityError:
            raise
        except (Conflict, DBAPIError) as error:
            if _is_conflict(error):
                raise Unavailable(type(error).__name__) from error
            raise

    def _persist(self, use_case: Callable[[Session], T]) -> T:
        """Nearly always the first try succeeds: what counts the tries and makes them wait is not made before."""
        try:
            return self._transact(use_case)
        except (Conflict, DBAPIError) as error:
            if not _is_conflict(error):
                raise
            log.info("transaction_again", error=type(error).__name__, retry=1)
        for attempt in stamina.retry_context(
            on=_is_conflict, attempts=TRIES - 1, timeout=4, wait_initial=0.01, wait_max=0.3, wait_jitter=0.05
        ):
            with attempt:
                return self._transact(use_case)
        raise AssertionError("stamina returns or raises")

    def _transact(self, use_case: Callable[[Session], T]) -> T:
        try:
            with self.engine.connect() as connection, Transaction(connection, self.info) as session:
                whole = connection.begin()
                result = use_case(session)
                session.flush()
                whole.commit()  # else leaving the block rolls back
                return result
        except (PoolTimeout, DBAPIError) as error:
            if _is_outage(error):
                raise Unavailable(type(error).__name__) from error
            raise

    async def run_async(self, use_case: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, in one of the pool's threads."""
        return await self.in_thread(lambda: self.run(use_case, *args, **kwargs))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Blocking work in one of the pool's threads, with the caller's context variables."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work)

    def close(self) -> None:
        self._threads.shutdown()
        self.engine.dispose()


def _engine(url: str, connections: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=5, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        _address(make_url(url)),
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=3,
        pool_use_lifo=True,  # the one used last is the one that needs no question
        pool_reset_on_return=None,  # every transaction ends in its own COMMIT or ROLLBACK
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 3,
            "read_timeout": 4,
            "write_timeout": 4,
            "cursorclass": CountingCursor,
            "conv": CONVERSIONS,
            "init_command": "SET time_zone = '+00:00', innodb_lock_wait_timeout = 2, group_concat_max_len = 1000000",
        },
    )
    event.listen(engine, "connect", _prepare_node)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ask_idle)
    return engine


def _address(url: URL) -> URL:
    """On this machine nobody listens in: there the driver need not read all authorities for each new connection, which
    takes it 50 ms of CPU. Whoever gives the URL an ``ssl_…`` of their own has it. The driver takes any word for yes."""
    is_near = (url.host or "localhost") in LOOPBACK and not any(name.startswith("ssl") for name in url.query)
    if str(url.query.get("ssl_disabled", "")).lower() in {"0", "false", "no"}:
        url = url.difference_update_query(["ssl_disabled"])
    return url.update_query_dict({"charset": "utf8mb4"} | ({"ssl_disabled": "true"} if is_near else {}))


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _ask_idle(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Whether the server is still there; if not, the pool connects anew. It does this itself (`pool_pre_ping`), but
    before every transaction, which costs each of them a round trip."""
    if time.monotonic() - record.info.get("used", inf) > FRESH:
        try:
            connection.ping(reconnect=False)
        except Exception as error:
            raise InvalidatePoolError from error


def _prepare_node(connection: Any, _record: Any) -> None:
    """A node of a Galera cluster begins no transaction before it has what was committed on the others: a chat's next
    update may come to another node than its last."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW VARIABLES LIKE 'wsrep_on'")
        if cursor.fetchone() == ("wsrep_on", "ON"):
            cursor.execute("SET wsrep_sync_wait = 7")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "busy_timeout = 5000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("crc32", 1, _crc32, deterministic=True)


def _crc32(text: str | None) -> int | None:
    """MySQL has this function; SQLite learns it."""
    return None if text is None else zlib.crc32(text.encode())


def _begin_sqlite(connection: Any) -> None:
    """SQLite has one writer: a transaction takes its place before it reads, so what it read stays true."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_conflict(error: Exception) -> bool:
    if isinstance(error, Conflict | IntegrityError):
        return True
    return isinstance(error, DBAPIError) and _number(error) in RETRIED


def _is_outage(error: SQLAlchemyError) -> bool:
    """Lost connections, full disks and read-only servers: everything the driver can't say yes or no to."""
    if not isinstance(error, DBAPIError):
        return True
    if error.connection_invalidated:
        return True
    return isinstance(error.orig, sqlite3.OperationalError) or (
        _kind(error) in {"OperationalError", "InterfaceError"} and _number(error) not in RETRIED
    )


def _kind(error: DBAPIError) -> str:
    return type(error.orig).__name__


def _note_retry(details: RetryDetails) -> None:
    """The kind alone: the library's own line quotes the error, which may quote what a person typed. Before its first
    try there was one already."""
    log.info("transaction_again", error=type(details.caused_by).__name__, retry=details.retry_num + 1)


set_on_retry_hooks([_note_retry])


def _number(error: DBAPIError) -> int | None:
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None
