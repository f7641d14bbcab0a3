"""What a route works with: the hospital's database, its keys, its clock, a gate for slow work, and mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from hospital_bot.clinic import Clinic
from hospital_bot.db import Database
from hospital_bot.errors import Refusal
from hospital_bot.gate import Gate
from hospital_bot.keys import Keys

T = TypeVar("T")

LETTERS = 16
"""How many routes wait for the mail server at once: it may never answer, and there are forty threads for all routes."""

Send = Callable[[str, str, str], bool]
"""Mails a text (to, subject, body) once; False when it could not be sent. Blocks."""


class MailFailed(Exception):
    """The code is made, but nobody got it: it dies by itself, and another may be asked for in a minute."""

    code = "mail_failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One transaction, as a route sees it."""

    session: Any
    now: datetime

    def do(self, use_case: Callable[..., T], **facts: Any) -> T:
        """Call a service in this transaction."""
        return use_case(self.session, **facts, now=self.now)


@dataclass(frozen=True, slots=True)
class Desk:
    db: Database
    gate: Gate
    keys: Keys
    clinic: Clinic
    clock: Callable[[], datetime]
    send: Send
    places: BoundedSemaphore
    """How many routes use the database at once: in one process with a bot, the bot keeps its own share."""
    letters: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(LETTERS))

    def run(self, work: Callable[[Turn], T]) -> T:
        """The work's result after COMMIT. A refusal commits, too: it has changed nothing, but may have counted."""
        with self.places:
            result, refusal = self.db.run(_kept, work, self.clock)
        if refusal is not None:
            raise refusal
        return result  # type: ignore[return-value]  # there is a result where there is no refusal

    def do(self, use_case: Callable[..., T], **facts: Any) -> T:
        """One service in a transaction of its own."""
        return self.run(lambda turn: turn.do(use_case, **facts))

    def slow(self, work: Callable[[], T]) -> T:
        """A password's hash: few at once, and never inside a transaction. Raises Busy."""
        return self.gate.run(work)

    def mail(self, to: str, subject: str, body: str) -> None:
        """After COMMIT, at most once. Raises MailFailed."""
        if not self.letters.acquire(blocking=False):
            raise MailFailed
        try:
            if not self.send(to, subject, body):
                raise MailFailed
        finally:
            self.letters.release()


def _kept(session: Any, work: Callable[[Turn], T], clock: Callable[[], datetime]) -> tuple[T | None, Refusal | None]:
    try:
        return work(Turn(session, clock())), None
    except Refusal as refusal:
        return None, refusal


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_desk)]
