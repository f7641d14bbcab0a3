"""What no line of any log may hold, whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hospital_bot import logs
from tests.api.conftest import KEYS, Service

SECRETS = {
    "password": "canary geese fly south",
    "wrong password": "canary ducks stay north",
    "name": "Canaria Finch",
    "email": "canaria@example.com",
    "phone": "+14155550199",
    "address": "17 Canary Wharf",
    "reason": "a cough like a canary",
}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Everything that any library logs, down to the last detail, as well as our own lines."""
    file = tmp_path / "log"
    handler = logging.FileHandler(file)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.set_up()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield file
    handler.close()
    root.handlers[:], root.level = before, level


def test_a_whole_visit_with_its_mistakes_leaves_no_secret_in_any_log(
    service: Service, log: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = set(SECRETS.values()) | everything_once(service, monkeypatch) | {KEYS.tokens.hex(), KEYS.pepper.hex()}
    out, err = capfd.readouterr()
    told = log.read_text() + out + err
    assert "request_failed" in told
    assert [secret for secret in secrets if secret in told] == []
    assert [secret for secret in SECRETS.values() if secret in audit(service)] == []


def audit(service: Service) -> str:
    with service.hospital.db.engine.connect() as connection:
        return "\n".join(map(str, connection.exec_driver_sql("SELECT * FROM audit_log").all()))


def everything_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Registers, logs in, proves, books; wrongly, too, and while something is broken. The tokens and codes it used."""
    osei, email, password = service.doctor(), SECRETS["email"], SECRETS["password"]
    begun = service.post("/users/register", {"name": SECRETS["name"], "email": email, "password": password}).json()
    seen = {begun["registration"], service.code()}
    proof = {"email": email, "registration": begun["registration"], "code": service.code()}
    service.post("/users/verify", proof)
    service.post("/login", {"email": email, "password": SECRETS["wrong password"]})
    token = service.post("/login", {"email": email, "password": password}).json()["token"]
    place = {"address": SECRETS["address"], "phone_number": SECRETS["phone"]}
    patient = service.post("/patients/register", {"user_id": begun["user_id"], **place}, token=token).json()
    visit = {"patient_id": patient["patient_id"], "doctor_id": osei.doctor_id, "reason": SECRETS["reason"]}
    visit |= {"appointment_date": "2026-11-23", "appointment_time": "09:00:00"}
    service.post("/appointments/submit", visit, token=token, key="canary key")
    service.post("/login/otp/request", token=token)
    seen |= {token, service.code(), "canary key"}
    seen.add(service.post("/login/otp", {"code": service.code()}, token=token).json()["token"])
    broken(monkeypatch)
    assert service.post("/appointments/submit", visit, token=token).status_code == 500
    return seen


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def book(*_: Any, **facts: Any) -> None:
        raise RuntimeError(f"{SECRETS['name']}: {facts}")

    monkeypatch.setattr("hospital_bot.services.booking.book", book)
