"""The tables of a live database: bring them up to date, and say how they differ from the models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Column,
    Computed,
    Connection,
    DefaultClause,
    Dialect,
    Engine,
    ForeignKeyConstraint,
    MetaData,
    NullPool,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    func,
    inspect,
    select,
    text,
)

from hospital_bot.errors import Unavailable
from hospital_bot.models import Base

MIGRATIONS = Path(__file__).parent / "migrations"
WAIT = 300
"""Seconds to wait while another process upgrades."""


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing. Of two processes at once, one waits and finds nothing left to do."""
    with _connect(engine) as connection, _alone(connection), connection.begin():
        command.upgrade(_config(connection), "head")


def pending(engine: Engine) -> list[str]:
    """The migrations that this database lacks, or has too many; empty when it is up to date."""
    with _connect(engine) as connection:
        return list(_pending(connection))


def differences(engine: Engine) -> list[str]:
    """What a database administrator should put right, one sentence each; empty when all is well."""
    with engine.connect() as connection:
        return [*_unsafe_settings(connection), *_pending(connection), *_drift(connection)]


def _connect(engine: Engine) -> Connection:
    """A migration may take minutes, so it has no read timeout; but one that would wait for a long transaction gives up,
    since everybody else would be waiting behind it."""
    if engine.dialect.name == "sqlite":
        return engine.connect()
    patient = {"connect_timeout": 3, "init_command": "SET time_zone = '+00:00', lock_wait_timeout = 60"}
    return create_engine(engine.url, poolclass=NullPool, connect_args=patient).connect()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """SQLite needs no lock of its own: a transaction there has no company."""
    if connection.dialect.name == "sqlite":
        yield
        return
    lock = "hospital_bot.upgrade"
    if not connection.scalar(select(func.get_lock(lock, WAIT))):
        raise Unavailable("another process is still upgrading the tables")
    connection.commit()
    try:
        yield
    finally:
        connection.execute(select(func.release_lock(lock)))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _unsafe_settings(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        return
    flush, charset, mode = connection.execute(
        text("SELECT @@innodb_flush_log_at_trx_commit, @@character_set_database, @@sql_mode")
    ).one()
    if int(flush) != 1:
        yield f"The server's innodb_flush_log_at_trx_commit is {flush}; it should be 1, or a power cut loses bookings."
    if charset != "utf8mb4":
        yield f"The database's default character set is {charset}; it should be utf8mb4."
    if not re.search("STRICT_(TRANS|ALL)_TABLES|TRADITIONAL", mode):
        yield "The server's sql_mode is not strict; it should have STRICT_TRANS_TABLES, or wrong values are cut to fit."


def _pending(connection: Connection) -> Iterator[str]:
    known = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        yield f"Migration {current} was run by a newer program; this one ends at {known[0]}."
        return
    missing = known[: known.index(current)] if current else known
    yield from (f"Migration {revision} has not been run." for revision in reversed(missing))


def _drift(connection: Connection) -> Iterator[str]:
    """Tables that are not ours are nobody's business."""
    there, live = set(inspect(connection).get_table_names()), MetaData()
    ours = Base.metadata.sorted_tables
    live.reflect(connection, only=[table.name for table in ours if table.name in there], resolve_fks=False)
    for table in ours:
        if table.name in there:
            wanted, found = _facts(table, connection.dialect), _facts(live.tables[table.name], connection.dialect)
            yield from _compare(wanted, found)
        else:
            yield f"Table {table.name} is missing."


def _compare(wanted: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for thing in wanted | found:
        if thing not in found:
            yield f"{thing} is missing; it should be {wanted[thing]}."
        elif thing not in wanted:
            yield f"{thing} should not be there; it is {found[thing]}."
        elif found[thing] != wanted[thing]:
            yield f"{thing} is {found[thing]}; it should be {wanted[thing]}."


def _facts(table: Table, dialect: Dialect) -> dict[str, str]:
    """Everything that matters of a table, a model's or a live one, in words that are the same when the things are."""
    facts = {}
    if table.primary_key.columns:
        facts[f"The primary key of {table.name}"] = _names(table.primary_key.columns)
    if dialect.name != "sqlite":
        engine, collation = table.kwargs.get("mysql_engine"), table.kwargs.get("mysql_collate")
        facts[f"Table {table.name}"] = f"{engine} in {collation}"
    facts |= {f"Column {table.name}.{column.name}": _column(column, dialect) for column in table.columns}
    return facts | _keys(table)


def _keys(table: Table) -> dict[str, str]:
    facts = {}
    for index in table.indexes:
        kind = "Unique key" if index.unique else "Index"
        options = "".join(f" {name} {value}" for name, value in index.kwargs.items() if value)
        facts[f"{kind} {index.name} on {table.name}"] = _names(index.columns) + options
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            facts[f"Unique key {constraint.name} on {table.name}"] = _names(constraint.columns)
        if isinstance(constraint, ForeignKeyConstraint):
            facts[f"Foreign key {constraint.name} on {table.name}"] = _reference(constraint)
    return facts


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(column.name for column in columns)


def _reference(key: ForeignKeyConstraint) -> str:
    targets = ", ".join(element.target_fullname for element in key.elements)
    rules = {"ON DELETE": key.ondelete, "ON UPDATE": key.onupdate}
    kept = [f" {when} {rule}" for when, rule in rules.items() if rule not in {None, "RESTRICT", "NO ACTION"}]
    return f"{', '.join(key.column_keys)} to {targets}{''.join(kept)}"


def _column(column: Column[Any], dialect: Dialect) -> str:
    words = [_type(column, dialect), "NULL" if column.nullable else "NOT NULL"]
    if isinstance(column.server_default, Computed):
        words.append(_generated(column.server_default))
    elif isinstance(column.server_default, DefaultClause):
        words.append(f"DEFAULT {_default(column.server_default, dialect)}")
    if dialect.name != "sqlite" and column is column.table.autoincrement_column:
        words.append("AUTO_INCREMENT")
    return " ".join(words)


def _type(column: Column[Any], dialect: Dialect) -> str:
    """MariaDB's JSON is a LONGTEXT, MySQL's booleans are TINYINTs, and an integer's display width means nothing."""
    name = re.split(" CHARACTER SET| COLLATE", column.type.compile(dialect=dialect))[0]
    if dialect.name == "sqlite":
        return name
    name = re.sub(r"INT(EGER)?\(\d+\)", r"INT\1", name.replace("BOOL", "TINYINT"))
    if name == "JSON" and getattr(dialect, "is_mariadb", False):
        return "LONGTEXT COLLATE utf8mb4_bin"
    kind = column.type.dialect_impl(dialect)
    return f"{name} COLLATE {_collation(kind, column.table)}" if isinstance(kind, String) else name


def _collation(kind: String, table: Table) -> str:
    """A column that names none has its table's."""
    charset = getattr(kind, "charset", None)
    return str(kind.collation or (charset and f"{charset}'s default") or table.kwargs.get("mysql_collate"))


def _default(clause: DefaultClause, dialect: Dialect) -> str:
    value = clause.arg if isinstance(clause.arg, str) else str(clause.arg.compile(dialect=dialect))
    if re.fullmatch(r"current_timestamp(\(\))?", value, re.IGNORECASE):
        return "CURRENT_TIMESTAMP"
    return "'{}'".format(value.strip("'"))


def _generated(computed: Computed) -> str:
    """Servers write an expression back in their own way: other brackets, quotes and cases, `_utf8mb4` before text."""
    plain = re.sub(r"_utf8mb4|[`\"\\()]|\s+(?=,)|(?<=,)\s+", "", str(computed.sqltext).lower())
    stored = "STORED" if computed.persisted else "VIRTUAL"
    return f"GENERATED AS {' '.join(plain.split())} {stored}"
