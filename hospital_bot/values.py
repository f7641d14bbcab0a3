"""What the use cases hand out: frozen values that outlive the session."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, datetime

from hospital_bot.schedules import Schedule
from hospital_bot.slots import Span

LIVE = ("pending", "confirmed", "arrived")
"""Statuses that hold their time: nobody else can have it."""

FIRST = ("pending", "confirmed")
"""The status of a new visit: a request, where the doctor approves."""

NEXT = {
    "pending": ("confirmed", "cancelled"),
    "confirmed": ("arrived", "completed", "no_show", "cancelled"),
    "arrived": ("completed", "no_show", "cancelled"),
    "no_show": ("arrived", "completed"),
    "completed": ("arrived",),
    "cancelled": (),
}
"""What may follow each status; nothing else ever does. Who came late after all, or was taken for another, can be
put right."""


def before(status: str) -> tuple[str, ...]:
    """The statuses that this one may follow."""
    return tuple(earlier for earlier, following in NEXT.items() if status in following)


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a patient wants to see: one doctor, or anyone of a specialization (known by its name's CRC-32)."""

    doctor_id: int | None = None
    specialization: int | None = None

    @classmethod
    def any_of(cls, specialization: str) -> Who:
        return cls(specialization=zlib.crc32(specialization.encode()))


@dataclass(frozen=True, slots=True)
class DoctorFacts:
    """A doctor as patients see them, with the hours and leave that decide what is offered."""

    doctor_id: int
    name: str
    specialization: str
    room: str
    schedule: Schedule
    leave: tuple[tuple[datetime, datetime], ...] = ()
    approval: bool = False
    """What patients book is a request, until the doctor confirms it."""
    taken: tuple[tuple[date, Span], ...] = ()
    kept: tuple[tuple[date, Span], ...] = ()
    """The minutes of days, where they were asked for, that visits take, and that are kept for somebody."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment as its patient and its doctor see it. `start` is the clinic's wall clock."""

    appointment_id: int
    patient_id: int
    doctor_id: int
    doctor_name: str
    specialization: str
    room: str
    start: datetime
    minutes: int
    status: str
    reason: str | None
    moved_from: int | None
    coming: bool = False
    """The patient answered a reminder with "I'm coming"."""

    @property
    def live(self) -> bool:
        return self.status in LIVE
