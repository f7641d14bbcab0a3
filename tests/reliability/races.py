"""One moment, many hands: bookings, leave and held times that meet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot.errors import Refusal
from hospital_bot.models import Notification
from hospital_bot.services import booking, leave, offers, outside
from hospital_bot.services.offers import Offer
from hospital_bot.values import Visit, Who
from tests.hospital import MONDAY, Hospital, at

CLIENTS = 32
CARDIOLOGY = Who.any_of("Cardiology")
CLOCKS = [f"{9 + n // 2:02}:{30 * (n % 2):02}" for n in range(12)]
KEPT_AND_TAKEN = """
SELECT COUNT(*) FROM holds h JOIN appointments a
    ON a.doctor_id = h.doctor_id AND a.appointment_date = h.hold_date AND a.appointment_time = h.hold_time
WHERE a.live = 1
"""

T = TypeVar("T")


def race(crowd: ThreadPoolExecutor, asks: Sequence[Callable[[], T]]) -> list[T | Refusal]:
    """All of them at the same moment."""
    start = Barrier(len(asks))

    def run(ask: Callable[[], T]) -> T | Refusal:
        start.wait()
        try:
            return ask()
        except Refusal as refusal:
            return refusal

    return list(crowd.map(run, asks))


def codes(answers: Sequence[Visit | Refusal]) -> Counter[str]:
    return Counter(answer.code if isinstance(answer, Refusal) else "booked" for answer in answers)


def rounds(
    hospital: Hospital, crowd: ThreadPoolExecutor, count: int
) -> Iterator[tuple[datetime, list[Visit | Refusal]]]:
    """A slot of its own for each round, and every client wants it."""
    doctor = hospital.doctor([("00:00", "20:00")], minutes=30)
    patients = [hospital.patient() for _ in range(CLIENTS)]
    for number in range(count):
        start = at("00:00", MONDAY + timedelta(days=number // 40)) + timedelta(minutes=30 * (number % 40))
        yield start, race(crowd, [partial(hospital.book, patient, doctor, start) for patient in patients])


def roomy(hospital: Hospital) -> Hospital:
    """Patients may hold as many visits as the race gives them."""
    hospital.clinic = replace(hospital.clinic, rules=replace(hospital.clinic.rules, max_visits=10_000))
    return hospital


def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "lock", lambda *_: None)


def drop_keys(hospital: Hospital) -> None:
    """Without the backstop. The foreign keys keep an index of their own."""
    hospital.sql("ALTER TABLE appointments ADD INDEX (doctor_id), ADD INDEX (patient_id)")
    hospital.sql("ALTER TABLE appointments DROP INDEX uq_doctor_start, DROP INDEX uq_patient_start")


class Crowd:
    """Patients who book, move and cancel at random among doctors of unequal lengths."""

    def __init__(self, hospital: Hospital, seed: int) -> None:
        self.hospital = hospital
        self.random = random.Random(seed)
        self.doctors = [hospital.doctor([("09:00", "12:00")], minutes=length) for length in (15, 30, 45, 30)]
        self.patients = [hospital.patient() for _ in range(CLIENTS // 6)]

    def asks(self, number: int) -> list[Callable[[], Any]]:
        """For one round; before every fourth, all visits are given back."""
        if number % 4 == 0:
            self.hospital.sql("UPDATE appointments SET status = 'cancelled' WHERE live = 1")
        return [self._ask() for _ in range(CLIENTS)]

    def _ask(self) -> Callable[[], Any]:
        patient, verb = self.random.choice(self.patients), self.random.choice(["book", "book", "any", "move", "cancel"])
        start = at("09:00") + timedelta(minutes=15 * self.random.randrange(12))
        doctor: int | Who = CARDIOLOGY if verb == "any" else self.random.choice(self.doctors)
        visit = self._some_visit(patient)
        if verb == "cancel" and visit:
            return partial(self.hospital.cancel, visit, patient)
        if verb == "move" and visit:
            return partial(self.hospital.move, visit, patient, doctor, start)
        return partial(self.hospital.book, patient, doctor, start)

    def _some_visit(self, patient: int) -> int | None:
        visits = "SELECT appointment_id FROM appointments WHERE patient_id = :id AND live = 1 ORDER BY RAND() LIMIT 1"
        found = self.hospital.scalar(visits, id=patient)
        return int(found) if found else None


def missed(hospital: Hospital, crowd: ThreadPoolExecutor, rounds: int) -> int:
    """Visits on a day of leave that its doctor was not told of."""
    found = 0
    patients = [hospital.patient() for _ in CLOCKS]
    for _ in range(rounds):
        doctor = hospital.doctor([("09:00", "15:00")])
        take: Callable[[], Any] = partial(
            hospital.db.run,
            leave.add,
            doctor_id=doctor,
            user_id=hospital.scalar("SELECT user_id FROM doctors WHERE doctor_id = :id", id=doctor),
            first=MONDAY,
            last=MONDAY,
            channel="test",
            clinic=hospital.clinic,
            now=hospital.now,
        )
        books: list[Callable[[], Any]] = [
            partial(hospital.book, patient, doctor, at(clock)) for patient, clock in zip(patients, CLOCKS, strict=True)
        ]
        listed = race(crowd, [*books[:6], take, *books[6:]])[6]
        assert not isinstance(listed, Refusal)
        live = hospital.scalar("SELECT COUNT(*) FROM appointments WHERE doctor_id = :id AND live = 1", id=doctor)
        found += live - len(listed)
        hospital.sql("UPDATE appointments SET status = 'cancelled'")
    return found


def _offer(session: Session, appointment_id: int, hospital: Hospital) -> Offer:
    row = session.scalars(
        select(Notification).where(Notification.appointment_id == appointment_id, Notification.kind == "offer")
    ).one()
    return offers.check(session, row, clinic=hospital.clinic, now=hospital.now)


def both_kept_and_taken(hospital: Hospital, crowd: ThreadPoolExecutor, rounds: int) -> int:
    """Times that were kept for one patient and booked by another."""
    found = 0
    lucky, *others = [hospital.patient() for _ in range(7)]
    for _ in range(rounds):
        doctor = hospital.doctor([("09:00", "12:00")], specialization=f"Ward {hospital.patient()}")
        user_id = hospital.scalar("SELECT user_id FROM doctors WHERE doctor_id = :id", id=doctor)
        visit = hospital.book(lucky, doctor, at("11:30"))
        facts = {"user_id": user_id, "channel": "test", "clinic": hospital.clinic, "now": hospital.now}
        hospital.db.run(outside.offer, appointment_id=visit.appointment_id, doctor_id=doctor, **facts)
        soon = hospital.times(doctor, hospital.clinic.today(hospital.now))[:3]
        offer: Callable[[], Any] = partial(hospital.db.run, _offer, visit.appointment_id, hospital)
        books: list[Callable[[], Any]] = [
            partial(hospital.book, patient, doctor, soon[n % 3]) for n, patient in enumerate(others)
        ]
        race(crowd, [offer, *books])
        found += hospital.scalar(KEPT_AND_TAKEN)
        hospital.sql("DELETE FROM holds")
        hospital.sql("UPDATE appointments SET status = 'cancelled'")
    return found
