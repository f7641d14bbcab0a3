"""The audit log and the backups, as a hospital's engineer meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import Run, run
from tests.data.databases import run as sql

__all__ = ["run"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'hospital.db'}"


def test_a_hospital_without_entries_verifies(run: Run) -> None:
    run("db", "upgrade")

    found = run("audit", "verify")

    assert (found.output, found.exit_code) == ("0 entries in the chain, 0 waiting. Head: 0:\n", 0)


def test_an_entry_that_another_program_wrote_is_named(run: Run, url: str) -> None:
    run("db", "upgrade")
    sql(url, "INSERT INTO audit_log (happened_at, action) VALUES (CURRENT_TIMESTAMP, 'records.read')")

    found = run("audit", "verify")

    assert found.exit_code == 1
    assert found.output.splitlines()[0].startswith("Entry 1 was changed, or was not written by this program.")


def test_a_head_that_is_gone_is_asked_for_in_vain(run: Run) -> None:
    run("db", "upgrade")

    found = run("audit", "verify", "--head", "7:abc")

    assert (found.exit_code, found.output.splitlines()[0][:22]) == (1, "Link 7 is not the one ")


def test_a_backup_is_restored_and_looked_over(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run("db", "upgrade")
    made = run("db", "backup", "copy")
    monkeypatch.setenv("HOSPITAL_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")

    restored = run("db", "restore", "copy")

    assert (made.output, made.exit_code) == ("Everything is in copy.\n", 0)
    assert restored.exit_code == 0
    assert [run(*words).exit_code for words in (("db", "check"), ("audit", "verify"))] == [0, 0]


def test_a_backup_that_would_overwrite_is_one_line(run: Run) -> None:
    run("db", "upgrade")
    run("db", "backup", "copy")

    refused = run("db", "backup", "copy")

    assert (refused.output, refused.exit_code) == ("hospital-bot: copy exists already, and is not overwritten\n", 2)


def test_the_hospital_lists_who_wants_to_be_forgotten_and_refuses(run: Run, url: str) -> None:
    run("db", "upgrade")
    sql(url, "INSERT INTO users (name, email, password, role) VALUES ('Ann', 'ann@people.example', '-', 'patient')")
    sql(
        url, "INSERT INTO erasures (user_id, asked_at, due_at) VALUES (1, '2026-11-20 08:00:00', '2026-11-27 08:00:00')"
    )

    listed, refused, again = run("erasures", "list"), run("erasures", "refuse", "1"), run("erasures", "refuse", "1")

    assert listed.output == "user     1  asked 2026-11-20  due 2026-11-27 08:00 UTC\n"
    assert refused.output == "Refused.\n"
    assert again.exit_code == 2
    assert run("erasures", "list").output == ""
