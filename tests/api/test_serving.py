"""The API as a process of its own, and beside the bot: on one set of data at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from hospital_bot import wiring
from hospital_bot.settings import Settings, SettingsError, load
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
FACTS = {
    "HOSPITAL_SECRET_KEY": "an invented secret of more than 32 characters",
    "HOSPITAL_SMTP_URL": "smtp://127.0.0.1:9",
    "HOSPITAL_MAIL_FROM": "bot@harbour.example",
    "HOSPITAL_NAME": "Harbour Hospital",
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`hospital-bot api`, once it is ready."""
    port = free_port()
    facts = FACTS | {"HOSPITAL_API_PORT": str(port), "PYTHONPATH": str(ROOT)}
    facts["HOSPITAL_DATABASE_URL"] = f"sqlite:///{tmp_path}/hospital.db"
    command = [sys.executable, "-m", "hospital_bot", "api"]
    process = subprocess.Popen(command, env=os.environ | facts, cwd=tmp_path)
    try:
        yield process, answering(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def answering(address: str) -> str:
    until = monotonic() + 60
    while monotonic() < until:
        try:
            httpx.get(f"{address}/ready").raise_for_status()
        except httpx.HTTPError:
            sleep(0.1)
        else:
            return address
    pytest.fail("the API does not come up")


def test_the_command_serves_it_and_stops_in_good_order(served: tuple[subprocess.Popen[bytes], str]) -> None:
    process, address = served
    assert httpx.get(f"{address}/openapi.json").json()["info"]["title"] == "Harbour Hospital: appointments"
    assert "swagger" in httpx.get(f"{address}/docs").text.lower()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("missing", ["HOSPITAL_SECRET_KEY", "HOSPITAL_SMTP_URL", "HOSPITAL_MAIL_FROM"])
async def test_what_it_needs_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in (FACTS | {missing: ""}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=missing):
        await wiring.run_api(load(None), asyncio.Event())


@pytest.mark.parametrize(("name", "value"), [("API_LIMIT", "often"), ("API_CHANGE_LIMIT", "10"), ("API_PORT", "70000")])
def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"HOSPITAL_{name}", value)
    with pytest.raises(SettingsError, match=name):
        load(None)


def test_sites_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_API_ORIGINS", "https://a.example, https://b.example")
    assert Settings(_env_file=None).api_origins == ("https://a.example", "https://b.example")  # type: ignore[call-arg]
