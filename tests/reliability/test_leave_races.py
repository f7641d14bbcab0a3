"""Leave, held times and answers meet bookings. Each proof is followed by a control without the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot.errors import Refusal, TooLate
from hospital_bot.models import Notification
from hospital_bot.services import approvals, booking, leave, offers, outside
from hospital_bot.services.offers import Offer
from tests.booking.conftest import hospital, on_mariadb
from tests.hospital import MONDAY, Hospital, at

__all__ = ["hospital", "on_mariadb"]

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

CLIENTS = 12
CLOCKS = [f"{9 + n // 2:02}:{30 * (n % 2):02}" for n in range(CLIENTS)]
KEPT_AND_TAKEN = """
SELECT COUNT(*) FROM holds h JOIN appointments a
    ON a.doctor_id = h.doctor_id AND a.appointment_date = h.hold_date AND a.appointment_time = h.hold_time
WHERE a.live = 1
"""


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        yield pool


def race(crowd: ThreadPoolExecutor, acts: list[Callable[[], Any]]) -> list[Any]:
    """All at the same moment."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal

    return list(crowd.map(run, acts))


def missed(hospital: Hospital, crowd: ThreadPoolExecutor, rounds: int) -> int:
    """Visits on a day of leave that its doctor was not told of."""
    found = 0
    patients = [hospital.patient() for _ in range(CLIENTS)]
    for _ in range(rounds):
        doctor = hospital.doctor([("09:00", "15:00")])
        take = partial(
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
        books = [
            partial(hospital.book, patient, doctor, at(clock)) for patient, clock in zip(patients, CLOCKS, strict=True)
        ]
        listed = race(crowd, [*books[:6], take, *books[6:]])[6]
        live = hospital.scalar("SELECT COUNT(*) FROM appointments WHERE doctor_id = :id AND live = 1", id=doctor)
        found += live - len(listed)
        hospital.sql("UPDATE appointments SET status = 'cancelled'")
    return found


def test_leave_lists_every_visit_that_is_booked_meanwhile(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    assert missed(on_mariadb, crowd, 20) == 0


def test_without_the_lock_leave_misses_some(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "lock_doctors", lambda *_: None)

    assert missed(on_mariadb, crowd, 40) > 0


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
        books = [partial(hospital.book, patient, doctor, soon[n % 3]) for n, patient in enumerate(others)]
        race(crowd, [partial(hospital.db.run, _offer, visit.appointment_id, hospital), *books])
        found += hospital.scalar(KEPT_AND_TAKEN)
        hospital.sql("DELETE FROM holds")
        hospital.sql("UPDATE appointments SET status = 'cancelled'")
    return found


def test_a_time_is_kept_or_booked_never_both(on_mariadb: Hospital, crowd: ThreadPoolExecutor) -> None:
    assert both_kept_and_taken(on_mariadb, crowd, 20) == 0


def test_without_the_lock_a_time_is_kept_and_booked(
    on_mariadb: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "lock_doctors", lambda *_: None)

    assert both_kept_and_taken(on_mariadb, crowd, 60) > 0


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
