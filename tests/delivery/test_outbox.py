"""One row is one process's at a time, and whatever Telegram or we do wrong, the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hospital_bot.models import Notification
from hospital_bot.services import notifications, outbox
from hospital_bot.services.outbox import Draft, Outcome
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import outbox as sender
from hospital_bot.telegram.outbox import MOST_FAULTS
from tests.delivery.conftest import Ward
from tests.hospital import Hospital

LEASE = timedelta(minutes=3)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    """Three people and no message yet."""
    sqlite = request.param == "sqlite"
    hospital = Hospital.build(f"sqlite:///{tmp_path}/h.db" if sqlite else request.getfixturevalue("mariadb_url"))
    for name in ("Ann", "Bob", "Cy"):
        hospital.user(name, "patient")
    yield hospital
    hospital.close()


def put(rows: Hospital, *due: float, user_id: int = 1, about: str = "") -> None:
    """Messages due so many minutes from now."""
    drafts = [
        Draft(user_id, "reminder", about or f"{minutes}", rows.now + timedelta(minutes=minutes)) for minutes in due
    ]
    rows.db.run(outbox.put, drafts, now=rows.now)


def claim(rows: Hospital, process: str = "a", most: int = 10, busy: Collection[int] = ()) -> list[int]:
    claimed = rows.db.run(outbox.claim, token=process, most=most, lease=LEASE, busy=busy, now=rows.now)
    return [each.notification_id for each in claimed]


def settle(rows: Hospital, notification_id: int, outcome: Outcome, process: str = "a") -> None:
    rows.db.run(outbox.settle, notification_id=notification_id, token=process, outcome=outcome, now=rows.now)


def test_what_is_due_is_claimed_once_the_longest_waiting_first(rows: Hospital) -> None:
    put(rows, -1, -3, -2, 5)

    assert (claim(rows, most=2), claim(rows, "b"), claim(rows)) == ([2, 3], [1], [])


def test_what_a_process_is_dealing_with_it_does_not_claim_again(rows: Hospital) -> None:
    """But a claim whose COMMIT it never heard of, it does."""
    put(rows, -1, -2)
    claim(rows)
    rows.now += LEASE

    assert claim(rows, busy=[2]) == [1]


def test_a_dead_process_keeps_its_messages_only_for_a_while(rows: Hospital) -> None:
    put(rows, -1)
    claim(rows)
    rows.now += LEASE - timedelta(seconds=1)
    assert claim(rows, "b") == []

    rows.now += timedelta(seconds=1)
    assert claim(rows, "b") == [1]


def test_who_lost_a_message_to_another_process_neither_holds_nor_settles_it(rows: Hospital) -> None:
    put(rows, -1)
    claim(rows)
    rows.now += LEASE
    claim(rows, "b")
    settle(rows, 1, Outcome("sent"))

    held = [rows.db.run(outbox.held, notification_id=1, token=by, lease=LEASE, now=rows.now) for by in "ab"]
    assert [row and row.notification_id for row in held] == [None, 1]
    assert rows.scalar("SELECT state FROM notifications") == "waiting"


def test_a_claim_that_waits_long_for_its_turn_is_lengthened(rows: Hospital) -> None:
    put(rows, -1)
    claim(rows)
    rows.now += LEASE * 0.9
    rows.db.run(outbox.held, notification_id=1, token="a", lease=LEASE, now=rows.now)
    rows.now += LEASE * 0.9

    assert claim(rows, "b") == []


def test_a_matter_told_again_earlier_is_told_once_and_then(rows: Hospital) -> None:
    put(rows, 60, about="day")
    put(rows, 30, about="day")
    put(rows, 90, about="day")
    rows.now += timedelta(minutes=30)
    (row,) = claim(rows)
    settle(rows, row, Outcome("sent"))
    assert rows.scalar("SELECT COUNT(*) FROM notifications") == 1

    put(rows, 10, about="day")
    rows.now += timedelta(minutes=10)
    assert claim(rows) == [row]


def test_a_message_on_its_way_is_not_called_back_but_told_again(rows: Hospital) -> None:
    put(rows, -1, about="day")
    (row,) = claim(rows)
    put(rows, 60, about="day")
    settle(rows, row, Outcome("sent"))
    assert claim(rows, "b") == []

    rows.now += timedelta(minutes=60)
    assert claim(rows) == [row]


def test_every_attempt_waits_longer_and_as_long_as_telegram_wants_for_ten_minutes_at_most(rows: Hospital) -> None:
    """Whoever sends keeps a longer pause by itself."""
    put(rows, -1)
    waits = []
    for attempt in range(12):
        claim(rows)
        least = timedelta(seconds={1: 300, 11: 3600}.get(attempt, 0))
        facts: dict[str, Any] = {"notification_id": 1, "token": "a", "problem": "no", "at_least": least}
        rows.db.run(outbox.postpone, **facts, now=rows.now)
        with rows.db.engine.connect() as connection:
            again = connection.execute(Notification.__table__.select()).one().claimed_until_at
        waits.append(int((again - rows.now).total_seconds()))
        rows.now = again

    assert waits == [2, 300, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]


def test_what_a_wrong_clock_put_off_does_not_wait_until_the_right_one_is_there(rows: Hospital) -> None:
    put(rows, -1, -2)
    assert claim(rows, "b", most=1) == [2]
    rows.now += timedelta(hours=1)
    assert claim(rows) == [2, 1]
    rows.db.run(outbox.postpone, notification_id=1, token="a", problem="no", now=rows.now)

    rows.now -= timedelta(hours=1)

    assert claim(rows) == [1]


def test_an_unknown_claim_is_postponed_by_nobody(rows: Hospital) -> None:
    put(rows, -1)
    rows.db.run(outbox.postpone, notification_id=1, token="b", problem="no", now=rows.now)

    assert claim(rows) == [1]


@pytest.fixture
async def bob(ward: Ward, ann: Phone) -> Phone:
    """He and Ann have visits on the same day."""
    bob = await ward.patient("Bob")
    ward.book(ann, "2026-11-23 12:00")
    ward.book(bob, "2026-11-23 12:30")
    return bob


async def test_a_blocked_bot_is_final_until_it_is_let_in_again(ward: Ward, ann: Phone, bob: Phone) -> None:
    await ann.blocks()
    ward.hospital.db.run(
        lambda session: session.connection().exec_driver_sql("UPDATE telegram_accounts SET blocked_at = NULL")
    )
    await ward.becomes("2026-11-22 12:30")
    assert ward.state("reminder")[0] == ("failed", "the bot is blocked")
    assert [call.why for call in ward.calls("2026-11-23")] == ["blocked"]
    assert len(ward.news(bob)) == 1

    await ann.unblocks()
    await ward.becomes("2026-11-23 10:30")
    assert ["12:00" in text for text in ward.texts(ann)] == [True]


async def test_429_is_waited_for_and_nothing_is_dropped(ward: Ward, ann: Phone, bob: Phone) -> None:
    ward.hospital.telegram.limits.force(Fault(retry_after=120, chat_id=ann.id))
    await ward.becomes("2026-11-22 12:30")
    assert (len(ward.news(bob)), ward.news(ann)) == (1, [])

    await ward.becomes("2026-11-22 12:31")
    assert ward.news(ann) == []
    forget_pace(ward)
    await ward.becomes("2026-11-22 12:32:01")
    assert len(ward.news(ann)) == 1


def forget_pace(ward: Ward) -> None:
    """Its holds are counted on the event loop's clock, which no test turns."""
    ward.hospital.product.bot.rate_limiter._chats.clear()  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [500, 502])
