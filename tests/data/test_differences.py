"""`db check` tells a database administrator what to put right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Computed

from hospital_bot import schema
from hospital_bot.models import Appointment
from tests.data.databases import create_all, migrate, opened, run
from tests.servers import Server

NAME = "VARCHAR(255) COLLATE utf8mb4_unicode_ci NOT NULL"
ADDRESS = "VARCHAR(255) COLLATE utf8mb4_unicode_ci NULL"
LIVE = "SMALLINT NULL GENERATED AS case when status in 'pending','confirmed','arrived' then 1 end STORED"

DRIFTS = {
    "a table is gone": ("DROP TABLE throttles", "Table throttles is missing."),
    "an engine": (
        "ALTER TABLE throttles ENGINE = MyISAM",
        "Table throttles is MyISAM in utf8mb4_unicode_ci; it should be InnoDB in utf8mb4_unicode_ci.",
    ),
    "a table's collation": (
        "ALTER TABLE throttles COLLATE utf8mb4_general_ci",
        "Table throttles is InnoDB in utf8mb4_general_ci; it should be InnoDB in utf8mb4_unicode_ci.",
    ),
    "a column is gone": (
        "ALTER TABLE patients DROP COLUMN address",
        f"Column patients.address is missing; it should be {ADDRESS}.",
    ),
    "a column more": (
        "ALTER TABLE users ADD COLUMN nick INT",
        "Column users.nick should not be there; it is INTEGER NULL.",
    ),
    "a column is wider": (
        "ALTER TABLE users MODIFY name VARCHAR(300) NOT NULL",
        f"Column users.name is VARCHAR(300) COLLATE utf8mb4_unicode_ci NOT NULL; it should be {NAME}.",
    ),
    "a column's collation": (
        "ALTER TABLE users MODIFY name VARCHAR(255) COLLATE utf8mb4_general_ci NOT NULL",
        f"Column users.name is VARCHAR(255) COLLATE utf8mb4_general_ci NOT NULL; it should be {NAME}.",
    ),
    "a code that equals another": (
        "ALTER TABLE otp_codes MODIFY code VARCHAR(64) NOT NULL",
        (
            "Column otp_codes.code is VARCHAR(64) COLLATE utf8mb4_unicode_ci NOT NULL;"
            " it should be VARCHAR(64) COLLATE utf8mb4_bin NOT NULL."
        ),
    ),
    "a column may be empty": (
        "ALTER TABLE users MODIFY name VARCHAR(255)",
        f"Column users.name is VARCHAR(255) COLLATE utf8mb4_unicode_ci NULL; it should be {NAME}.",
    ),
    "another type": (
        "ALTER TABLE telegram_updates MODIFY chat_id INT NOT NULL",
        "Column telegram_updates.chat_id is INTEGER NOT NULL; it should be BIGINT NOT NULL.",
    ),
    "finer instants": (
        "ALTER TABLE time_off MODIFY ends DATETIME(6) NOT NULL",
        "Column time_off.ends is DATETIME(6) NOT NULL; it should be DATETIME NOT NULL.",
    ),
    "another default": (
        "ALTER TABLE appointments ALTER minutes SET DEFAULT 45",
        "Column appointments.minutes is SMALLINT NOT NULL DEFAULT '45'; it should be SMALLINT NOT NULL DEFAULT '30'.",
    ),
    "no default": (
        "ALTER TABLE throttles MODIFY updated_at DATETIME NOT NULL",
        "Column throttles.updated_at is DATETIME NOT NULL; it should be DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP.",
    ),
    "no counting": (
        "ALTER TABLE audit_log MODIFY audit_id BIGINT NOT NULL",
        "Column audit_log.audit_id is BIGINT NOT NULL; it should be BIGINT NOT NULL AUTO_INCREMENT.",
    ),
    "another formula": (
        (
            "ALTER TABLE appointments MODIFY live SMALLINT"
            " GENERATED ALWAYS AS (CASE WHEN status IN ('pending', 'arrived') THEN 1 END) STORED"
        ),
        (
            "Column appointments.live is SMALLINT NULL GENERATED AS case when status in 'pending','arrived' then 1 end"
            f" STORED; it should be {LIVE}."
        ),
    ),
    "a value fewer": (
        "ALTER TABLE users MODIFY role ENUM('patient', 'doctor') NOT NULL",
        (
            "Column users.role is ENUM('patient','doctor') COLLATE utf8mb4_unicode_ci NOT NULL;"
            " it should be ENUM('patient','doctor','admin') COLLATE utf8mb4_unicode_ci NOT NULL."
        ),
    ),
    "another primary key": (
        "ALTER TABLE telegram_updates DROP PRIMARY KEY, ADD PRIMARY KEY (update_id, chat_id)",
        "The primary key of telegram_updates is update_id, chat_id; it should be update_id.",
    ),
    "no primary key": (
        "ALTER TABLE telegram_updates DROP PRIMARY KEY",
        "The primary key of telegram_updates is missing; it should be update_id.",
    ),
    "no unique key": (
        "ALTER TABLE users DROP INDEX uq_users_email",
        "Unique key uq_users_email on users is missing; it should be email.",
    ),
    "a unique key of less": (
        "ALTER TABLE notifications DROP INDEX uq_notification, ADD UNIQUE KEY uq_notification (user_id, kind)",
        "Unique key uq_notification on notifications is user_id, kind; it should be user_id, kind, about.",
    ),
    "a unique key on a part": (
        "ALTER TABLE users DROP INDEX uq_users_email, ADD UNIQUE KEY uq_users_email (email(10))",
        "Unique key uq_users_email on users is email mysql_length {'email': 10}; it should be email.",
    ),
    "no index": (
        "DROP INDEX ix_notifications_due ON notifications",
        "Index ix_notifications_due on notifications is missing; it should be state, due_at.",
    ),
    "an index the other way round": (
        "ALTER TABLE notifications DROP INDEX ix_notifications_due, ADD KEY ix_notifications_due (due_at, state)",
        "Index ix_notifications_due on notifications is due_at, state; it should be state, due_at.",
    ),
    "an index more": (
        "CREATE INDEX mine ON users (name)",
        "Index mine on users should not be there; it is name.",
    ),
    "no foreign key": (
        "ALTER TABLE patients DROP FOREIGN KEY fk_patients_user_id",
        (
            "Foreign key fk_patients_user_id on patients is missing;"
            " it should be user_id to users.user_id ON DELETE CASCADE."
        ),
    ),
    "another ON DELETE": (
        (
            "ALTER TABLE patients DROP FOREIGN KEY fk_patients_user_id;"
            " ALTER TABLE patients ADD CONSTRAINT fk_patients_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)"
        ),
        (
            "Foreign key fk_patients_user_id on patients is user_id to users.user_id;"
            " it should be user_id to users.user_id ON DELETE CASCADE."
        ),
    ),
    "a migration to come": ("UPDATE alembic_version SET version_num = '0006'", "Migration 0007 has not been run."),
    "a newer program": (
        "UPDATE alembic_version SET version_num = '9999'",
        "Migration 9999 was run by a newer program; this one ends at 0007.",
    ),
    "another character set": (
        "ALTER DATABASE CHARACTER SET latin1",
        "The database's default character set is latin1; it should be utf8mb4.",
    ),
}

SETTINGS = {
    "innodb_flush_log_at_trx_commit": (
        "2",
        "The server's innodb_flush_log_at_trx_commit is 2; it should be 1, or a power cut loses bookings.",
    ),
    "sql_mode": (
        "''",
        "The server's sql_mode is not strict; it should have STRICT_TRANS_TABLES, or wrong values are cut to fit.",
    ),
}


@pytest.mark.mariadb
@pytest.mark.parametrize("way", ["schema.sql", "migrations"])
def test_a_good_database_has_none(three_ways: dict[str, str], way: str) -> None:
    assert _differences(three_ways[way]) == []


@pytest.mark.mariadb
@pytest.mark.parametrize(("change", "sentence"), DRIFTS.values(), ids=DRIFTS)
def test_every_drift_is_one_sentence(hospital_url: str, change: str, sentence: str) -> None:
    run(hospital_url, *change.split("; "))

    assert _differences(hospital_url) == [sentence]


@pytest.mark.mariadb
def test_tables_that_are_not_ours_are_nobodys_business(hospital_url: str) -> None:
    run(hospital_url, "CREATE TABLE wards (ward_id INT) ENGINE = MyISAM DEFAULT CHARSET = latin1")

    assert _differences(hospital_url) == []


@pytest.mark.mariadb
@pytest.mark.parametrize("setting", SETTINGS)
def test_an_unsafe_server_is_named(mariadb: Server, hospital_url: str, lent: None, setting: str) -> None:
    value, sentence = SETTINGS[setting]
    mariadb.execute(f"SET GLOBAL {setting} = {value}")

    assert _differences(hospital_url) == [sentence]


@pytest.fixture
def lent(mariadb: Server) -> Iterator[None]:
    """The server's settings, put back as they were."""
    ((mode, flush),) = mariadb.execute("SELECT @@GLOBAL.sql_mode, @@GLOBAL.innodb_flush_log_at_trx_commit")
    yield
    mariadb.execute(f"SET GLOBAL sql_mode = '{mode}', GLOBAL innodb_flush_log_at_trx_commit = {flush}")


def test_sqlite_is_compared_as_well(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hospital.db"
    migrate(url)
    assert _differences(url) == []

    run(url, "DROP INDEX ix_notifications_due", "ALTER TABLE users ADD COLUMN nick INT", "DROP TABLE throttles")

    assert sorted(_differences(url)) == [
        "Column users.nick should not be there; it is INTEGER NULL.",
        "Index ix_notifications_due on notifications is missing; it should be state, due_at.",
        "Table throttles is missing.",
    ]


def test_a_formula_in_mysqls_spelling_is_the_same_formula() -> None:
    """MariaDB, which these tests mostly run on, writes it otherwise."""
    mysqls = "(case when (`status` in (_utf8mb4'pending',_utf8mb4'confirmed',_utf8mb4'arrived')) then 1 end)"

    ours = Appointment.__table__.columns["live"].server_default
    assert isinstance(ours, Computed)
    assert schema._generated(Computed(mysqls, persisted=True)) == schema._generated(ours)


def test_tables_made_without_the_migrations_have_them_all_to_come(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hospital.db"
    create_all(url)

    assert _differences(url) == [
        f"Migration {number} has not been run." for number in ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
    ]


def _differences(url: str) -> list[str]:
    with opened(url) as database:
        return schema.differences(database.engine)
