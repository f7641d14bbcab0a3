"""The command line, as a hospital's engineer types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hospital_bot.cli import app
from hospital_bot.simulator.mailbox import Mailbox

Run = Callable[..., Result]

CSV = """name,email,specialization,room,slot_minutes,weekly
Dr. Amina Osei,osei@hospital.example,Cardiology,12,30,mon-fri 09:00-13:00 14:00-17:00; sat 09:00-12:00
Dr. Jonas Weber,weber@hospital.example,Cardiology,14,20,mon 09:00-12:00
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in an empty folder with a database of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOSPITAL_DATABASE_URL", f"sqlite:///{tmp_path / 'hospital.db'}")
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "an invented secret of more than 32 characters")
    runner = CliRunner()
    return lambda *words: runner.invoke(app, words)


def test_upgrade_makes_a_database_that_check_finds_right(run: Run) -> None:
    assert run("db", "upgrade").output == "The database is up to date.\n"

    found = run("db", "check")

    assert (found.output, found.exit_code) == ("No differences.\n", 0)


def test_check_names_what_an_empty_database_lacks(run: Run) -> None:
    found = run("db", "check")

    assert found.exit_code == 1
    assert "Table users is missing." in found.output
    assert found.output.splitlines()[-1].endswith("differences.")


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("DATABASE_URL", "postgres://x", "HOSPITAL_DATABASE_URL: expected"),
        ("DATABASE_URL", "mysql+pymysql://root@127.0.0.1:1/none", "the database can't be reached"),
        ("TIMEZONE", "Mars/Olympus", "HOSPITAL_TIMEZONE: not an IANA zone"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.db", "the database can't be reached"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"HOSPITAL_{setting}", value)

    refused = run("db", "upgrade")

    assert refused.exit_code == 2
    assert refused.output.startswith(f"hospital-bot: {words}")
    assert refused.output.count("\n") == 1


def test_run_says_what_is_missing(run: Run) -> None:
    refused = run("run")

    assert refused.exit_code == 2
    assert refused.output.startswith("hospital-bot: HOSPITAL_BOT_TOKEN is not set.")


def test_a_short_secret_key_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "short")

    refused = run("doctors", "add", "Dr. Osei", "osei@hospital.example", "Cardiology")

    assert "HOSPITAL_SECRET_KEY is shorter than 32 characters" in refused.output
    assert "short\n" not in refused.output


def test_an_imported_file_of_doctors_is_listed(run: Run, tmp_path: Path, bot: None) -> None:
    run("db", "upgrade")
    (tmp_path / "doctors.csv").write_text(CSV)

    imported = run("doctors", "import", "doctors.csv")

    assert imported.exit_code == 0, imported.output
    assert imported.output.count("https://t.me/hospital_bot?start=i_") == 2
    assert "Dr. Jonas Weber  <weber@hospital.example>  Cardiology  14  invited" in run("doctors", "list").output


def test_a_file_with_mistakes_is_refused_whole_with_each_named_by_line(run: Run, tmp_path: Path, bot: None) -> None:
    run("db", "upgrade")
    (tmp_path / "doctors.csv").write_text(CSV + "Dr. X,not-an-address,Cardiology,1,30,mon 25:00-26:00\n")

    refused = run("doctors", "import", "doctors.csv")

    assert refused.exit_code == 2
    assert "line 4" in refused.output
    assert refused.output.endswith("hospital-bot: nothing was imported\n")
    assert run("doctors", "list").output == ""


def test_adding_a_doctor_prints_an_invitation(run: Run, bot: None) -> None:
    run("db", "upgrade")

    added = run("doctors", "add", "Dr. Osei", "osei@hospital.example", "Cardiology", "--room", "12")

    assert added.output.startswith("Dr. Osei <osei@hospital.example>: https://t.me/hospital_bot?start=i_")


def test_a_doctor_with_impossible_hours_is_not_added(run: Run, bot: None) -> None:
    run("db", "upgrade")

    refused = run("doctors", "add", "Dr. Osei", "osei@hospital.example", "Cardiology", "--weekly", "mon 17:00-09:00")

    assert refused.exit_code == 2
    assert refused.output.startswith("hospital-bot: schedule: backwards")


def test_an_invitation_may_go_by_mail(run: Run, bot: None, mailbox: Mailbox) -> None:
    run("db", "upgrade")

    added = run("admins", "add", "Nora Lind", "nora@hospital.example", "--mail")

    assert added.output == "Nora Lind <nora@hospital.example>: mailed\n"
    assert "https://t.me/hospital_bot?start=i_" in mailbox.to("nora@hospital.example")[0].text


def test_without_telegram_no_invitation_can_be_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("db", "upgrade")
    monkeypatch.setenv("HOSPITAL_BOT_TOKEN", "7000000001:simulated-token-of-the-hospital-bot")
    monkeypatch.setenv("HOSPITAL_BOT_API_URL", "http://127.0.0.1:1")

    refused = run("doctors", "add", "Dr. Osei", "osei@hospital.example", "Cardiology")

    assert refused.output.startswith("hospital-bot: HOSPITAL_BOT_API_URL: Telegram can't be reached")


def test_the_reception_gets_a_list_of_patients_to_call(run: Run) -> None:
    run("db", "upgrade")

    sheet = run("calls", "--date", "2026-11-23")

    assert sheet.output == "0 to call on 2026-11-23.\n"


def test_a_day_that_is_none_is_refused(run: Run) -> None:
    assert run("calls", "--date", "tomorrow").exit_code == 2
