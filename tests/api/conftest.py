"""The API of an invented hospital, and people who use it as other software does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Client, Response
from sqlalchemy import text

from hospital_bot import passwords
from hospital_bot.api import tokens
from hospital_bot.api.app import Limits, create_api
from hospital_bot.api.desk import Desk
from hospital_bot.gate import Gate
from hospital_bot.keys import Keys
from hospital_bot.telegram import webhook
from tests.hospital import Hospital
from tests.servers import NO_TLS

KEYS = Keys.derive("an invented secret of more than 32 characters")
PASSWORD = "nine geese fly south"
GENEROUS = Limits(every="100000/minute", changes="100000/minute")


@dataclass(eq=False)
class Service:
    """The API over a hospital's data. `mails` are (to, subject, text), the newest last."""

    hospital: Hospital
    app: FastAPI
    client: Client
    mails: list[tuple[str, str, str]] = field(default_factory=list)

    def post(self, path: str, body: Any = None, *, token: str = "", key: str = "", **facts: Any) -> Response:
        headers = facts.pop("headers", {}) | ({"Idempotency-Key": key} if key else {})
        return self.client.post(path, json=body, headers=headers | bearer(token), **facts)

    def get(self, path: str, *, token: str = "", **query: Any) -> Response:
        return self.client.get(path, params=query, headers=bearer(token))

    def code(self) -> str:
        """The code in the newest mail."""
        return str(re.findall(r"\b[0-9]{6}\b", self.mails[-1][2])[0])

    def token_of(self, person: Person, *, proven: bool = False) -> str:
        """For tests with more people than one address may log in within a minute."""
        now = self.hospital.now
        return tokens.issue(KEYS, user_id=person.user_id, token_version=0, proved_at=now if proven else None, now=now)

    def user(self, name: str = "Ann", role: str = "patient", password: str = PASSWORD) -> Person:
        """Somebody who has had an account for long."""
        user_id = self.hospital.user(name, role)
        email = str(self.hospital.scalar("SELECT email FROM users WHERE user_id = :id", id=user_id))
        stored = passwords.hash_password(password, pepper=KEYS.pepper)
        values = {"password": stored, "at": "2026-01-01 00:00:00", "id": user_id}
        self.hospital.sql("UPDATE users SET password = :password, verified_at = :at WHERE user_id = :id", **values)
        return Person(self, user_id, email, password)

    def patient(self, name: str = "Ann") -> Person:
        person = self.user(name)
        self.hospital.sql("INSERT INTO patients (user_id, address) VALUES (:id, '1 Hill Road')", id=person.user_id)
        patient_id = self.hospital.scalar("SELECT patient_id FROM patients WHERE user_id = :id", id=person.user_id)
        return replace(person, patient_id=int(patient_id))

    def doctor(self, name: str = "Dr. Osei") -> Person:
        """One who works from nine to twelve every day."""
        doctor_id = self.hospital.doctor(name=name)
        sql = "SELECT u.user_id, email FROM users u JOIN doctors d ON d.user_id = u.user_id WHERE doctor_id = :id"
        with self.hospital.db.engine.connect() as connection:
            user_id, email = connection.execute(text(sql), {"id": doctor_id}).one()
        stored = passwords.hash_password(PASSWORD, pepper=KEYS.pepper)
        self.hospital.sql("UPDATE users SET password = :password WHERE user_id = :id", password=stored, id=user_id)
        return Person(self, user_id, email, PASSWORD, doctor_id=doctor_id)


@dataclass(frozen=True)
class Person:
    service: Service
    user_id: int
    email: str
    password: str
    patient_id: int = 0
    doctor_id: int = 0

    def logs_in(self, password: str = "") -> str:
        """The token of a right password."""
        body = {"email": self.email, "password": password or self.password}
        return str(self.service.post("/login", body).json()["token"])

    def proves(self, token: str = "") -> str:
        """The token after a one-time code."""
        token = token or self.logs_in()
        self.service.post("/login/otp/request", token=token)
        return str(self.service.post("/login/otp", {"code": self.service.code()}, token=token).json()["token"])

    def books(self, doctor_id: int, clock: str = "09:00:00", day: str = "2026-11-23", **facts: Any) -> Response:
        body = {"patient_id": self.patient_id, "doctor_id": doctor_id, "reason": facts.pop("reason", None)}
        when = {"appointment_date": day, "appointment_time": clock}
        token = facts.pop("token", "") or self.logs_in()
        return self.service.post("/appointments/submit", body | when, token=token, **facts)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@contextmanager
def listening(app: FastAPI) -> Iterator[Client]:
    """Served in earnest, on a port of its own; what asks is a plain client."""
    loop, port, done = asyncio.new_event_loop(), Future[int](), asyncio.Event()

    async def run() -> None:
        async with webhook.serve(app, "127.0.0.1", 0) as number:
            port.set_result(number)
            await done.wait()

    thread = Thread(target=loop.run_until_complete, args=[run()])
    thread.start()
    with Client(base_url=f"http://127.0.0.1:{port.result(10)}", timeout=30, verify=NO_TLS) as client:
        yield client
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


@contextmanager
def serving(hospital: Hospital, limits: Limits = GENEROUS, *, at_once: int = 0) -> Iterator[Service]:
    """`at_once` of the hospital's connections are for it; all, if that is not said."""
    gate, mails = Gate(), list[tuple[str, str, str]]()

    def send(*mail: str) -> bool:
        mails.append(mail)  # type: ignore[arg-type]
        return True

    places = BoundedSemaphore(at_once or hospital.db.connections)
    desk = Desk(hospital.db, gate, KEYS, hospital.clinic, lambda: hospital.now, send, places)
    app = create_api(desk, limits)
    with listening(app) as client:
        yield Service(hospital, app, client, mails)
    gate.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    hospital = Hospital.build(f"sqlite:///{tmp_path}/hospital.db")
    with serving(hospital) as service:
        yield service
    hospital.close()


@pytest.fixture
def on_mariadb(mariadb_url: str) -> Iterator[Service]:
    hospital = Hospital.build(mariadb_url, connections=20)
    with serving(hospital) as service:
        yield service
    hospital.close()


@pytest.fixture
def roomy(mariadb_url: str) -> Iterator[Service]:
    """On MariaDB; patients may hold as many visits as a race gives them."""
    hospital = Hospital.build(mariadb_url, connections=32, max_visits=10_000)
    with serving(hospital) as service:
        yield service
    hospital.close()
