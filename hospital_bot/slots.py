"""Pure time arithmetic: half-open spans of the clinic's wall clock. No I/O, no clock of its own.

Within a day, times are whole minutes since midnight, so that a hospital's worth of days is counted quickly.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 24 * 60
"""Minutes of a day on the wall clock."""


class Span(NamedTuple):
    """Minutes since midnight, half-open: [start, end)."""

    start: int
    end: int


@lru_cache(maxsize=4096)
def grid(hours: tuple[Span, ...], step: int) -> tuple[int, ...]:
    """The starts that fit whole into the working hours, every `step` minutes."""
    return tuple(start for span in hours for start in range(span.start, span.end - step + 1, step))


def free(starts: Sequence[int], length: int, busy: Sequence[Span]) -> list[int]:
    """Those of `starts`, which ascend, at which a visit of `length` minutes meets nothing busy.

    Spans that only touch do not meet.
    """
    met: set[int] = set()
    for begin, end in busy:
        met.update(starts[bisect_right(starts, begin - length) : bisect_left(starts, end)])
    return [start for start in starts if start not in met]


def minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def at(day: date, minute: int) -> datetime:
    """The wall time that many minutes after the day's midnight."""
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def within(day: date, start: datetime, end: datetime) -> Span | None:
    """The part of [start, end) that falls on this day, in minutes; None when there is none."""
    midnight, minute = datetime.combine(day, time()), timedelta(minutes=1)
    first = max(0, (start - midnight) // minute)
    last = min(DAY, -((midnight - end) // minute))
    return Span(first, last) if first < last else None


def visit(clock: time, length: int) -> Span:
    """Every minute that a visit touches; it may end past midnight."""
    begin = minutes(clock)
    return Span(begin, begin + max(length, 1) + (1 if clock.second or clock.microsecond else 0))


def by_day(day: date, span: Span) -> dict[date, Span]:
    """One that ends past midnight takes some of the next day's minutes."""
    if span.end <= DAY:
        return {day: span}
    return {day: Span(span.start, DAY), day + timedelta(days=1): Span(0, span.end - DAY)}


def days(first: date, last: date) -> Iterable[date]:
    """Every day from `first` to `last`, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall time, aware UTC; a repeated hour means the first."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def whole(start: datetime, length: int, zone: ZoneInfo) -> bool:
    """False for a visit of `length` minutes that meets a wall time which a clock change skips.

    It would begin at no time at all, or last into the visit after it.
    """
    rest = timedelta(minutes=length - 1)
    last = (to_utc(start, zone) + rest).astimezone(zone).replace(tzinfo=None)
    return last <= start + rest


@lru_cache(maxsize=1024)
def changes_clock(day: date, zone: ZoneInfo) -> bool:
    """True on the one or two days a year when the zone's offset changes."""
    midnight = datetime.combine(day, time())
    return to_utc(midnight, zone) + timedelta(days=1) != to_utc(midnight + timedelta(days=1), zone)
