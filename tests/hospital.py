"""An invented hospital in a real database: doctors with hours, patients, and what they ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from hospital_bot.clinic import Clinic, Rules
from hospital_bot.db import Database
from hospital_bot.models import Appointment, Base, Doctor, Patient, TimeOff, User, midnight
from hospital_bot.services import availability, booking, own_visits
from hospital_bot.values import Visit, Who
from tests import tables

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = date(2026, 11, 23)
"""A day within everybody's horizon."""
NOW = datetime.fromisoformat("2026-11-20T08:00:00+00:00")
"""The Friday before, in the morning."""

OVERLAPS = """
SELECT COUNT(*) FROM appointments a JOIN appointments b
    ON a.appointment_id < b.appointment_id AND a.live = 1 AND b.live = 1
    AND a.appointment_date = b.appointment_date AND (a.{who} = b.{who})
    AND TIME_TO_SEC(a.appointment_time) < TIME_TO_SEC(b.appointment_time) + 60 * b.minutes
    AND TIME_TO_SEC(b.appointment_time) < TIME_TO_SEC(a.appointment_time) + 60 * a.minutes
"""
"""For MySQL and MariaDB."""


def at(clock: str, day: date = MONDAY) -> datetime:
    """That time of day, on the clinic's clock."""
    return datetime.combine(day, time.fromisoformat(clock))


@dataclass
class Hospital:
    """Speaks of doctors and patients by id. Every verb is one transaction."""

    db: Database
    clinic: Clinic = field(default_factory=lambda: Clinic("Invented Hospital", ZoneInfo("UTC")))
    now: datetime = NOW
    _serial: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    def build(cls, url: str, *, connections: int = 10, zone: str = "UTC", **rules: Any) -> Hospital:
        """The tables are made; nobody works here yet."""
        tables.prepare(url)
        db = Database(url, connections=connections)
        return cls(db, Clinic("Invented Hospital", ZoneInfo(zone), Rules(**rules)))

    def doctor(
        self,
        hours: Iterable[tuple[str, str]] = (("09:00", "12:00"),),
        *,
        minutes: int = 30,
        dates: Mapping[str, Any] | None = None,
        specialization: str = "Cardiology",
        name: str = "Dr. Osei",
        active: bool = True,
    ) -> int:
        """One who works these hours every day of the week."""
        pairs = [list(pair) for pair in hours]
        weekly = dict.fromkeys(WEEKDAYS, pairs)
        schedule = {"slot_minutes": minutes, "weekly": weekly, "dates": dates or {}}
        facts = {"specialization": specialization, "availability_schedule": schedule, "active": active}
        return self._add(Doctor, user_id=self.user(name, "doctor"), **facts)

    def patient(self, name: str = "Ann Lee") -> int:
        return self._add(Patient, user_id=self.user(name, "patient"))

    def user(self, name: str, role: str) -> int:
        email = f"person{next(self._serial)}@example.org"
        return self._add(User, name=name, email=email, password="unusable", role=role)

    def leave(self, doctor_id: int, starts: datetime, ends: datetime) -> None:
        self._add(TimeOff, doctor_id=doctor_id, starts=starts, ends=ends)

    def appointment(self, doctor_id: int, patient_id: int, start: datetime, **facts: Any) -> int:
        """A row written by other software, which knows the seed's columns only."""
        when = {"appointment_date": midnight(start.date()), "appointment_time": start.time()}
        row = {"doctor_id": doctor_id, "patient_id": patient_id, "status": "confirmed"} | when | facts
        return self._add(Appointment, **row)

    def write_schedule(self, doctor_id: int, stored: str | None) -> None:
        """As text, whatever it is."""
        self.sql(
            "UPDATE doctors SET availability_schedule = :stored WHERE doctor_id = :id", stored=stored, id=doctor_id
        )

    def set_schedule(self, doctor_id: int, schedule: Any) -> None:
        self.write_schedule(doctor_id, json.dumps(schedule))

    def sql(self, statement: str, **values: Any) -> None:
        with self.db.engine.begin() as connection:
            connection.execute(text(statement), values)

    def scalar(self, statement: str, **values: Any) -> Any:
        with self.db.engine.connect() as connection:
            return connection.scalar(text(statement), values)

    def overlaps(self) -> int:
        """Pairs of live visits of one doctor, or of one patient, that share a minute."""
        return sum(self.scalar(OVERLAPS.format(who=who)) for who in ("doctor_id", "patient_id"))

    def book(self, patient_id: int, doctor: int | Who, start: datetime, **facts: Any) -> Visit:
        who = doctor if isinstance(doctor, Who) else Who(doctor)
        request_id = facts.pop("request_id", None) or f"request-{next(self._serial)}"
        asked: dict[str, Any] = {"patient_id": patient_id, "who": who, "start": start, "request_id": request_id}
        return self.db.run(booking.book, **asked | self._where | facts)

    def move(self, visit: Visit | int, patient_id: int, doctor: int | Who, start: datetime, **facts: Any) -> Visit:
        asked: dict[str, Any] = {
            "appointment_id": visit if isinstance(visit, int) else visit.appointment_id,
            "patient_id": patient_id,
            "who": doctor if isinstance(doctor, Who) else Who(doctor),
            "start": start,
            "request_id": f"request-{next(self._serial)}",
            "user_id": self.user_of(patient_id),
        }
        return self.db.run(booking.move, **asked | self._where | facts)

    def cancel(self, visit: Visit | int, patient_id: int, **facts: Any) -> Visit:
        appointment_id = visit if isinstance(visit, int) else visit.appointment_id
        asked: dict[str, Any] = {
            "appointment_id": appointment_id,
            "patient_id": patient_id,
            "user_id": self.user_of(patient_id),
        }
        return self.db.run(booking.cancel, **asked | self._where | facts)

    def times(self, doctor: int | Who, day: date = MONDAY) -> list[datetime]:
        who = doctor if isinstance(doctor, Who) else Who(doctor)
        return self.db.run(availability.times, who=who, day=day, **self._where)[1]

    def clocks(self, doctor: int | Who, day: date = MONDAY) -> list[str]:
        return [f"{start:%H:%M}" for start in self.times(doctor, day)]

    def days(self, doctor: int | Who, first: date = MONDAY, most: int = 100) -> dict[date, int]:
        who = doctor if isinstance(doctor, Who) else Who(doctor)
        _, lines = self.db.run(availability.days, who=who, first=first, most=most, **self._where)
        return {line.day: line.free for line in lines}

    def upcoming(self, patient_id: int) -> list[datetime]:
        return [visit.start for visit in self.db.run(own_visits.upcoming, patient_id=patient_id, **self._where)]

    def user_of(self, patient_id: int) -> int:
        return int(self.scalar("SELECT user_id FROM patients WHERE patient_id = :id", id=patient_id))

    def later(self, **period: float) -> None:
        self.now += timedelta(**period)

    def close(self) -> None:
        self.db.close()

    @property
    def _where(self) -> dict[str, Any]:
        return {"clinic": self.clinic, "now": self.now}

    def _add(self, table: type[Base], **values: Any) -> int:
        with self.db.engine.begin() as connection:
            made = connection.execute(insert(table).values(values)).inserted_primary_key
        return int(made[0]) if made else 0