async def test_telegrams_trouble_is_outlasted(ward: Ward, ann: Phone, bob: Phone, status: int) -> None:
    ward.hospital.telegram.limits.force(Fault(status, method="sendMessage", times=1, chat_id=ann.id))
    await ward.becomes("2026-11-22 12:30")
    assert (len(ward.news(bob)), ward.news(ann)) == (1, [])

    await ward.becomes("2026-11-22 12:31")
    assert (len(ward.news(bob)), len(ward.news(ann))) == (0, 1)


async def test_while_telegrams_answers_are_lost_no_further_message_is_tried(
    ward: Ward, ann: Phone, bob: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent then arrives, and is sent again: that must be one message, not each of them, again and again."""
    monkeypatch.setattr(sender, "KNOCK", 0.01)
    knocks, limits = Fault(502, method="getMe", times=100), ward.hospital.telegram.limits
    limits.force(knocks)
    limits.force(Fault(502, times=None, is_carried_out=True))
    sending = asyncio.create_task(ward.becomes("2026-11-22 12:30"))
    async with asyncio.timeout(20):
        while (knocks.times or 0) > 90:  # noqa: ASYNC110 - nobody tells when the bot knocked
            await asyncio.sleep(0.01)
    assert len(ward.news(ann) + ward.news(bob)) == 1

    limits.clear()
    await sending
    await ward.becomes("2026-11-22 12:31")
    assert len(ward.news(ann) + ward.news(bob)) == 2


async def test_what_telegram_will_never_take_is_tried_once(
    ward: Ward, ann: Phone, bob: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.hospital.telegram.limits.force(Fault(400, method="sendMessage", times=None, chat_id=ann.id))
    await ward.becomes("2026-11-22 12:30")

    assert ward.state("reminder")[0][0] == "failed"
    assert len(ward.news(bob)) == 1
    assert [call.why for call in ward.calls("2026-11-23")] == ["not delivered"]


async def test_a_row_nobody_understands_is_set_aside_and_stops_nobody(ward: Ward, ann: Phone, bob: Phone) -> None:
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE notifications SET facts = '[]' WHERE user_id = 2 AND kind = 'reminder'")
    for minute in range(MOST_FAULTS + 1):
        await ward.becomes(f"2026-11-22 {12 + minute}:40")

    assert len(ward.news(bob)) == 1
    assert ("failed", "KeyError") in ward.state("reminder")


async def test_what_telegram_put_off_is_no_fault_of_the_message(ward: Ward, ann: Phone) -> None:
    ward.book(ann, "2026-11-23 12:00")
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE notifications SET attempts = ?, facts = '[]'", (MOST_FAULTS,))
    await ward.becomes("2026-11-22 12:40")
    assert ("waiting", "KeyError") in ward.state("reminder")

    with ward.hospital.db.engine.begin() as connection:
        facts = '{"day": "2026-11-23", "seconds": 86400}'
        connection.exec_driver_sql("UPDATE notifications SET facts = ? WHERE kind = 'reminder'", (facts,))
    await ward.becomes("2026-11-22 13:40")

    assert len(ward.news(ann)) == 1


async def test_what_is_unlinked_between_claim_and_check_is_not_sent(ward: Ward, ann: Phone, bob: Phone) -> None:
    hospital = ward.hospital
    ward.hospital.clock.now += timedelta(days=2, hours=4)
    (mine, _) = [hospital.do(outbox.claim, token="t", most=1, lease=LEASE)[0].notification_id for _ in range(2)]
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM telegram_accounts")
    facts = {"notification_id": mine, "token": "t", "lease": LEASE, "clinic": hospital.clinic}

    assert hospital.do(notifications.check, **facts) is None
    assert ("skipped", "not linked") in [*ward.state("reminder"), *ward.state("booked")]
