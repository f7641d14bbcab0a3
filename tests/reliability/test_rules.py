"""What holds whatever is asked: the hospital's rules, a visit with its messages, an end that some order explains."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hospital_bot import schedules
from hospital_bot.errors import BadInput, Refusal, Unavailable
from hospital_bot.services import outbox
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Visit
from tests.booking.conftest import on_mariadb
from tests.delivery.conftest import Ward, ann, clock, hospital, ward
from tests.hospital import MONDAY, NOW, Hospital, at
from tests.reliability.races import race

__all__ = ["ann", "clock", "hospital", "on_mariadb", "ward"]

ORPHANS = """
SELECT COUNT(*) FROM appointments a WHERE live = 1 AND NOT EXISTS (
    SELECT 1 FROM notifications n WHERE n.appointment_id = a.appointment_id AND n.kind = 'booked'
)
"""

WRONG_TIMES = {
    "past": NOW.replace(tzinfo=None) - timedelta(days=1),
    "outside the hours": at("12:00"),
    "between two times": at("09:10"),
    "on leave": at("10:00"),
    "within the notice": NOW.replace(tzinfo=None) + timedelta(minutes=59),
    "beyond the horizon": at("09:00", MONDAY + timedelta(days=90)),
}


@pytest.mark.mariadb
@pytest.mark.parametrize("why", WRONG_TIMES)
def test_no_time_that_the_hospital_does_not_offer_is_booked(on_mariadb: Hospital, why: str) -> None:
    osei, ann = on_mariadb.doctor(), on_mariadb.patient()
    on_mariadb.leave(osei, at("10:00"), at("10:30"))
    with pytest.raises(Refusal):
        on_mariadb.book(ann, osei, WRONG_TIMES[why])

    assert on_mariadb.scalar("SELECT COUNT(*) FROM appointments") == 0
    assert on_mariadb.book(ann, osei, at("09:00")).start == at("09:00")


@pytest.mark.mariadb
def test_after_the_cut_off_a_visit_is_neither_moved_nor_cancelled(on_mariadb: Hospital) -> None:
    osei, ann = on_mariadb.doctor(), on_mariadb.patient()
    visit = on_mariadb.book(ann, osei, at("09:00"))
    on_mariadb.now = NOW.replace(day=23, hour=7, minute=1)
    for change in (partial(on_mariadb.cancel, visit, ann), partial(on_mariadb.move, visit, ann, osei, at("11:00"))):
        with pytest.raises(Refusal):
            change()

    assert on_mariadb.upcoming(ann) == [at("09:00")]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["24:00", "09:00", "25:61"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["slot_minutes", "weekly", "dates", "mon", "2026-11-23"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(stored=ANYTHING)
@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_schedule_says_it_is_refused_when_written_and_survived_when_read(stored: Any) -> None:
    as_stored = schedules.read(json.dumps(stored))
    try:
        assert schedules.check(stored) == as_stored
    except BadInput:
        assert as_stored.hours(MONDAY) == ()


@pytest.mark.mariadb
def test_one_broken_schedule_keeps_nobody_else_from_being_booked(on_mariadb: Hospital) -> None:
    broken, osei, ann = on_mariadb.doctor(), on_mariadb.doctor(), on_mariadb.patient()
    on_mariadb.write_schedule(broken, '{"slot_minutes": 0, "weekly": {"mon": [["24:00", null]]}}')

    assert on_mariadb.clocks(broken) == []
    assert on_mariadb.book(ann, osei, at("09:00")).doctor_id == osei


@pytest.mark.mariadb
def test_there_is_no_visit_without_its_messages_and_no_message_without_its_visit(
    on_mariadb: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    osei, people = on_mariadb.doctor(), [on_mariadb.patient() for _ in range(6)]
    for number, patient in enumerate(people):
        on_mariadb.book(patient, osei, at("09:00") + timedelta(minutes=30 * number))
    assert on_mariadb.scalar(ORPHANS) == 0

    put, told = outbox.put, on_mariadb.scalar("SELECT COUNT(*) FROM notifications")

    def put_and_crash(*args: Any, **facts: Any) -> None:
        put(*args, **facts)
        raise Unavailable

    monkeypatch.setattr(outbox, "put", put_and_crash)
    with pytest.raises(Unavailable):
        on_mariadb.book(people[0], osei, at("09:00", MONDAY + timedelta(days=1)))
    assert on_mariadb.scalar("SELECT COUNT(*) FROM appointments") == len(people)
    assert on_mariadb.scalar("SELECT COUNT(*) FROM notifications") == told


@pytest.mark.mariadb
def test_two_who_want_each_others_times_at_once_keep_their_own(on_mariadb: Hospital) -> None:
    osei, ann, bob = on_mariadb.doctor(), on_mariadb.patient(), on_mariadb.patient()
    first, second = on_mariadb.book(ann, osei, at("09:00")), on_mariadb.book(bob, osei, at("10:00"))
    with ThreadPoolExecutor(2) as crowd:
        for _ in range(10):
            swaps = [
                partial(on_mariadb.move, first, ann, osei, at("10:00")),
                partial(on_mariadb.move, second, bob, osei, at("09:00")),
            ]
            assert Counter(type(answer).__name__ for answer in race(crowd, swaps)) == {"SlotTaken": 2}

    assert (on_mariadb.upcoming(ann), on_mariadb.upcoming(bob)) == ([at("09:00")], [at("10:00")])


@pytest.mark.mariadb
def test_of_moving_and_cancelling_at_once_the_end_is_one_of_the_two_orders(on_mariadb: Hospital) -> None:
    osei, ann = on_mariadb.doctor(), on_mariadb.patient()
    with ThreadPoolExecutor(2) as crowd:
        for _ in range(10):
            visit = on_mariadb.book(ann, osei, at("09:00"))
            moved, cancelled = race(
                crowd, [partial(on_mariadb.move, visit, ann, osei, at("10:00")), partial(on_mariadb.cancel, visit, ann)]
            )
            assert isinstance(moved, Visit) or isinstance(cancelled, Visit)
            assert on_mariadb.upcoming(ann) in ([], [at("10:00")])
            on_mariadb.sql("UPDATE appointments SET status = 'cancelled' WHERE live = 1")


async def test_who_blocked_the_bot_is_tried_once_marked_and_called(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00")
    blocked = Fault(403, method="sendMessage", chat_id=ann.id, times=None)
    ward.hospital.telegram.limits.force(blocked)
    for wall in ("2026-11-22 12:30", "2026-11-22 18:00", "2026-11-23 09:00"):
        await ward.becomes(wall)

    assert ward.state("reminder")[0] == ("failed", "the bot is blocked")
    assert ward.hospital.scalar("SELECT MAX(attempts) FROM notifications WHERE kind = 'reminder'") == 1
    assert [call.why for call in ward.calls("2026-11-23")] == ["blocked"]
