"""Whatever happens between the claim and the sending, nothing is sent that is not true any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hospital_bot.services import notifications, outbox
from hospital_bot.services.notifications import Message
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Visit
from tests.delivery.conftest import Ward, ann, clock, hospital, ward

__all__ = ["ann", "clock", "hospital", "ward"]

LEASE = timedelta(minutes=3)


def changes(ward: Ward, sql: str) -> None:
    with ward.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(sql)


EVENTS: dict[str, tuple[Callable[[Ward, Visit], object], str]] = {
    "cancelled": (lambda ward, visit: ward.cancel(visit), "no visit ahead that day"),
    "moved away": (lambda ward, visit: ward.move(visit, "2026-11-25 12:00"), "no visit ahead that day"),
    "past": (lambda ward, visit: ward.hospital.clock.turn(days=2), "no visit ahead that day"),
    "unlinked": (lambda ward, visit: changes(ward, "DELETE FROM telegram_accounts"), "not linked"),
    "blocked": (
        lambda ward, visit: changes(ward, "UPDATE telegram_accounts SET blocked_at = '2026-11-20 00:00:00.000000'"),
        "the bot is blocked",
    ),
}


@pytest.fixture
async def visit(ward: Ward, ann: Phone) -> Visit:
    """Its reminder is due in a minute; everything else is sent."""
    visit = ward.book(ann, "2026-11-23 12:00")
    await ward.becomes("2026-11-22 11:59")
    ward.hospital.clock.turn(minutes=1)
    return visit


def claimed(ward: Ward) -> int:
    (mine,) = ward.hospital.do(outbox.claim, token="t", most=5, lease=LEASE)
    return mine.notification_id


def checked(ward: Ward, notification_id: int) -> Message | None:
    facts = {"notification_id": notification_id, "token": "t", "lease": LEASE, "clinic": ward.hospital.clinic}
    return ward.hospital.do(notifications.check, **facts)


async def test_undisturbed_it_would_be_sent(ward: Ward, visit: Visit) -> None:
    message = checked(ward, claimed(ward))

    assert message is not None
    assert message.kind == "reminder"


@pytest.mark.parametrize("event", EVENTS)
async def test_what_became_untrue_after_the_claim_is_not_sent(ward: Ward, visit: Visit, event: str) -> None:
    happens, why = EVENTS[event]
    mine = claimed(ward)
    happens(ward, visit)

    assert checked(ward, mine) is None
    assert ward.state("reminder")[0] == ("skipped", why)


async def test_a_visit_put_off_on_the_same_day_puts_its_reminder_off(ward: Ward, visit: Visit) -> None:
    mine = claimed(ward)
    ward.move(visit, "2026-11-23 14:00")
    assert checked(ward, mine) is None
    await ward.ticks()

    ward.hospital.clock.turn(hours=2)
    message = checked(ward, claimed(ward))
    assert message is not None


async def test_a_reminder_that_a_later_one_has_overtaken_stays_away(ward: Ward, visit: Visit) -> None:
    """Another process was quicker with the one of two hours before."""
    mine = claimed(ward)
    ward.hospital.clock.turn(hours=22)
    changes(ward, "UPDATE notifications SET state = 'sent' WHERE about LIKE '%:120'")

    assert checked(ward, mine) is None
    assert ward.state("reminder")[0] == ("skipped", "another reminder of that day is due")


async def test_an_erased_patient_leaves_nothing_to_send(ward: Ward, visit: Visit) -> None:
    mine = claimed(ward)
    changes(ward, "DELETE FROM users WHERE name = 'Ann'")

    assert checked(ward, mine) is None
