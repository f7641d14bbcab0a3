"""What the API answers, against what its own description says, by a program that makes up requests."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from hospital_bot.api import tokens
from tests.api.conftest import Service
from tests.hospital import NOW

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
EXAMPLES = "200" if PROVE else "2"
"""For each route and kind of check."""
HERE = Path(__file__).parent


@pytest.mark.mariadb
@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_no_request_breaks_it_or_gets_an_undocumented_answer(
    on_mariadb: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, begun = on_mariadb, monotonic()
    monkeypatch.setattr(tokens, "PROVEN_LIFE", tokens.LIFE)  # on a busy machine the quarter of an hour is over too soon
    service.doctor()
    person = service.patient()
    token = person.proves()
    hurry_up(service, begun)
    before_logging_out = explore(service, token, tmp_path, "--exclude-path", "/logout")
    assert "Test cases:" in before_logging_out
    explore(service, token, tmp_path, "--include-path", "/logout")
    assert service.hospital.overlaps() == 0
    answered = service.get("/metrics").text
    assert 'status="500"' not in answered
    assert 'route="/appointments/submit",status="201"' in answered


def hurry_up(service: Service, begun: float) -> None:
    """Minutes pass in seconds, so that limits per minute let most requests through; the token lasts all the same."""
    speed = 1 if PROVE else 10
    desk = service.app.state.desk
    object.__setattr__(desk, "clock", lambda: NOW + timedelta(seconds=speed * (monotonic() - begun)))


def explore(service: Service, token: str, folder: Path, *paths: str) -> str:
    program = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [
            str(program),
            f"--config-file={HERE}/schemathesis.toml",
            "run",
            f"{str(service.client.base_url).rstrip('/')}/openapi.json",
            f"--header=Authorization: Bearer {token}",
            "--checks=all",
            f"--max-examples={EXAMPLES}",
            "--no-color",
            *paths,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout
