"""Software that knows only the seed's tables and columns goes on working."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from hospital_bot.models import ROLES, STATUSES, midnight
from tests.data.databases import SEED, facts, load, load_schema, rows, run
from tests.servers import Server

pytestmark = pytest.mark.mariadb

INSERTS = (
    "INSERT INTO users (name, email, password, role) VALUES ('Ann', 'ann@example.org', 'x', 'patient')",
    "INSERT INTO users (name, email, password, role) VALUES ('Dr. Osei', 'osei@example.org', 'x', 'doctor')",
    "INSERT INTO patients (user_id, address, phone_number) VALUES (1, '12 Elm', '+1234567890')",
    """INSERT INTO doctors (user_id, specialization, availability_schedule) VALUES (2, 'Cardiology', '{"a": 1}')""",
    (
        "INSERT INTO medical_records (patient_id, doctor_id, description, diagnosis, treatment_plan)"
        " VALUES (1, 1, 'a cough', 'a cold', 'tea')"
    ),
    (
        "INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)"
        " VALUES (1, 1, '2026-11-23', '14:00:00', 'pending')"
    ),
    "INSERT INTO otp_codes (user_id, code, expires_at) VALUES (1, '123456', '2026-11-23 10:05:00')",
)
WIDER = {
    ("users", "role"): "enum('patient','doctor','admin')",
    ("appointments", "status"): "enum('pending','confirmed','completed','cancelled','arrived','no_show')",
    ("otp_codes", "code"): "varchar(64)",
}


def test_inserts_that_name_only_the_seeds_columns_work(each_way: str) -> None:
    run(each_way, *INSERTS)

    assert rows(each_way, "SELECT name, email, role, token_version, verified_at FROM users") == [
        {"name": "Ann", "email": "ann@example.org", "role": "patient", "token_version": 0, "verified_at": None},
        {"name": "Dr. Osei", "email": "osei@example.org", "role": "doctor", "token_version": 0, "verified_at": None},
    ]
    assert rows(each_way, "SELECT status, appointment_date, appointment_time, minutes, live FROM appointments") == [
        {
            "status": "pending",
            "appointment_date": midnight(date(2026, 11, 23)),
            "appointment_time": timedelta(hours=14),
            "minutes": 30,
            "live": 1,
        }
    ]


def test_what_such_software_wrote_it_reads_back(each_way: str, mariadb: Server) -> None:
    seed = mariadb.create_database()
    load(seed, SEED)
    for url in (seed, each_way):
        run(url, *INSERTS)

    for table, names in _columns(seed).items():
        query = f"SELECT {', '.join(sorted(names - CLOCKED))} FROM {table}"  # noqa: S608 - names from the server's own list
        assert rows(each_way, query) == rows(seed, query)
    mariadb.drop(seed)


CLOCKED = {"created_at", "date_created"}


def test_every_column_of_the_seed_is_as_it_was(mariadb: Server) -> None:
    seed, ours = mariadb.create_database(), mariadb.create_database()
    load(seed, SEED)
    load_schema(ours)

    wanted = _described(seed) | {key: (kind, *_described(seed)[key][1:]) for key, kind in WIDER.items()}
    assert {key: _described(ours)[key] for key in wanted} == wanted
    mariadb.drop(seed)
    mariadb.drop(ours)


@pytest.mark.parametrize(
    ("grown", "kept"),
    [(ROLES, ("patient", "doctor")), (STATUSES, ("pending", "confirmed", "completed", "cancelled"))],
    ids=["role", "status"],
)
def test_a_list_of_values_grows_at_its_end(grown: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """MySQL stores a value's place in the list."""
    assert grown[: len(kept)] == kept


def test_schema_sql_puts_the_seeds_tables_and_columns_first(hospital_url: str, mariadb: Server) -> None:
    seed = mariadb.create_database()
    load(seed, SEED)

    ours = _columns(hospital_url)
    order = {key: row["ORDINAL_POSITION"] for key, row in facts(hospital_url, "columns", *KEY).items()}
    before = {key: row["ORDINAL_POSITION"] for key, row in facts(seed, "columns", *KEY).items()}
    assert {key: order[key] for key in before} == before
    assert set(_columns(seed)) < set(ours)
    mariadb.drop(seed)


KEY = ("TABLE_NAME", "COLUMN_NAME")


def _columns(url: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in facts(url, "columns", *KEY):
        found.setdefault(table, set()).add(column)
    return found


def _described(url: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Type, nullability, default, and AUTO_INCREMENT; an integer's display width means nothing."""
    return {
        key: (re.sub(r"int\(\d+\)", "int", row["COLUMN_TYPE"]), row["IS_NULLABLE"], row["COLUMN_DEFAULT"], row["EXTRA"])
        for key, row in facts(url, "columns", *KEY).items()
    }
