"""A hospital's day in front of real processes: digests are planned and sent, reminders fall due, patients book by
tapping, and a crowd types and taps; then what is lost, doubled or contradictory is counted.

    day = await HospitalDay.opened(world)                            three processes on the world's database
    day = await HospitalDay.opened(world, urls=[one, other, one])    one process for each address
    kills = await kill_during(world, day.shift())                    as many shifts as the proof needs
    assert day.report() == CLEAN and day.repeated() <= kills

The tables are looked at through the world's own address. As a program, `… run SAFEGUARD …`, this is the bot of
`entry.py` without the named safeguards, in a hurry: it looks for what is due every second and waits for no pace.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from hospital_bot import wiring
from hospital_bot.models import Appointment, Doctor, Notification, Patient, TelegramAccount, User, midnight
from hospital_bot.simulator.people import Person
from hospital_bot.telegram import outbox, pace
from tests.hospital import OVERLAPS, WEEKDAYS
from tests.reliability import entry, probe
from tests.reliability.world import World

PROGRAM = ("tests.reliability.hospital_day", "run")
CROWD, TIMES = 10, 3
DOCTORS, REMINDED, BOOKING = 3, 15, 8
"""Those who are new in each shift: doctors with a visit today, patients with one tomorrow, and patients who book."""
LEASE = timedelta(seconds=4)
STEPS = ("book.yes", "book.check", "book.time", "book.times", "book.days", "book.doctors")
"""The buttons that lead to a visit, the last one first."""
FEW = 4
"""Patients choose among the first buttons only, so that they get in each other's way."""
LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    """What must not be. `lost`, `unkept` and `unheard`: messages of the outbox that never came, receipts without a
    visit, visits without a receipt. `untold`: visits with no row in the outbox for their doctor. `undigested`:
    doctors whose day has no digest's row, or several."""

    updates: probe.Report = probe.CLEAN
    overlaps: int = 0
    lost: int = 0
    unkept: int = 0
    unheard: int = 0
    untold: int = 0
    undigested: int = 0


CLEAN = Report()


@dataclass
class HospitalDay:
    """`told` hear from the outbox alone; `booking` are told what they did by the chat."""

    world: World
    crowd: probe.Crowd
    zone: str
    engine: Engine
    told: dict[int, Person] = field(default_factory=dict)
    booking: list[Booker] = field(default_factory=list)

    @classmethod
    async def opened(cls, world: World, *missing: str, urls: Sequence[str] = ()) -> HospitalDay:
        """The processes are up, each on one of these databases; without the safeguards that are `missing`."""
        zone = _zone_of_noon()
        facts: dict[str, Any] = {"HOSPITAL_TIMEZONE": zone, "HOSPITAL_DIGEST_TIME": "00:00"}
        await world.served(len(urls) or 3, webhook=True, urls=urls, command=(*PROGRAM, *missing), **facts)
        crowd = probe.Crowd.gathered(world, CROWD)
        crowd.begin()
        return cls(world, crowd, zone, create_engine(world.database_url))

    async def shift(self) -> None:
        """Everybody does something, all at once, until everything is dealt with."""
        patients = self._arrive()
        self.crowd.act(TIMES)
        await asyncio.gather(*(patient.books() for patient in patients))
        await self.world.quiet()
        while self.waiting():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(LOOK)

    def waiting(self) -> int:
        """Doctors whose digest is not planned yet, and messages that should be on their way."""
        due = "SELECT COUNT(*) FROM notifications WHERE state = 'waiting' AND due_at <= UTC_TIMESTAMP()"
        return int(self.world.rows(due)[0][0]) or len(self._undigested())

    def report(self) -> Report:
        heard = {visit for each in self.booking for visit in each.receipts()}
        booked = self._ids("SELECT appointment_id FROM appointments WHERE request_id LIKE 'tg:%' AND live = 1")
        told = self._ids("SELECT appointment_id FROM notifications WHERE kind = 'booked'")
        return Report(
            updates=self.crowd.report(),
            overlaps=sum(self.world.rows(OVERLAPS.format(who=who))[0][0] for who in ("doctor_id", "patient_id")),
            lost=sum(max(0, each) for each in self._missing()),
            unkept=len(heard - booked),
            unheard=len(booked - heard),
            untold=len(booked - told),
            undigested=len(self._undigested()),
        )

    def repeated(self) -> int:
        """How many messages of the outbox came once more than they should."""
        return sum(max(0, -each) for each in self._missing())

    def counted(self) -> dict[str, int]:
        """How much was done."""
        kinds = self.world.rows("SELECT kind, COUNT(*) FROM notifications WHERE state = 'sent' GROUP BY kind")
        visits = sum(len(each.receipts()) for each in self.booking)
        return {"updates": self.crowd.applied(), "visits": visits, **dict(kinds)}

    def _missing(self) -> list[int]:
        """For each of those who were told: messages they should have, less those they have."""
        rows = self.world.rows("SELECT user_id FROM notifications WHERE due_at <= UTC_TIMESTAMP()")
        meant = Counter(user_id for (user_id,) in rows)
        return [meant[user_id] - len(person.sees()) for user_id, person in self.told.items()]

    def _undigested(self) -> set[int]:
        rows = self.world.rows("SELECT user_id FROM notifications WHERE kind = 'digest'")
        digests = Counter(user_id for (user_id,) in rows)
        return {doctor for (doctor,) in self.world.rows("SELECT user_id FROM doctors") if digests[doctor] != 1}

    def _ids(self, statement: str) -> set[int]:
        return {number for (number,) in self.world.rows(statement)}

    def _arrive(self) -> list[Booker]:
        """New people, and what the hospital knows of them already."""
        today = datetime.now(UTC).astimezone(ZoneInfo(self.zone)).date()
        with Session(self.engine) as session, session.begin():
            doctors = [self._doctor(session) for _ in range(DOCTORS)]
            for doctor_id in doctors:
                _visit(session, doctor_id, self._patient(session)[0], today, time(23))
            for number in range(REMINDED):
                patient_id, user_id, person = self._patient(session)
                _visit(session, doctors[number % DOCTORS], patient_id, today + timedelta(days=1), time(23, number))
                session.add(_reminder(user_id, today + timedelta(days=1)))
                self.told[user_id] = person
            new = [Booker(self.world, self._patient(session)[2]) for _ in range(BOOKING)]
        self.booking += new
        return new

    def _doctor(self, session: Session) -> int:
        user_id, person = self._user(session, "doctor")
        self.told[user_id] = person
        hours = {"slot_minutes": 30, "weekly": {day: [["08:00", "20:00"]] for day in WEEKDAYS}}
        doctor = Doctor(user_id=user_id, specialization="Cardiology", availability_schedule=hours)
        session.add(doctor)
        session.flush()
        return doctor.doctor_id

    def _patient(self, session: Session) -> tuple[int, int, Person]:
        user_id, person = self._user(session, "patient")
        patient = Patient(user_id=user_id)
        session.add(patient)
        session.flush()
        return patient.patient_id, user_id, person

    def _user(self, session: Session, role: str) -> tuple[int, Person]:
        """Somebody logged in on a phone of theirs, whom the bot may write to."""
        person = self.world.person(role.title())
        self.world.telegram.chats[person.user.id].is_started = True
        user = User(name=role.title(), email=f"{person.user.id}@people.example", password="", role=role)
        session.add(user)
        session.flush()
        now = datetime.now(UTC)
        session.add(
            TelegramAccount(
                telegram_id=person.user.id,
                user_id=user.user_id,
                proved_at=now,
                session_ends_at=now + timedelta(hours=8),
            )
        )
        return user.user_id, person


