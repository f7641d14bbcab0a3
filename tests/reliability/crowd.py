"""Many people with one reminder each, due now: who got none, and who got more than one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import create_engine, insert

from hospital_bot.models import (
    Appointment,
    Base,
    Doctor,
    Notification,
    Patient,
    TelegramAccount,
    User,
)
from hospital_bot.simulator.people import Person
from tests.reliability.world import World

DOCTORS = 30


@dataclass(frozen=True, slots=True)
class Count:
    lost: int
    twice: int


@dataclass
class Crowd:
    world: World
    people: list[Person]

    @classmethod
    def gathered(cls, world: World, size: int) -> Crowd:
        """They have all written to the bot once; their visits are tomorrow at noon."""
        people = [world.person(f"Person {number}") for number in range(size)]
        for person in people:
            person.says("/start")
        world.telegram.inbox.take()
        _write(world, [person.user.id for person in people])
        return cls(world, people)

    def delivered(self) -> int:
        return sum(self._got(person) for person in self.people)

    def count(self) -> Count:
        got = [self._got(person) for person in self.people]
        return Count(lost=got.count(0), twice=sum(max(0, each - 1) for each in got))

    def waiting(self) -> int:
        return int(self.world.rows("SELECT COUNT(*) FROM notifications WHERE state = 'waiting'")[0][0])

    def _got(self, person: Person) -> int:
        chat = self.world.telegram.chats[person.user.id]
        return sum(
            "A reminder of your visit" in str(message.content.get("text", "")) for message in chat.messages.values()
        )


def _write(world: World, telegram_ids: list[int]) -> None:
    now = datetime.now(UTC)
    day = (now + timedelta(days=1)).date()
    doctors = range(1, DOCTORS + 1)
    patients = range(DOCTORS + 1, DOCTORS + 1 + len(telegram_ids))
    facts = {"day": day.isoformat(), "seconds": 48 * 3600}
    rows: dict[type[Base], list[dict[str, object]]] = {
        User: [_user(number, "doctor") for number in doctors] + [_user(number, "patient") for number in patients],
        Doctor: [{"doctor_id": number, "user_id": number} for number in doctors],
        Patient: [{"patient_id": number, "user_id": number} for number in patients],
        TelegramAccount: [
            {"telegram_id": telegram_id, "user_id": number, "proved_at": now}
            for number, telegram_id in zip(patients, telegram_ids, strict=True)
        ],
        Appointment: [
            {
                "patient_id": number,
                "doctor_id": 1 + number % DOCTORS,
                "appointment_date": datetime.combine(day, time()),
                "appointment_time": time(12, (number // DOCTORS) % 60),
                "status": "confirmed",
                "minutes": 1,
            }
            for number in patients
        ],
        Notification: [
            {"user_id": number, "kind": "reminder", "about": f"{day:%Y%m%d}:2880", "due_at": now, "facts": facts}
            for number in patients
        ],
    }
    engine = create_engine(world.database_url)
    with engine.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table), values)
    engine.dispose()


def _user(number: int, role: str) -> dict[str, object]:
    return {
        "user_id": number,
        "name": f"Person {number}",
        "email": f"{number}@people.example",
        "password": "",
        "role": role,
    }
