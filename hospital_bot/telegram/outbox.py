"""The dispatcher: sends what the outbox says is due.

claim some rows, committed ─► each in its turn: check again, committed ─► send ─► note what became of it, committed

Nothing is sent inside a transaction. Any number of processes may run this: a claimed row is one process's alone
until the claim ends. A process sends one message at a time, from the check to the note, so that its death can
repeat one message at most; while one waits for Telegram's pace, the others go on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from handlers import notices
from hospital_bot.clinic import Clinic
from hospital_bot.db import Database
from hospital_bot.errors import Unavailable
from hospital_bot.services import digests, notifications, outbox
from hospital_bot.services.notifications import Message
from hospital_bot.services.outbox import Claimed, Outcome
from hospital_bot.telegram.pace import Pace
from hospital_bot.telegram.refusals import Blocked, Rejected, RetryLater, Undelivered
from hospital_bot.telegram.show import Show

LEASE = timedelta(minutes=3)
"""How long a claim lasts, and how long a dead process's messages wait. No request to Telegram takes as long."""
SIDE_BY_SIDE = 50
"""Messages claimed at once. Most of them wait for their turn."""
LOOK_AGAIN = 0.25
"""Seconds until more are claimed, as room is made."""
LONGEST_TURN = 3.0
"""Seconds. A chat that must be left alone for longer gives its place to the others."""
INSIST = 0.5
"""Seconds between two tries to note what became of a message, while the database is away."""
KNOCK = 1.0
"""Seconds between two tries to reach Telegram."""
MOST_FAULTS = 8
"""After so many attempts that fail for our own fault a message is set aside. This process alone counts them: those that
Telegram put off do not count, and after a restart there may be no fault any more."""
DRAIN = 20.0
"""Seconds that `stop` gives to what is being sent."""

log = structlog.get_logger()


class Outbox:
    """`tick` sends what is due, `plan` writes the digests' rows; both are for a scheduler, `stop` is for the end."""

    def __init__(self, *, db: Database, show: Show, pace: Pace, clinic: Clinic, clock: Callable[[], datetime]) -> None:
        self._db, self._show, self._pace, self._clinic, self._clock = db, show, pace, clinic, clock
        self._token = secrets.token_hex(16)
        self._open: dict[asyncio.Task[None], int] = {}
        self._faults: Counter[int] = Counter()
        self._one = asyncio.Lock()
        self._ticking = asyncio.Lock()
        self._stopping = asyncio.Event()

    async def plan(self) -> None:
        await self._db.run_async(digests.plan_digests, clinic=self._clinic, now=self._clock())

    async def tick(self) -> None:
        """Until nothing is due and everything claimed is settled. Raises Unavailable without a database."""
        async with self._ticking:
            while not self._stopping.is_set():
                for claimed in await self._claim(SIDE_BY_SIDE - len(self._open)):
                    self._begin(claimed)
                if not self._open:
                    return
                await asyncio.wait(self._open, timeout=LOOK_AGAIN)

    async def stop(self) -> None:
        """Claim no more, finish the message that is being sent, leave the others to the next process."""
        self._stopping.set()
        async with self._ticking:
            if self._open:
                await asyncio.wait(self._open, timeout=DRAIN)
            for task in self._open:
                task.cancel()

    def _begin(self, claimed: Claimed) -> None:
        task = asyncio.create_task(self._deliver(claimed))
        self._open[task] = claimed.notification_id
        task.add_done_callback(self._open.pop)

    async def _claim(self, most: int) -> list[Claimed]:
        if most <= 0:
            return []
        busy = list(self._open.values())
        return await self._db.run_async(
            outbox.claim, token=self._token, most=most, lease=LEASE, busy=busy, now=self._clock()
        )

    async def _deliver(self, claimed: Claimed) -> None:
        """One message, whatever happens to it; the others never notice."""
        try:
            while wait := await self._attempt(claimed):
                if wait > LONGEST_TURN:
                    await self._postpone(claimed.notification_id, "Telegram wants a pause", wait)
                    return
                await asyncio.sleep(wait)
        except Unavailable:
            await self._postpone(claimed.notification_id, "no database")
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            await self._after_fault(claimed.notification_id, type(error).__name__)
        else:
            del self._faults[claimed.notification_id]

    async def _attempt(self, claimed: Claimed) -> float:
        """Deal with it if its turn has come: 0. Otherwise in how many seconds that may be."""
        async with self._one:
            if self._stopping.is_set():
                await self._settle(outbox.settle, claimed.notification_id, outcome=Outcome("waiting"))
                return 0.0
            if claimed.chat_id is not None and (wait := self._pace.take(claimed.chat_id)):
                return wait
            if message := await self._check(claimed.notification_id):
                await self._send(message)
            return 0.0

    async def _after_fault(self, notification_id: int, error: str) -> None:
        """The kind of the error alone is logged: its text may quote what a person typed."""
        log.error("notification_broken", notification_id=notification_id, error=error)
        self._faults[notification_id] += 1
        if self._faults[notification_id] < MOST_FAULTS:
            await self._postpone(notification_id, error)
        else:
            del self._faults[notification_id]
            await self._settle(outbox.settle, notification_id, outcome=Outcome("failed", error))

    async def _check(self, notification_id: int) -> Message | None:
        return await self._db.run_async(
            notifications.check,
            notification_id=notification_id,
            token=self._token,
            lease=LEASE,
            clinic=self._clinic,
            now=self._clock(),
        )

    async def _send(self, message: Message) -> None:
        screen, row = notices.screen(message.content, clinic=self._clinic, now=self._clock()), message.notification_id
        try:
            await self._show.message(message.chat_id, screen, taken=True)
        except Blocked:
            await self._settle(notifications.block, row, telegram_id=message.chat_id)
        except Rejected as refusal:
            log.warning("notification_rejected", notification_id=row, kind=message.kind)
            await self._settle(outbox.settle, row, outcome=Outcome("failed", f"rejected: {refusal.__cause__}"))
        except RetryLater as refusal:
            await self._postpone(row, "Telegram can't now", refusal.seconds)
            await self._reach()
        else:
            await self._settle(outbox.settle, row, outcome=Outcome("sent"))

    async def _reach(self) -> None:
        """Wait for Telegram, if it is out of reach. Over a broken link no message is tried: some would arrive, and be
        repeated, and each would have to wait the longer the more often it was tried."""
        while not self._stopping.is_set():
            try:
                await self._show.reach()
            except Undelivered:
                await asyncio.sleep(KNOCK)
            else:
                return

    async def _postpone(self, notification_id: int, problem: str, seconds: float = 0.0) -> None:
        await self._settle(outbox.postpone, notification_id, problem=problem, at_least=timedelta(seconds=seconds))

    async def _settle(self, settle: Callable[..., None], notification_id: int, **facts: Any) -> None:
        """Insists: what was sent, and is not written down as sent, would be sent again."""
        while True:
            try:
                await self._db.run_async(
                    settle, notification_id=notification_id, token=self._token, now=self._clock(), **facts
                )
            except Unavailable:
                await asyncio.sleep(INSIST)
            else:
                return
