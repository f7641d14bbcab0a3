"""Doctors and administrators come, change and leave; the desk mends accounts: by command."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.services import resets
from hospital_bot.simulator.mailbox import Mailbox
from tests.cli.test_cli import CSV, Run, run
from tests.hospital import Hospital, at

__all__ = ["run"]

OSEI = "osei@hospital.example"
ANN = "person1@example.org"


@pytest.fixture
def staffed(run: Run, bot: None) -> Run:
    """With one doctor, invited, and one administrator."""
    run("db", "upgrade")
    run("doctors", "add", "Dr. Osei", OSEI, "Cardiology", "--weekly", "mon-sun 08:00-18:00")
    run("admins", "add", "Nora Lind", "nora@hospital.example")
    return run


def _stored(folder: Path) -> Hospital:
    """The same hospital, now."""
    return Hospital(Database(f"sqlite:///{folder / 'hospital.db'}", connections=1), now=system_clock())


def test_what_an_invitation_needs_is_asked_before_anybody_is_added(
    run: Run, bot: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is added and not invited can't be added again."""
    run("db", "upgrade")
    (tmp_path / "doctors.csv").write_text(CSV)
    monkeypatch.delenv("HOSPITAL_MAIL_FROM")
    doctor = ("Dr. Osei", OSEI, "Cardiology")
    for words in (("doctors", "add", *doctor), ("doctors", "import", "doctors.csv"), ("admins", "add", *doctor[:2])):
        refused = run(*words, "--mail")
        assert refused.output.startswith("hospital-bot: HOSPITAL_MAIL_FROM is not set."), words
    monkeypatch.setenv("HOSPITAL_BOT_API_URL", "http://127.0.0.1:1")
    refused = run("doctors", "import", "doctors.csv")
    assert refused.output.startswith("hospital-bot: HOSPITAL_BOT_API_URL: Telegram can't be reached")

    assert run("doctors", "list").output == run("admins", "list").output == ""


def test_an_invitation_that_was_lost_is_made_anew(staffed: Run, tmp_path: Path, mailbox: Mailbox) -> None:
    again = staffed("accounts", "invite", OSEI)
    assert again.output.startswith(f"Dr. Osei <{OSEI}>: https://t.me/hospital_bot?start=i_")
    assert staffed("accounts", "invite", "nora@hospital.example", "--mail").output.endswith(": mailed\n")
    assert "https://t.me/hospital_bot?start=i_" in mailbox.to("nora@hospital.example")[0].text

    hospital = _stored(tmp_path)
    hospital.db.run(resets.replace_password, user_id=1, password_hash="a hash")
    hospital.patient("Ann")

    assert "has set a password already" in staffed("accounts", "invite", OSEI).output
    assert "patients register in the chat" in staffed("accounts", "invite", ANN).output


def test_an_account_is_shown_with_what_stands_in_the_way(staffed: Run) -> None:
    shown = staffed("accounts", "show", OSEI.upper()).output

    assert shown == f"user 1  Dr. Osei  <{OSEI}>  doctor\npassword: not set yet\ncodes: by mail\nTelegram: not linked\n"
    assert staffed("accounts", "show", "nobody@people.example").output == (
        "hospital-bot: nobody has an account with this e-mail address\n"
    )
    assert staffed("accounts", "show", "nobody").output.startswith("hospital-bot: email: not an address")


def test_a_name_and_an_address_are_changed_and_the_old_address_is_told(
    staffed: Run, tmp_path: Path, mailbox: Mailbox
) -> None:
    _stored(tmp_path).patient("Ann")
    changed = staffed("accounts", "change", ANN, "--name", "Ann Berg", "--email", "Berg@people.example")
    assert changed.output == (
        "name: Ann Berg\ne-mail: berg@people.example. They log in again, with a code that goes there.\n"
    )

    assert "Ann Berg  <berg@people.example>" in staffed("accounts", "show", "berg@people.example").output
    assert "please call us at once" in mailbox.to(ANN)[0].text
    assert (
        staffed("accounts", "change", "berg@people.example", "--email", OSEI).output == "hospital-bot: email: taken\n"
    )
    assert "say what changes" in staffed("accounts", "change", OSEI).output


def test_an_app_that_is_not_in_use_can_not_be_taken_away(staffed: Run) -> None:
    assert staffed("accounts", "reset-app", OSEI).output == "hospital-bot: app: not in use\n"


def test_a_doctor_changes_room_and_specialization(staffed: Run) -> None:
    assert staffed("doctors", "change", OSEI, "--specialization", "Surgery", "--room", "7").output == "Changed.\n"

    assert "Surgery  7" in staffed("doctors", "list").output
    assert "say what changes" in staffed("doctors", "change", OSEI).output
    assert "is no doctor's" in staffed("doctors", "change", "nora@hospital.example", "--room", "7").output


def test_a_doctor_leaves_and_comes_back(staffed: Run) -> None:
    assert "has not left" in staffed("doctors", "return", OSEI).output
    assert staffed("doctors", "leave", OSEI).output == "Left. Visits taken back: 0.\n"
    assert "(left)" in staffed("doctors", "list").output
    assert "has left already" in staffed("doctors", "leave", OSEI).output
    assert "no doctor's or administrator's here" in staffed("accounts", "invite", OSEI).output

    assert staffed("doctors", "return", OSEI).output == "Back.\n"

    assert "(left)" not in staffed("doctors", "list").output


def test_visits_ahead_are_taken_back_when_that_is_said(staffed: Run, tmp_path: Path) -> None:
    hospital = _stored(tmp_path)
    ann = hospital.patient("Ann")
    hospital.sql("UPDATE patients SET phone_number = '+4930123456'")
    hospital.book(ann, 1, at("10:00", (hospital.now + timedelta(days=7)).date()))
    refused = staffed("doctors", "leave", OSEI)
    assert refused.exit_code == 2
    assert refused.output.startswith("hospital-bot: visits ahead: 1, the last on ")

    left = staffed("doctors", "leave", OSEI, "--cancel-visits").output.splitlines()

    assert left[0].startswith("call: ")
    assert left[0].endswith("10:00  Ann  +4930123456")
    assert left[1] == "Left. Visits taken back: 1."


def test_an_administrator_leaves(staffed: Run) -> None:
    assert staffed("admins", "list").output == "Nora Lind  <nora@hospital.example>  invited\n"
    assert "is no administrator's" in staffed("admins", "leave", OSEI).output

    assert staffed("admins", "leave", "nora@hospital.example").output == "Left.\n"

    assert staffed("admins", "list").output == ""
