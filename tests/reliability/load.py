"""A hospital's ordinary day, faster: patients who book and cancel, doctors who look, other software, reminders."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import httpx
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hospital_bot import passwords, schedules
from hospital_bot.db import Database
from hospital_bot.keys import Keys
from hospital_bot.models import Appointment, Doctor, Notification, Patient, TelegramAccount, User, midnight
from hospital_bot.simulator import acts
from hospital_bot.simulator.acts import Outcome
from hospital_bot.simulator.lines import LocalLine
from hospital_bot.simulator.phone import Phone
from hospital_bot.simulator.refusals import Json
from tests.reliability.world import SECRET_KEY, World
from tests.servers import NO_TLS

PATIENTS, DOCTORS, REMINDED = 16, 6, 10
PASSWORD = "nine geese fly south"
BOOKING = ("book.doctors:", "book.days:", "book.times:", "book.time:", "book.check:", "book.yes:")
CANCELLING = ("visits.show:", "visits.cancel:", "visits.drop:")
LOOKING = ("doctor.visit:", "doctor.day:", "doctor.week:", "doctor.today")
LOOK = 0.01
PAUSE = 0.2
"""Seconds that a person thinks between two deeds, at most twice as long."""


class Polled(LocalLine):
    """To a bot in another process."""

    async def act(self, person_id: int, action: str, details: Json, *, seconds: float, wait: bool) -> Outcome:
        done = acts.perform(self.telegram, person_id, action, details)
        async with asyncio.timeout(seconds):
            while True:
                outcome = acts.outcome(self.telegram, done)
                if outcome.is_dealt_with and (outcome.is_answered or not wait):
                    return outcome
                await asyncio.sleep(LOOK)


def _client(address: str) -> httpx.AsyncClient:
    """Patient: on a busy machine an answer may take long, and nothing here measures it."""
    return httpx.AsyncClient(base_url=address, trust_env=False, verify=NO_TLS, timeout=60)


async def nobody(_update: Json) -> None:
    """The bot fetches its updates by itself."""


@dataclass
class Load:
    """`done` counts what was done, by kind."""

    world: World
    db: Database
    api: str
    patients: list[Phone] = field(default_factory=list)
    doctors: list[Phone] = field(default_factory=list)
    reminded: list[int] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    _serial: count[int] = field(default_factory=count)

    async def gather(self) -> None:
        """Everybody is there, and logged in."""
        line = Polled(self.world.telegram, nobody)
        self.patients = [await Phone.bought(line, f"Patient {number}") for number in range(PATIENTS)]
        self.doctors = [await Phone.bought(line, f"Dr. {number}") for number in range(DOCTORS)]
        others = [await Phone.bought(line, f"Reminded {number}") for number in range(REMINDED)]
        self.reminded = self.db.run(_write, patients=self.patients, doctors=self.doctors, reminded=others)

    async def go_on(self, seconds: float) -> None:
        """All of it at once, until the time is over; then what was begun is finished."""
        until = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as group, _client(self.api) as client:
            for phone in self.patients:
                group.create_task(self._again(until, self._patient, phone))
            for phone in self.doctors:
                group.create_task(self._again(until, self._doctor, phone))
            await group.create_task(self._again(until, self._software, client))

    async def _again(self, until: float, deed: Any, who: Any) -> None:
        while asyncio.get_running_loop().time() < until:
            await deed(who)
            await asyncio.sleep(PAUSE * (1 + self.dice.random()))

    async def _patient(self, phone: Phone) -> None:
        """Books; then cancels, or has its visits full and cancels one."""
        await phone.says("/book")
        if await self._taps(phone, *BOOKING):
            self.done["booked"] += 1
        await phone.says("/appointments")
        if self.dice.random() < 0.8 and await self._taps(phone, *CANCELLING):
            self.done["cancelled"] += 1

    async def _doctor(self, phone: Phone) -> None:
        await phone.says(self.dice.choice(("/today", "/week", "/hours", "/requests", "/start")))
        for _ in range(3):
            await self._taps(phone, self.dice.choice(LOOKING))
        self.done["looked"] += 1

    async def _software(self, client: httpx.AsyncClient) -> None:
        """Logs in now and then, and asks."""
        said = {"email": f"{self.patients[0].id}@people.example", "password": PASSWORD}
        token = (await client.post("/login", json=said)).raise_for_status().json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        for _ in range(25):  # twenty logins a minute are what one address may
            for path in ("/doctors", "/appointments", "/doctors/1/availability?date=2026-12-01", "/nothing"):
                answer = await client.get(path, headers=bearer)
                assert answer.status_code < 500, answer.text
                self.done[f"api {answer.status_code}"] += 1
            self.db.run(_remind, patient_id=self.dice.choice(self.reminded), number=next(self._serial))
            self.done["reminders"] += 1
            await asyncio.sleep(PAUSE)

    async def _taps(self, phone: Phone, *prefixes: str) -> bool:
        """One button after the other whose data begins so, in the newest message that has one; False at a dead end."""
        for prefix in prefixes:
            found = next((pair for pair in self._offered(phone, prefix)), None)
            if found is None:
                return False
            await phone.taps_in(*found)
            self.done["taps"] += 1
        return True

    def _offered(self, phone: Phone, prefix: str) -> list[tuple[int, str]]:
        for message in reversed(phone.messages[-6:]):
            rows = message.json.get("reply_markup", {}).get("inline_keyboard", [])
            data = [str(button.get("callback_data")) for row in rows for button in row]
            if fits := [each for each in data if each.startswith(prefix)]:
                return [(message.id, self.dice.choice(fits))]
        return []


def _write(session: Session, *, patients: list[Phone], doctors: list[Phone], reminded: list[Phone]) -> list[int]:
    """Users, their Telegram accounts, and a visit tomorrow for those who will be reminded of it again and again."""
    schedule = {"slot_minutes": 30, "weekly": schedules.parse_weekly("mon-sun 08:00-18:00")}
    for number, phone in enumerate(doctors):
        user_id = _user(session, phone, "doctor")
        session.add(Doctor(user_id=user_id, specialization=f"Ward {number % 3}", availability_schedule=schedule))
    known = [Patient(user_id=_user(session, phone, "patient")) for phone in (*patients, *reminded)]
    session.add_all(known)
    session.flush()
    doctor_id, day = session.scalars(select(Doctor.doctor_id)).all()[0], datetime.now(UTC).date() + timedelta(days=1)
    ids = [patient.patient_id for patient in known[len(patients) :]]
    for number, patient_id in enumerate(ids):
        when = {"appointment_date": midnight(day), "appointment_time": time(19, 5 * number), "minutes": 5}
        session.add(Appointment(patient_id=patient_id, doctor_id=doctor_id, status="confirmed", **when))
    return ids


def _user(session: Session, phone: Phone, role: str) -> int:
    now, pepper = datetime.now(UTC), Keys.derive(SECRET_KEY).pepper
    password = passwords.hash_password(PASSWORD, pepper=pepper)
    user = User(name=phone.name, email=f"{phone.id}@people.example", password=password, role=role, verified_at=now)
    session.add(user)
    session.flush()
    account = {"telegram_id": phone.id, "user_id": user.user_id, "session_ends_at": now + timedelta(days=1)}
    session.add(TelegramAccount(**account, proved_at=now))
    return user.user_id


def _remind(session: Session, *, patient_id: int, number: int) -> None:
    """One more reminder of tomorrow's visit, due now."""
    user_id = session.scalar(select(Patient.user_id).where(Patient.patient_id == patient_id))
    now = datetime.now(UTC)
    day = now.date() + timedelta(days=1)
    facts = {"day": day.isoformat(), "seconds": 48 * 3600}
    row = {"user_id": user_id, "kind": "reminder", "about": f"{day:%Y%m%d}:again-{number}", "due_at": now}
    session.execute(insert(Notification).values(row | {"facts": facts}))
