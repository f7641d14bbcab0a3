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
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hospital_bot import wiring
from hospital_bot.simulator.people import Person
from hospital_bot.telegram import outbox, pace
from tests.hospital import OVERLAPS
from tests.reliability import entry, probe, residents
from tests.reliability.residents import buttons
from tests.reliability.world import World

PROGRAM = ("tests.reliability.hospital_day", "run")
CROWD, TIMES = 8, 3
DOCTORS, REMINDED, BOOKING = 3, 12, 6
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
    told: dict[int, Person] = field(default_factory=dict)
    booking: list[Booker] = field(default_factory=list)

    @classmethod
    async def opened(cls, world: World, *missing: str, urls: Sequence[str] = ()) -> HospitalDay:
        """The processes are up, each on one of these databases; without the safeguards that are `missing`."""
        zone = zone_of_noon()
        facts: dict[str, Any] = {"HOSPITAL_TIMEZONE": zone, "HOSPITAL_DIGEST_TIME": "00:00"}
        await world.served(len(urls) or 3, webhook=True, urls=urls, command=(*PROGRAM, *missing), **facts)
        crowd = probe.Crowd.gathered(world, CROWD)
        crowd.begin()
        return cls(world, crowd, zone)

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
        meant = self._meant()
        heard = {visit for each in self.booking for visit in each.receipts()}
        booked = self._ids("SELECT appointment_id FROM appointments WHERE request_id LIKE 'tg:%' AND live = 1")
        told = self._ids("SELECT appointment_id FROM notifications WHERE kind = 'booked'")
        return Report(
            updates=self.crowd.report(),
            overlaps=sum(self.world.rows(OVERLAPS.format(who=who))[0][0] for who in ("doctor_id", "patient_id")),
            lost=sum(max(0, meant[user_id] - len(set(texts))) for user_id, texts in self._came().items()),
            unkept=len(heard - booked),
            unheard=len(booked - heard),
            untold=len(booked - told),
            undigested=len(self._undigested()),
        )

    def repeated(self) -> int:
        """How many messages of the outbox came once more than they should: no two of a person's are alike."""
        return sum(len(texts) - len(set(texts)) for texts in self._came().values())

    def counted(self) -> dict[str, int]:
        """How much was done."""
        kinds = self.world.rows("SELECT kind, COUNT(*) FROM notifications WHERE state = 'sent' GROUP BY kind")
        visits = sum(len(each.receipts()) for each in self.booking)
        return {"updates": self.crowd.applied(), "visits": visits, **dict(kinds)}

    def _meant(self) -> Counter[int]:
        """How many messages each user should have by now."""
        rows = self.world.rows("SELECT user_id FROM notifications WHERE due_at <= UTC_TIMESTAMP()")
        return Counter(user_id for (user_id,) in rows)

    def _came(self) -> dict[int, list[str]]:
        return {
            user_id: [str(message.get("text")) for message in person.sees()] for user_id, person in self.told.items()
        }

    def _undigested(self) -> set[int]:
        rows = self.world.rows("SELECT user_id FROM notifications WHERE kind = 'digest'")
        digests = Counter(user_id for (user_id,) in rows)
        return {doctor for (doctor,) in self.world.rows("SELECT user_id FROM doctors") if digests[doctor] != 1}

    def _ids(self, statement: str) -> set[int]:
        return {number for (number,) in self.world.rows(statement)}

    def _arrive(self) -> list[Booker]:
        """New people, and what the hospital knows of them already."""
        now = datetime.now(UTC)
        today = now.astimezone(ZoneInfo(self.zone)).date()
        tomorrow = today + timedelta(days=1)
        with self.world.session() as session:
            doctors = [residents.doctor(self.world, session) for _ in range(DOCTORS)]
            for doctor in doctors:
                residents.visit(session, doctor, residents.patient(self.world, session), today, time(23))
            reminded = [residents.patient(self.world, session) for _ in range(REMINDED)]
            for number, patient in enumerate(reminded):
                residents.visit(session, doctors[number % DOCTORS], patient, tomorrow, time(23, number))
                residents.reminder(session, patient, tomorrow, now)
            new = [Booker(self.world, residents.patient(self.world, session).person) for _ in range(BOOKING)]
        self.told |= {resident.user_id: resident.person for resident in (*doctors, *reminded)}
        self.booking += new
        return new


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
        found = [data for message in self.person.sees() for data in buttons(message) if data.startswith("move.open:")]
        return {int(data.partition(":")[2]) for data in found}

    def _goes_on(self) -> None:
        """As near to the visit as the newest buttons lead."""
        message = next((message for message in reversed(self.person.sees()) if buttons(message)), {})
        for step in STEPS:
            if ways := [data for data in buttons(message) if data.startswith(f"{step}:")]:
                self.person.taps(message["message_id"], data=self.chance.choice(ways[:FEW]))
                return
        self.person.says("/book")

    async def _answered(self) -> None:
        mine = f"of {self.person.user.id}", f"in {self.person.user.id}"
        while any(update.queue.endswith(mine) for update in self.world.telegram.inbox.pending()):  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK / 10)


def zone_of_noon() -> str:
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
