"""What the logs say, and what they never do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "7000000001:AAcanaryCanaryCanaryCanaryCanary123"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """All that the process wrote, and what must not be in it."""
    folder = tmp_path_factory.mktemp("canary")
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.canary", str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    secrets = folder / "secrets"
    assert secrets.exists(), done.stderr[-3000:]
    return done.stdout + done.stderr, secrets.read_text().splitlines()


def test_no_secret_and_nothing_about_a_patient_is_ever_written(day: tuple[str, list[str]]) -> None:
    output, secrets = day

    assert len(secrets) > 14
    assert [secret for secret in secrets if secret in output] == []


def test_every_line_is_one_event(day: tuple[str, list[str]]) -> None:
    events = [json.loads(line) for line in day[0].splitlines()]

    assert {"level", "timestamp", "event"} <= set.intersection(*map(set, events))


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ("bug", "ValueError at canary.py:"),
        ("while at work", "KeyError"),
        ("Task exception was never retrieved", "ValueError at canary.py:"),
        ("crashed", "ValueError at canary.py:"),
        ("step_failed", ""),
    ],
)
def test_what_went_wrong_can_be_found(day: tuple[str, list[str]], event: str, error: str) -> None:
    said = [json.loads(line) for line in day[0].splitlines()]
    found: list[dict[str, Any]] = [each for each in said if each["event"] == event]

    assert found
    assert any(error in line for each in found for line in each.get("errors", [each.get("error")]))


class Refusing(BaseHTTPRequestHandler):
    """A Telegram that knows no token, and repeats what it was asked."""

    def do_POST(self) -> None:
        content = json.dumps({"ok": False, "error_code": 401, "description": f"Unauthorized: {self.path}"}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """In silence."""


@pytest.fixture
def telegram_that_refuses() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("reachable", [False, True], ids=["no Telegram there", "a Telegram that knows it not"])
def test_a_bad_token_is_not_printed(tmp_path: Path, telegram_that_refuses: str, reachable: bool) -> None:
    settings = {
        "HOSPITAL_BOT_TOKEN": TOKEN,
        "HOSPITAL_BOT_API_URL": telegram_that_refuses if reachable else "http://127.0.0.1:1",
        "HOSPITAL_DATABASE_URL": f"sqlite:///{tmp_path}/hospital.db",
        "HOSPITAL_SECRET_KEY": "canary key of more than 32 characters",
        "HOSPITAL_SMTP_URL": "smtp://canary:hunter2@127.0.0.1:1",
        "HOSPITAL_MAIL_FROM": "bot@hospital.example",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "hospital_bot", "run"],
        cwd=tmp_path,
        env=os.environ | settings | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    first = process.stdout.readline()
    process.terminate()  # it waits for a Telegram that is away
    output = first + process.communicate(timeout=60)[0]

    assert ("HOSPITAL_BOT_TOKEN" if reachable else "telegram.failed") in output
    assert [secret for secret in (TOKEN.partition(":")[2], "hunter2", "canary key") if secret in output] == []


def test_a_wrong_database_password_is_not_printed(tmp_path: Path) -> None:
    url = "mysql+pymysql://bot:hunter2canary@127.0.0.1:1/hospital"
    done = subprocess.run(
        [sys.executable, "-m", "hospital_bot", "db", "check"],
        cwd=tmp_path,
        env=os.environ | {"HOSPITAL_DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )

    assert done.stderr.startswith("hospital-bot: the database can't be reached")
    assert "hunter2" not in done.stdout + done.stderr
