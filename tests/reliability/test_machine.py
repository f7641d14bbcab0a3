"""Whatever patients, doctors and admins do, in whatever order and however many at once: the tables stay true."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event

from hospital_bot import values
from hospital_bot.models import STATUSES, Base
from hospital_bot.services import attendance, booking, erasure
from tests.hospital import Hospital
from tests.reliability import never
from tests.reliability.deeds import OFTEN, VERBS, Deeds

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
THREADS = 8
ROUNDS = 60 if PROVE else 1
DEEDS = 25
"""Of each thread in a round."""
BUSY = 0.5
"""How much of it is booking: what is rare meets nobody."""
THOUGHT = 0.04
"""Seconds between looking and writing, so that others come between if they can."""
ZONE = "Europe/Berlin"
FATE = settings(
    max_examples=250 if PROVE else 5,
    stateful_step_count=50 if PROVE else 30,
    deadline=None,
    database=None,
    derandomize=not PROVE,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
"""An example is a hospital's life of so many deeds. One that goes wrong is told as it was: to find the shortest such
life takes longer than to read it. `make test` lives the same lives every day."""


def time_to_sec(clock: str) -> int:
    """MySQL has this function; the test's SQLite learns it."""
    hours, minutes = clock.split(":")[:2]
    return 3600 * int(hours) + 60 * int(minutes)


class Life(RuleBasedStateMachine):
    """A hospital from its first day, checked after every deed."""

    open: Callable[[], Hospital]

    @initialize()
    def opens(self) -> None:
        self.hospital = type(self).open()
        self.deeds = Deeds.of(self.hospital)
        self.statuses: dict[int, str] = {}
        self.confirmed: dict[int, datetime] = {}

    @invariant()
    def all_is_well(self) -> None:
        self._note_statuses()
        problems = never.wrong(self.hospital)
        problems += [f"no reminder {each}" for each in never.unreminded(self.hospital, self.confirmed)]
        problems += [f"untrue: {message}" for message in self.deeds.untrue]
        assert problems == [], f"{problems}\n{self.story()}"

    def _note_statuses(self) -> None:
        now = never.statuses(self.hospital)
        for appointment_id, status in now.items():
            earlier = self.statuses.get(appointment_id)
            if earlier != status:
                allowed = values.NEXT[earlier] if earlier else values.FIRST
                assert status in allowed, f"{appointment_id} became {status} after {earlier}\n{self.story()}"
            if status == "confirmed" and earlier != "confirmed":
                self.confirmed[appointment_id] = self.hospital.now
        self.statuses = now

    def story(self) -> str:
        return "\n".join(self.deeds.story)

    def teardown(self) -> None:
        if hasattr(self, "deeds"):
            self.hospital.close()


def _rule(name: str) -> Any:
    def happens(self: Life, dice: random.Random) -> None:
        self.deeds.do(name, dice)
        if name == "sends":
            assert not never.counted(self.hospital, never.OVERDUE), self.story()

    happens.__name__ = name
    return rule(dice=st.randoms(use_true_random=False))(happens)


for number, each in enumerate((*VERBS, *OFTEN)):
    setattr(Life, f"{each}_{number}", _rule(each))


@pytest.fixture
def on_sqlite(tmp_path: Path) -> type[Life]:
    """Every life begins in a copy of one empty hospital."""
    empty, serial = tmp_path / "empty.db", iter(range(1_000_000))
    Hospital.build(f"sqlite:///{empty}").close()

    def opened() -> Hospital:
        copied = shutil.copy(empty, tmp_path / f"{next(serial)}.db")
        hospital = Hospital.build(f"sqlite:///{copied}", zone=ZONE)
        hospital.db.engine.dispose()
        event.listen(hospital.db.engine, "connect", lambda each, _: each.create_function("time_to_sec", 1, time_to_sec))
        return hospital

    return type("Life", (Life,), {"open": staticmethod(opened)})


@pytest.fixture
def on_mariadb(mariadb_url: str) -> type[Life]:
    def opened() -> Hospital:
        hospital = Hospital.build(mariadb_url, connections=THREADS, zone=ZONE)
        with hospital.db.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        return hospital

    return type("Life", (Life,), {"open": staticmethod(opened)})


def test_what_holds_its_time_can_be_cancelled_and_nothing_else() -> None:
    assert values.before("cancelled") == values.LIVE
    assert set(values.NEXT) == set(STATUSES)
    assert set(attendance.MARKS) <= {status for following in values.NEXT.values() for status in following}


def test_a_hospitals_life_stays_true(on_sqlite: type[Life]) -> None:
    run_state_machine_as_test(on_sqlite, settings=FATE)


@pytest.mark.mariadb
@pytest.mark.prove
@pytest.mark.skipif(not PROVE, reason="SQLite has shown the rules; `make prove` shows them here as well")
def test_on_mariadb_too(on_mariadb: type[Life]) -> None:
    run_state_machine_as_test(on_mariadb, settings=settings(FATE, max_examples=60))


def overlaps_in_a_rush(hospital: Hospital, rounds: int) -> Counter[str]:
    """Eight threads do whatever the dice say, all at once; what was wrong after the first round that went wrong."""
    deeds, found = Deeds.of(hospital), Counter[str]()
    deeds.alone = False
    dice = [random.Random(number) for number in range(THREADS)]
    gate = Barrier(THREADS)

    def rush(mine: random.Random) -> None:
        gate.wait()
        for _ in range(DEEDS):
            deeds.do("books" if mine.random() < BUSY else mine.choice((*VERBS, *OFTEN)), mine)

    with ThreadPoolExecutor(THREADS) as crowd:
        for _ in range(rounds):
            list(crowd.map(rush, dice))
            hospital.db.run(erasure.purge, now=hospital.now)  # as every hour
            found.update(never.wrong(hospital))
            if found:
                break
    return found


@pytest.fixture
def thoughtful(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = booking._settle

    def slowly(*args: Any) -> Any:
        doctor = settle(*args)
        time.sleep(THOUGHT)
        return doctor

    monkeypatch.setattr(booking, "_settle", slowly)


@pytest.mark.mariadb
@pytest.mark.prove
@pytest.mark.usefixtures("thoughtful")
def test_eight_at_once_can_do_nothing_that_one_could_not(mariadb_url: str) -> None:
    hospital = Hospital.build(mariadb_url, connections=THREADS, zone=ZONE, max_visits=1000)
    found = overlaps_in_a_rush(hospital, ROUNDS)
    hospital.close()

    assert found == Counter()


@pytest.mark.mariadb
@pytest.mark.prove
@pytest.mark.skipif(not PROVE, reason="the races' own controls are enough for every day")
@pytest.mark.usefixtures("thoughtful")
def test_without_the_lock_eight_at_once_get_into_each_others_way(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lock in ("lock", "lock_doctors"):
        monkeypatch.setattr(booking, lock, lambda *_: None)
    hospital = Hospital.build(mariadb_url, connections=THREADS, zone=ZONE, max_visits=1000)
    found = overlaps_in_a_rush(hospital, 4 * ROUNDS)  # until the first harm, which mostly comes soon
    hospital.close()

    assert found.total() > 0
