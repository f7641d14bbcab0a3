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
