"""One time, many hands. Each proof is followed by a control: the same race with one safeguard gone must be lost."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from hospital_bot.services import booking
from hospital_bot.values import Visit, Who
from tests.booking.conftest import hospital, on_mariadb
from tests.hospital import Hospital, at
from tests.reliability.races import CLIENTS, Crowd, codes, drop_keys, no_lock, race, roomy, rounds

__all__ = ["hospital", "on_mariadb"]

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
ROUNDS = 200 if PROVE else 25


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        yield pool


def test_one_of_many_gets_the_last_time_and_the_others_see_what_is_left(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor
) -> None:
    hospital = roomy(on_mariadb)
    for start, answers in rounds(hospital, crowd, ROUNDS):
        assert codes(answers) == {"booked": 1, "slot_taken": CLIENTS - 1}
        assert start not in hospital.times(1, start.date())
    assert hospital.overlaps() == 0
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == ROUNDS


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
