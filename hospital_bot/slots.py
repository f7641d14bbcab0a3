"""Pure time arithmetic: half-open spans of the clinic's wall clock. No I/O, no clock of its own.

Within a day, times are whole minutes since midnight, so that a hospital's worth of days is counted quickly.
"""

from __future__ import annotations

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


def overlap(one: Span, other: Span) -> bool:
    """True when the two share a minute; spans that only touch do not."""
    return one.start < other.end and other.start < one.end


@lru_cache(maxsize=4096)
def grid(hours: tuple[Span, ...], step: int) -> tuple[int, ...]:
    """The starts that fit whole into the working hours, every `step` minutes."""
    return tuple(start for span in hours for start in range(span.start, span.end - step + 1, step))


def free(starts: Sequence[int], length: int, busy: Sequence[Span]) -> list[int]:
    """Those of `starts` at which a visit of `length` minutes meets nothing busy."""
    if not busy:
        return list(starts)
    return [start for start in starts if not any(overlap(Span(start, start + length), taken) for taken in busy)]


def minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def at(day: date, minute: int) -> datetime:
    """The wall time that many minutes after the day's midnight."""
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def within(day: date, start: datetime, end: datetime) -> Span | None:
    """The part of [start, end) that falls on this day, in minutes; None when there is none."""
    midnight = datetime.combine(day, time())
    first = max(0, _ceil_minutes(start - midnight, up=False))
    last = min(DAY, _ceil_minutes(end - midnight, up=True))
    return Span(first, last) if first < last else None


def _ceil_minutes(gap: timedelta, *, up: bool) -> int:
    whole, rest = divmod(gap, timedelta(minutes=1))
    return whole + (1 if up and rest else 0)


def days(first: date, last: date) -> Iterable[date]:
    """Every day from `first` to `last`, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall time, aware UTC; a repeated hour means the first."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def exists(wall: datetime, zone: ZoneInfo) -> bool:
    """False for the wall times that a clock change skips."""
    return to_utc(wall, zone).astimezone(zone).replace(tzinfo=None) == wall


@lru_cache(maxsize=1024)
def changes_clock(day: date, zone: ZoneInfo) -> bool:
    """True on the one or two days a year when the zone's offset changes."""
    midnight = datetime.combine(day, time())
    return to_utc(midnight, zone) + timedelta(days=1) != to_utc(midnight + timedelta(days=1), zone)
