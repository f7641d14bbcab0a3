"""How long things are kept that nobody needs any more."""

from __future__ import annotations

import pytest

from tests.chat.conftest import Hospital

THROTTLE = "INSERT INTO throttles (`key`, attempts, updated_at) VALUES ('{}', 4, '2026-11-20 08:00:00')"
CODE = """
INSERT INTO otp_codes (user_id, code, created_at, expires_at)
VALUES (1, 'x', '2026-11-20 08:00:00', '2026-11-20 08:05:00')
"""
MESSAGE = """
INSERT INTO notifications (user_id, kind, about, state, due_at)
VALUES (1, 'digest', '20261120', 'sent', '2026-11-20 08:00:00')
"""
ROWS = {
    "a code": (
        CODE,
        "otp_codes",
        1,
    ),
    "failures against a person": (THROTTLE.format("user:1"), "throttles", 90),
    "what a chat tried": (THROTTLE.format("tg:5"), "throttles", 1),
    "a conversation": (
        "INSERT INTO conversations (chat_id, data, expires_at) VALUES (5, '{}', '2026-11-21 08:00:00')",
        "conversations",
        1,
    ),
    "a message": (
        MESSAGE,
        "notifications",
        400,
    ),
    "an update": (
        "INSERT INTO telegram_updates (update_id, chat_id, created_at) VALUES (5, 5, '2026-11-20 08:00:00')",
        "telegram_updates",
        1,
    ),
}


@pytest.mark.parametrize("row", ROWS)
async def test_each_is_kept_for_its_time_and_no_longer(hospital: Hospital, row: str) -> None:
    statement, table, days = ROWS[row]
    hospital.doctor()
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    kept = []

    for turn in ({"days": days, "minutes": -1}, {"minutes": 2}):
        hospital.clock.turn(**turn)
        await hospital.product.tidy()
        kept.append(hospital.scalar(f"SELECT COUNT(*) FROM {table}"))  # noqa: S608 - a table's name

    assert kept == [1, 0]


async def test_what_was_never_sent_is_never_forgotten(hospital: Hospital) -> None:
    hospital.doctor()
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(MESSAGE.replace("'sent'", "'waiting'"))
    hospital.clock.turn(days=500)

    await hospital.product.tidy()

    assert hospital.scalar("SELECT COUNT(*) FROM notifications") == 1
