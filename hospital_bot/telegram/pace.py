"""When a request to Telegram may start: under its limits, people before bulk, never before a 429 allows it.

Limits as Telegram states them (Bots FAQ, "My bot is hitting limits"): 30 messages a second over all, 1 a second to one
person with short bursts tolerated, 20 a minute to a group.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Any, NamedTuple, Protocol

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

BULK = "bulk"
"""`rate_limit_args` of what nobody waits for: reminders, digests. It uses only what the people leave."""

TAKEN = "taken"
"""`rate_limit_args` of a bulk message whose turn was taken from `Pace.take`: it neither waits nor is tried again."""

SOON = 0.05
"""Seconds after which to ask again while people are waiting."""

LONGEST_HOLD = 60
"""Seconds. A 429 that asks for more is not waited for: the caller hears it, and nothing is sent meanwhile."""

MOST_TRIES = 5
COUNTED = ("send", "edit", "forward", "copy")
COSMETIC = "setMy"
"""Menus and descriptions have limits of their own: their 429 says nothing of messages, and is not waited for."""

Answer = bool | dict[str, Any] | list[dict[str, Any]]


class Limit(NamedTuple):
    """At most so many in any stretch of so many seconds."""

    most: int
    seconds: float

    def free_at(self, track: Track) -> float:
        return track.sent[-self.most] + self.seconds if len(track.sent) >= self.most else 0.0


class Bucket(NamedTuple):
    """One a second in the long run, with so many at once when nothing was sent for a while."""

    burst: int

    def free_at(self, track: Track) -> float:
        return track.paid_until - (self.burst - 1)


PEOPLE = (Limit(30, 1),)
ALONE = (Limit(29, 1),)
"""For bulk while nobody is there. One less than Telegram takes, for messages that catch up with others on the way."""
REST = (Limit(25, 1),)
"""For bulk while people are there: whoever taps finds a place."""
QUIET = 5.0
"""Seconds after which whoever wrote last has gone."""
PERSON = (Bucket(20),)
"""A person who walks through the menus is not made to wait for it."""
PERSON_IN_BULK = (Bucket(20), Limit(1, 1))
GROUP = (Limit(20, 60),)
LONGEST_WINDOW = 60
KEPT_CHATS = 1024


class Clock(Protocol):
    """The part of an event loop that tells the time and wakes up."""

    def time(self) -> float: ...
    def call_later(self, delay: float, callback: Callable[[], None], /) -> Wake: ...


class Wake(Protocol):
    def cancel(self) -> None: ...


@dataclass(slots=True)
class Track:
    """What was sent to one chat, or over all, and until when nothing more may be."""

    sent: deque[float] = field(default_factory=lambda: deque(maxlen=30))
    paid_until: float = 0.0
    """When all that was sent would have left, had it gone one a second."""
    held_until: float = 0.0

    def free_at(self, limits: Iterable[Limit | Bucket]) -> float:
        return max(self.held_until, *(limit.free_at(self) for limit in limits), 0.0)

    def note(self, now: float) -> None:
        self.sent.append(now)
        self.paid_until = max(self.paid_until, now) + 1

    def is_idle(self, now: float) -> bool:
        return self.held_until <= now and (not self.sent or self.sent[-1] + LONGEST_WINDOW <= now)


@dataclass(slots=True)
class Request:
    chat_id: int | None
    is_counted: bool
    is_bulk: bool
    tracks: tuple[Track, ...]
    """Over all, and the chat's."""
    start: asyncio.Future[None] | None = None
    """What it waits for; most need not wait."""

    def limits(self, *, alone: bool) -> tuple[Iterable[Limit | Bucket], Iterable[Limit | Bucket]]:
        """Over all, and for the chat."""
        if not self.is_counted:
            return (), ()
        over_all = PEOPLE if not self.is_bulk else ALONE if alone else REST
        if self.chat_id is not None and self.chat_id < 0:
            return over_all, GROUP
        return over_all, PERSON_IN_BULK if self.is_bulk else PERSON


class Pace(BaseRateLimiter[str]):
    """The library's seam for limits. ``clock`` is the running event loop unless a test turns its own."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._over_all = Track()
        self._chats: dict[int, Track] = {}
        self._waiting: tuple[deque[Request], deque[Request]] = (deque(), deque())
        self._wake: Wake | None = None
        self._wake_at = inf
        self._quiet_from = 0.0

    async def initialize(self) -> None:
        """There is nothing to open."""

    async def shutdown(self) -> None:
        """Whoever still waits is cancelled by its own caller."""
        self._sleep_no_more()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: str | None,
    ) -> Answer:
        """Make the request when it may start; after a 429 again, `MOST_TRIES` times in all. Raises RetryAfter."""
        chat_id, is_counted = _chat_id(data), endpoint.startswith(COUNTED)
        tries = 0
        while True:
            if rate_limit_args != TAKEN:
                request = self._request(chat_id, is_counted=is_counted, is_bulk=rate_limit_args == BULK)
                await self._start(request, is_first=tries > 0)
            tries += 1
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as refusal:
                if endpoint.startswith(COSMETIC):
                    raise
                self._hold(chat_id, seconds_of(refusal))
                if tries == MOST_TRIES or rate_limit_args == TAKEN:
                    raise

    def take(self, chat_id: int) -> float:
        """Take the turn of one bulk message to this chat: 0, and it must be sent as TAKEN at once.

        Otherwise nothing is taken, and it is worth asking again after so many seconds.
        """
        if self._waiting[False]:
            return SOON
        request, now = self._request(chat_id, is_counted=True, is_bulk=True), self._now()
        return 0.0 if self._starts(request, now) else self._free_at(request, now) - now

    async def _start(self, request: Request, *, is_first: bool) -> None:
        now = self._now()
        held = max(track.held_until for track in request.tracks) - now
        if held > LONGEST_HOLD:
            raise RetryAfter(timedelta(seconds=held))
        if request.is_counted and not request.is_bulk:
            self._quiet_from = now + QUIET
        if self._wake_at <= now:
            self._let_go()  # before this one, those who waited longer
        if self._starts(request, now):
            return
        request.start = asyncio.get_running_loop().create_future()
        queue = self._waiting[request.is_bulk]
        queue.appendleft(request) if is_first else queue.append(request)
        self._wake_by(self._free_at(request, now))
        await request.start

    def _let_go(self) -> None:
        """Start every waiting request that may start now, people's first; come again when the next one may."""
        now = self._now()
        for queue in self._waiting:
            for _ in range(len(queue)):
                request = queue.popleft()
                if request.start and not request.start.done() and not self._starts(request, now):
                    queue.append(request)
        self._sleep_no_more()
        self._wake_by(min((self._free_at(request, now) for queue in self._waiting for request in queue), default=inf))

    def _wake_by(self, at: float) -> None:
        if at < self._wake_at:
            self._sleep_no_more()
            self._wake_at = at
            self._wake = self._time().call_later(max(0.0, at - self._now()), self._let_go)

    def _starts(self, request: Request, now: float) -> bool:
        if self._free_at(request, now) > now:
            return False
        if request.is_counted:
            for track in request.tracks:
                track.note(now)
        if request.start:
            request.start.set_result(None)
        return True

    def _free_at(self, request: Request, now: float) -> float:
        limits = request.limits(alone=self._quiet_from <= now)
        return max(map(Track.free_at, request.tracks, limits))

    def _request(self, chat_id: int | None, *, is_counted: bool, is_bulk: bool) -> Request:
        self._forget_idle(self._now())
        chat = () if chat_id is None else (self._chats.setdefault(chat_id, Track()),)
        return Request(chat_id, is_counted, is_bulk, (self._over_all, *chat))

    def _hold(self, chat_id: int | None, seconds: float) -> None:
        track = self._over_all if chat_id is None else self._chats.setdefault(chat_id, Track())
        track.held_until = max(track.held_until, self._now() + seconds)

    def _forget_idle(self, now: float) -> None:
        if len(self._chats) > KEPT_CHATS:
            waiting = {request.chat_id for queue in self._waiting for request in queue}
            self._chats = {
                chat_id: track for chat_id, track in self._chats.items() if chat_id in waiting or not track.is_idle(now)
            }

    def _sleep_no_more(self) -> None:
        if self._wake:
            self._wake.cancel()
        self._wake, self._wake_at = None, inf

    def _time(self) -> Clock:
        return self._clock or asyncio.get_running_loop()

    def _now(self) -> float:
        return self._time().time()


def seconds_of(refusal: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    span = refusal.retry_after
    return span.total_seconds() if isinstance(span, timedelta) else float(span)


def _chat_id(data: dict[str, Any]) -> int | None:
    """None for what goes to no chat. The product writes to numbered chats only."""
    chat_id = data.get("chat_id")
    return chat_id if isinstance(chat_id, int) else None
