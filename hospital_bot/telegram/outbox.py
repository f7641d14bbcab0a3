"""The dispatcher: sends what the outbox says is due.

claim a few rows, committed ─► each: check again, committed ─► send ─► write down what became of it, committed

Nothing is sent inside a transaction. Any number of processes may run this: a claimed row is one process's alone
until the claim ends, and a sending that would last longer is given up before that.
"""

from __future__ import annotations

import asyncio
import secrets
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
from hospital_bot.services.outbox import Outcome
from hospital_bot.telegram.refusals import Blocked, Rejected, RetryLater
from hospital_bot.telegram.show import Show

LEASE = timedelta(minutes=3)
"""How long a claim lasts: a dead process's messages wait as long."""
PART_FOR_SENDING = 0.8
SIDE_BY_SIDE = 16
"""Messages on their way at once; some may be waiting for their own chat's 429."""
READERS = 4
"""Of the database's connections, those that this work may take from the people who are waiting for answers."""
LOOK_AGAIN = 0.25
"""Seconds."""
INSIST = 0.5
"""Seconds between two tries to write down what became of a message, while the database is away."""
MOST_FAULTS = 8
"""After so many attempts that fail for our own fault a message is set aside."""
DRAIN = 15.0
"""Seconds that `stop` gives to what is being sent."""

log = structlog.get_logger()


class Outbox:
    """`tick` sends what is due, `plan` writes the digests' rows; both are for a scheduler, `stop` is for the end."""

    def __init__(self, *, db: Database, show: Show, clinic: Clinic, clock: Callable[[], datetime]) -> None:
        self._db, self._show, self._clinic, self._clock = db, show, clinic, clock
        self._token = secrets.token_hex(16)
        self._open: set[asyncio.Task[None]] = set()
        self._readers = asyncio.Semaphore(READERS)
        self._ticking = asyncio.Lock()
        self._stopping = asyncio.Event()

    async def plan(self) -> None:
        await self._db.run_async(digests.plan_digests, clinic=self._clinic, now=self._clock())

    async def tick(self) -> None:
        """Until nothing is due and everything claimed is settled. Raises Unavailable without a database."""
        async with self._ticking:
            while not self._stopping.is_set():
                for notification_id in await self._claim(SIDE_BY_SIDE - len(self._open)):
                    self._begin(notification_id)
                if not self._open:
                    return
                await asyncio.wait(self._open, timeout=LOOK_AGAIN)

    async def stop(self) -> None:
        """Claim no more, finish what was begun. What Telegram makes wait too long stays for the next process."""
        self._stopping.set()
        async with self._ticking:
            if self._open:
                await asyncio.wait(self._open, timeout=DRAIN)
            for task in self._open:
                task.cancel()

    def _begin(self, notification_id: int) -> None:
        task = asyncio.create_task(self._deliver(notification_id))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _claim(self, most: int) -> list[int]:
        if most <= 0:
            return []
        return await self._db.run_async(outbox.claim, token=self._token, most=most, lease=LEASE, now=self._clock())

    async def _deliver(self, notification_id: int) -> None:
        """One message, whatever happens to it; the others never notice."""
        try:
            async with self._readers:
                message = await self._check(notification_id)
            if message:
                await self._send(message)
        except Unavailable:
            await self._settle(outbox.postpone, notification_id, problem="no database")
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            await self._set_aside(notification_id, type(error).__name__)

    async def _set_aside(self, notification_id: int, error: str) -> None:
        """The kind of the error alone is logged: its text may quote what a person typed."""
        log.error("notification_broken", notification_id=notification_id, error=error)
        await self._settle(outbox.postpone, notification_id, problem=error, most_attempts=MOST_FAULTS)

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
            async with asyncio.timeout(LEASE.total_seconds() * PART_FOR_SENDING):
                await self._show.message(message.chat_id, screen, bulk=True)
        except Blocked:
            await self._settle(notifications.block, row, telegram_id=message.chat_id)
        except Rejected as refusal:
            log.warning("notification_rejected", notification_id=row, kind=message.kind)
            await self._settle(outbox.settle, row, outcome=Outcome("failed", f"rejected: {refusal.__cause__}"))
        except RetryLater as refusal:
            await self._settle(
                outbox.postpone, row, problem="Telegram can't now", at_least=timedelta(seconds=refusal.seconds)
            )
        except TimeoutError:
            await self._settle(outbox.postpone, row, problem="Telegram is slow")
        else:
            await self._settle(outbox.settle, row, outcome=Outcome("sent"))

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
