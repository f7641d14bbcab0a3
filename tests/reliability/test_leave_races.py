"""Leave, held times and answers meet bookings. Each proof is followed by a control without the lock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from hospital_bot.errors import TooLate
from hospital_bot.services import approvals, booking
from tests.booking.conftest import hospital, on_mariadb
from tests.hospital import Hospital, at
from tests.reliability.races import CLIENTS, CLOCKS, both_kept_and_taken, missed, race

__all__ = ["hospital", "on_mariadb"]

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

MOST = 20
"""Rounds of five. A control is over with the first harm."""


@pytest.fixture(autouse=True)
def thoughtful(on_mariadb: Hospital) -> None:
    """Everybody hesitates between looking and writing: whatever can come in between does."""

    def hesitate(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(("INSERT INTO appointments", "INSERT INTO holds", "INSERT INTO time_off")):
            time.sleep(0.02)

    event.listen(on_mariadb.db.engine, "before_cursor_execute", hesitate)


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        yield pool


def test_leave_lists_every_visit_that_is_booked_meanwhile(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    assert missed(on_mariadb, crowd, 20) == 0


def test_without_the_lock_leave_misses_some(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "lock_doctors", lambda *_: None)

    assert any(missed(on_mariadb, crowd, 5) for _ in range(MOST))


def test_a_time_is_kept_or_booked_never_both(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    assert both_kept_and_taken(on_mariadb, crowd, 20) == 0


def test_without_the_lock_a_time_is_kept_and_booked(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "lock_doctors", lambda *_: None)

    assert any(both_kept_and_taken(on_mariadb, crowd, 5) for _ in range(MOST))


def test_of_confirm_and_decline_at_once_one_stands(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    hospital = on_mariadb
    doctor, patient = hospital.doctor([("09:00", "15:00")]), hospital.patient()
    hospital.sql("UPDATE doctors SET approval = 1")
    user_id = hospital.scalar("SELECT user_id FROM doctors")
    for clock in CLOCKS[:4]:
        visit = hospital.book(patient, doctor, at(clock))
        facts = {"appointment_id": visit.appointment_id, "doctor_id": doctor, "user_id": user_id, "channel": "test"}
        facts |= {"clinic": hospital.clinic, "now": hospital.now}
        answers = race(
            crowd, [partial(hospital.db.run, act, **facts) for act in (approvals.confirm, approvals.decline)]
        )

        assert sum(isinstance(answer, TooLate) for answer in answers) == 1
        told = hospital.scalar(
            "SELECT COUNT(*) FROM notifications WHERE appointment_id = :id AND kind IN ('confirmed', 'offer')",
            id=visit.appointment_id,
        )
        assert told == 1