@dataclass(frozen=True)
class Booker:
    """A patient who taps from /book to the receipt, whatever is in the way."""

    world: World
    person: Person
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def books(self) -> None:
        self.person.says("/book")
        await self._answered()
        while not self.receipts():
            self._goes_on()
            await self._answered()

    def receipts(self) -> set[int]:
        """The visits that the chat says are booked."""
        found = [data for message in self.person.sees() for data in _buttons(message) if data.startswith("move.open:")]
        return {int(data.partition(":")[2]) for data in found}

    def _goes_on(self) -> None:
        """As near to the visit as the newest buttons lead."""
        message = next(message for message in reversed(self.person.sees()) if _buttons(message))
        for step in STEPS:
            if ways := [data for data in _buttons(message) if data.startswith(f"{step}:")]:
                self.person.taps(message["message_id"], data=self.chance.choice(ways[:FEW]))
                return
        self.person.says("/book")

    async def _answered(self) -> None:
        mine = f"of {self.person.user.id}", f"in {self.person.user.id}"
        while any(update.queue.endswith(mine) for update in self.world.telegram.inbox.pending()):  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK / 10)


def _buttons(message: dict[str, object]) -> list[str]:
    keyboard: dict[str, list[list[dict[str, str]]]] = message.get("reply_markup") or {}  # type: ignore[assignment]
    return [button.get("callback_data", "") for row in keyboard.get("inline_keyboard", []) for button in row]


def _visit(session: Session, doctor_id: int, patient_id: int, day: date, clock: time) -> None:
    """Booked yesterday, and as short as can be."""
    facts: dict[str, Any] = {
        "appointment_date": midnight(day),
        "appointment_time": clock,
        "status": "confirmed",
        "minutes": 1,
    }
    yesterday = datetime.now(UTC) - timedelta(days=1)
    session.add(Appointment(doctor_id=doctor_id, patient_id=patient_id, created_at=yesterday, **facts))


def _reminder(user_id: int, day: date) -> Notification:
    facts = {"day": day.isoformat(), "seconds": 48 * 3600}
    return Notification(
        user_id=user_id, kind="reminder", about=f"{day:%Y%m%d}:2880", due_at=datetime.now(UTC), facts=facts
    )


def _zone_of_noon() -> str:
    """Where it is about noon now: nobody's quiet hours, and no midnight within the proof."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def without_lease() -> None:
    """What one process has claimed, the others claim as well."""
    outbox.LEASE = timedelta()


entry.SAFEGUARDS["lease"] = without_lease


def main(*arguments: str) -> None:
    pace.REST = pace.PERSON_IN_BULK = ()  # type: ignore[assignment]  # the pace is proven elsewhere: here nobody waits
    outbox.LEASE, outbox.LOOK_AGAIN = LEASE, 0.02
    wiring.PLANNING = wiring.SENDING = timedelta(seconds=1)
    entry.main(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
