"""`hospital-bot run`, made to die at a named point, or to send without a lease: `… run POINT QUOTA`, `… run unleased`.

The process dies the next time it passes the point after it has sent so many messages.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from hospital_bot import cli, wiring
from hospital_bot.services import outbox as rows
from hospital_bot.telegram import outbox, pace
from hospital_bot.telegram.show import Show

LEASE = timedelta(seconds=4)

sent = 0


def dies_after(quota: int) -> None:
    if sent >= quota:
        os.kill(os.getpid(), signal.SIGKILL)


def before_claim(quota: int) -> None:
    claim = rows.claim

    def claim_or_die(session: Session, **facts: Any) -> list[rows.Claimed]:
        dies_after(quota)
        return claim(session, **facts)

    rows.claim = claim_or_die


def after_claim(quota: int) -> None:
    claim = outbox.Outbox._claim

    async def claim_and_die(self: outbox.Outbox, most: int) -> list[rows.Claimed]:
        if claimed := await claim(self, most):
            dies_after(quota)
        return claimed

    outbox.Outbox._claim = claim_and_die  # type: ignore[method-assign]


def after_send(quota: int) -> None:
    send = Show.message

    async def send_and_die(self: Show, *args: Any, **facts: Any) -> int:
        message_id = await send(self, *args, **facts)
        dies_after(quota)
        return message_id

    Show.message = send_and_die  # type: ignore[method-assign]


def before_mark(quota: int) -> None:
    """The note is written, and dies with the process before it is committed."""
    settle = rows.settle

    def settle_and_die(session: Session, **facts: Any) -> None:
        settle(session, **facts)
        if facts["outcome"].state == "sent":
            dies_after(quota)

    rows.settle = settle_and_die


POINTS: dict[str, Callable[[int], None]] = {
    "before claim": before_claim,
    "after claim": after_claim,
    "after send": after_send,
    "before mark": before_mark,
}


def count_sent() -> None:
    send = Show.message

    async def send_and_count(self: Show, *args: Any, **facts: Any) -> int:
        global sent  # noqa: PLW0603 - this process's own count
        message_id = await send(self, *args, **facts)
        sent += 1
        return message_id

    Show.message = send_and_count  # type: ignore[method-assign]


def main(command: str, point: str = "", quota: str = "0") -> None:
    pace.ALONE = pace.REST = pace.PERSON_IN_BULK = ()  # type: ignore[assignment]  # the pace is proven elsewhere
    outbox.LEASE = timedelta() if point == "unleased" else LEASE
    outbox.SIDE_BY_SIDE, outbox.LOOK_AGAIN = 5, 0.02
    wiring.SENDING = timedelta(seconds=1)
    count_sent()
    if point in POINTS:
        POINTS[point](int(quota))
    cli.app([command])


if __name__ == "__main__":
    main(*sys.argv[1:])
