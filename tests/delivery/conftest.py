"""The whole product on a simulated Telegram; the scheduler's ticks are done when the test turns the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, TypeVar

import pytest

from hospital_bot.services import accounts, booking, calls, digests
from hospital_bot.services.calls import Call
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone, Seen
from hospital_bot.telegram import pace
from hospital_bot.values import Visit, Who
from tests.chat.conftest import Hospital, clock, hospital

__all__ = ["clock", "hospital"]

T = TypeVar("T")

WIDE = "mon-sun 00:00-23:30"


@dataclass
class Ward:
    """Times are the clinic's wall clock, `2026-11-23 10:00`; the test begins on Friday, 20 November, at nine."""

    hospital: Hospital
    _read: dict[int, int] = field(default_factory=dict)
    _serial: Iterator[int] = field(default_factory=lambda: count(1))

    async def patient(self, name: str) -> Phone:
        """Registered, and the bot may write: a Telegram chat begins with the person's own word."""
        phone = await self.hospital.patient(name)
        await phone.starts()
        self.news(phone)
        return phone

    async def staff(self, doctor: Added) -> Phone:
        phone = await self.hospital.staff(doctor)
        await phone.starts()
        self.news(phone)
        return phone

    def logs_in(self, phone: Phone) -> None:
        """Again: a doctor's session lasts a day."""
        user_id = self.hospital.scalar("SELECT user_id FROM telegram_accounts WHERE telegram_id = :id", id=phone.id)
        self.hospital.do(accounts.link, telegram_id=phone.id, user_id=user_id, role="doctor")

    def doctor(self, name: str = "Dr. Osei", weekly: str = WIDE, **facts: Any) -> Added:
        return self.hospital.doctor(name, weekly=weekly, **facts)

    def book(self, phone: Phone, wall: str, doctor_id: int = 1, **facts: Any) -> Visit:
        asked = {"who": Who(doctor_id), "start": datetime.fromisoformat(wall), "request_id": f"r{next(self._serial)}"}
        return self._do(booking.book, patient_id=self.patient_id(phone), **asked | facts)

    def move(self, visit: Visit, wall: str, doctor_id: int = 1, **facts: Any) -> Visit:
        asked = {"who": Who(doctor_id), "start": datetime.fromisoformat(wall), "request_id": f"r{next(self._serial)}"}
        return self._do(booking.move, **self._of(visit) | asked | facts)

    def cancel(self, visit: Visit, **facts: Any) -> Visit:
        return self._do(booking.cancel, **self._of(visit) | facts)

    def calls(self, day: str) -> list[Call]:
        return self._do(calls.call_list, day=datetime.fromisoformat(day).date())

    def wish(self, doctor: Added, **wishes: bool) -> None:
        self.hospital.do(digests.wish, doctor_id=doctor.doctor_id, **wishes)

    def patient_id(self, phone: Phone) -> int:
        found = "SELECT patient_id FROM patients NATURAL JOIN telegram_accounts WHERE telegram_id = :id"
        return int(self.hospital.scalar(found, id=phone.id))

    async def becomes(self, wall: str) -> None:
        """The clock is turned to this time, and what is due then is sent."""
        self.hospital.clock.now = self.hospital.clinic.instant(datetime.fromisoformat(wall))
        await self.ticks()

    async def ticks(self) -> None:
        await self.hospital.product.outbox.plan()
        await self.hospital.product.outbox.tick()

    def news(self, phone: Phone) -> list[Seen]:
        """What the bot wrote to this phone since the test asked last."""
        seen = [message for message in phone.messages if message.is_from_bot]
        start = self._read.get(phone.id, 0)
        self._read[phone.id] = len(seen)
        return seen[start:]

    def texts(self, phone: Phone) -> list[str]:
        return [message.text for message in self.news(phone)]

    def state(self, kind: str) -> list[tuple[str, str | None]]:
        """State and problem of the rows of this kind, the oldest first."""
        with self.hospital.db.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT state, problem FROM notifications WHERE kind = ? ORDER BY notification_id", (kind,)
            )
            return [(str(row.state), row.problem) for row in rows]

    def _of(self, visit: Visit) -> dict[str, Any]:
        found = "SELECT user_id FROM patients WHERE patient_id = :id"
        user_id = self.hospital.scalar(found, id=visit.patient_id)
        return {"appointment_id": visit.appointment_id, "patient_id": visit.patient_id, "user_id": user_id}

    def _do(self, use_case: Callable[..., T], **facts: Any) -> T:
        return self.hospital.do(use_case, clinic=self.hospital.clinic, **facts)


@pytest.fixture
def ward(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """The pace has tests of its own."""
    for limits in ("PERSON_IN_BULK", "ALONE", "REST"):
        monkeypatch.setattr(pace, limits, ())
    return Ward(hospital)


@pytest.fixture
async def ann(ward: Ward) -> Phone:
    """A patient of a hospital with one doctor, who works day and night."""
    ward.doctor()
    return await ward.patient("Ann")
