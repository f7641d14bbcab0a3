"""One time, many hands. Each proof is followed by a control: the same race with one safeguard gone must be lost."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from hospital_bot.errors import Refusal
from hospital_bot.services import booking
from hospital_bot.values import Visit, Who
from tests.booking.conftest import hospital, on_mariadb
from tests.hospital import MONDAY, Hospital, at

__all__ = ["hospital", "on_mariadb"]

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

CLIENTS = 32
PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
ROUNDS = 200 if PROVE else 25
CARDIOLOGY = Who.any_of("Cardiology")

Answer = Visit | Refusal


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        yield pool


def race(crowd: ThreadPoolExecutor, asks: Sequence[Callable[[], Visit]]) -> list[Answer]:
    """All of them at the same moment."""
    start = Barrier(len(asks))

    def run(ask: Callable[[], Visit]) -> Answer:
        start.wait()
        try:
            return ask()
        except Refusal as refusal:
            return refusal

    return list(crowd.map(run, asks))


def codes(answers: list[Answer]) -> Counter[str]:
    return Counter(answer.code if isinstance(answer, Refusal) else "booked" for answer in answers)


def rounds(hospital: Hospital, crowd: ThreadPoolExecutor, count: int) -> Iterator[tuple[Any, list[Answer]]]:
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


def test_one_of_many_gets_the_last_time_and_the_others_see_what_is_left(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor
) -> None:
    hospital = roomy(on_mariadb)
    for start, answers in rounds(hospital, crowd, ROUNDS):
        assert codes(answers) == {"booked": 1, "slot_taken": CLIENTS - 1}
        assert start not in hospital.times(1, start.date())
    assert hospital.overlaps() == 0
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == ROUNDS


def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "lock", lambda *_: None)


def drop_keys(hospital: Hospital) -> None:
    """Without the backstop. The foreign keys keep an index of their own."""
    hospital.sql("ALTER TABLE appointments ADD INDEX (doctor_id), ADD INDEX (patient_id)")
    hospital.sql("ALTER TABLE appointments DROP INDEX uq_doctor_start, DROP INDEX uq_patient_start")


def test_without_the_lock_and_the_keys_the_same_race_books_twice(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = roomy(on_mariadb)
    no_lock(monkeypatch)
    drop_keys(hospital)
    assert any(codes(answers)["booked"] > 1 for _, answers in rounds(hospital, crowd, 25))
    assert hospital.overlaps() > 0


def test_the_lock_alone_is_enough_without_the_keys(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    hospital = roomy(on_mariadb)
    drop_keys(hospital)
    assert all(codes(answers)["booked"] == 1 for _, answers in rounds(hospital, crowd, ROUNDS // 2))
    assert hospital.overlaps() == 0


def test_an_older_snapshot_under_repeatable_read_books_twice_in_spite_of_the_lock(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = roomy(on_mariadb)
    drop_keys(hospital)
    read_before_the_lock(hospital, monkeypatch)
    hospital.db.engine = hospital.db.engine.execution_options(isolation_level="REPEATABLE READ")
    assert any(codes(answers)["booked"] > 1 for _, answers in rounds(hospital, crowd, 25))
    assert hospital.overlaps() > 0


def test_a_read_before_the_lock_does_no_harm_under_read_committed(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital = roomy(on_mariadb)
    drop_keys(hospital)
    read_before_the_lock(hospital, monkeypatch)
    assert all(codes(answers)["booked"] == 1 for _, answers in rounds(hospital, crowd, ROUNDS // 2))
    assert hospital.overlaps() == 0


def read_before_the_lock(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a conversation step does, which looks at its chat first."""
    lock = booking.lock

    def late(session: Any, who: Who, patient_id: int) -> None:
        session.execute(text("SELECT COUNT(*) FROM appointments")).scalar()
        lock(session, who, patient_id)

    monkeypatch.setattr(booking, "lock", late)


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


def test_whatever_a_crowd_does_no_two_visits_meet(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    people, seen = Crowd(on_mariadb, 7), Counter[str]()
    for number in range(ROUNDS):
        seen += codes(race(crowd, people.asks(number)))
        assert on_mariadb.overlaps() == 0
    held = "SELECT MAX(n) FROM (SELECT COUNT(*) n FROM appointments WHERE live = 1 GROUP BY patient_id) counted"
    assert on_mariadb.scalar(held) <= on_mariadb.clinic.rules.max_visits
    assert on_mariadb.scalar("SELECT COUNT(*) FROM appointments WHERE moved_from IS NOT NULL") > 0
    assert min(seen["booked"], seen["slot_taken"], seen["patient_busy"], seen["not_offered"]) > 0


def test_without_the_lock_unequal_lengths_meet_in_spite_of_the_keys(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_lock(monkeypatch)
    people = Crowd(on_mariadb, 7)
    assert any(race(crowd, people.asks(number)) and on_mariadb.overlaps() for number in range(40))


def test_parallel_taps_of_one_patient_book_once_and_all_say_the_same(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor
) -> None:
    osei, ann = on_mariadb.doctor(), on_mariadb.patient()
    answers = race(crowd, [partial(on_mariadb.book, ann, osei, at("09:00"))] * CLIENTS)
    assert len({answer.appointment_id for answer in answers if isinstance(answer, Visit)}) == 1
    assert codes(answers) == {"booked": CLIENTS}


def test_two_times_at_once_that_meet_leave_the_patient_with_one(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor
) -> None:
    osei, lang, ann = on_mariadb.doctor(), on_mariadb.doctor(minutes=45), on_mariadb.patient()
    asks = [partial(on_mariadb.book, ann, osei, at("09:30")), partial(on_mariadb.book, ann, lang, at("09:00"))]
    assert codes(race(crowd, asks * 8)) == {"booked": 8, "patient_busy": 8}
    assert len(on_mariadb.upcoming(ann)) == 1


def test_many_taps_at_once_do_not_pass_the_most_visits_allowed(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    ann = on_mariadb.patient()
    doctors = [on_mariadb.doctor([("09:00", "17:00")]) for _ in range(3)]
    starts = [at("09:00") + timedelta(minutes=30 * number) for number in range(12)]
    asks = [partial(on_mariadb.book, ann, doctors[number % 3], start) for number, start in enumerate(starts)]
    assert codes(race(crowd, asks)) == {"booked": 5, "too_many_visits": 7}


def test_a_freed_time_goes_to_one_of_those_who_wait(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    osei, ann = on_mariadb.doctor(), on_mariadb.patient()
    others = [on_mariadb.patient() for _ in range(CLIENTS - 1)]
    for _ in range(ROUNDS // 5):
        visit = on_mariadb.book(ann, osei, at("09:00"))
        asks = [partial(on_mariadb.book, other, osei, at("09:00")) for other in others]
        answers = race(crowd, [partial(on_mariadb.cancel, visit, ann), *asks])
        winners = [answer for answer in answers[1:] if isinstance(answer, Visit)]
        assert len(winners) <= 1
        for winner in winners:
            on_mariadb.cancel(winner, winner.patient_id)
