"""Working hours: the JSON of `doctors.availability_schedule`, checked on every write, tolerated on every read.

    {"slot_minutes": 30,
     "weekly": {"mon": [["09:00", "13:00"], ["14:00", "17:00"]]},
     "dates": {"2026-12-24": [["09:00", "12:00"]], "2026-12-25": []}}

A date under `dates` replaces that day's weekly hours; an empty list closes the day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from itertools import pairwise
from typing import Any

from hospital_bot.errors import BadInput
from hospital_bot.slots import Span, grid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SLOT_MINUTES = range(5, 241)
MAX_DATES = 1000

Hours = tuple[Span, ...]

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A doctor's hours; `weekly` runs from Monday to Sunday."""

    slot_minutes: int
    weekly: tuple[Hours, ...]
    dates: Mapping[date, Hours]

    def hours(self, day: date) -> Hours:
        return self.dates.get(day, self.weekly[day.weekday()])

    def starts(self, day: date) -> tuple[int, ...]:
        """The minutes after midnight at which a visit can begin that day, booked or not."""
        return grid(self.hours(day), self.slot_minutes)

    def to_json(self) -> dict[str, Any]:
        return {
            "slot_minutes": self.slot_minutes,
            "weekly": {name: _pairs(hours) for name, hours in zip(WEEKDAYS, self.weekly, strict=True) if hours},
            "dates": {day.isoformat(): _pairs(hours) for day, hours in sorted(self.dates.items())},
        }


CLOSED = Schedule(30, ((),) * 7, {})
"""What an unreadable schedule counts as: nothing is offered, and nobody else is disturbed."""


def check(raw: Any) -> Schedule:
    """The schedule this JSON means. Raises BadInput, whose detail names the place that is wrong."""
    if not isinstance(raw, dict) or not raw.keys() <= {"slot_minutes", "weekly", "dates"}:
        raise BadInput("schedule", "shape", "expected slot_minutes, weekly and dates")
    slot_minutes = raw.get("slot_minutes", 30)
    if type(slot_minutes) is not int or slot_minutes not in SLOT_MINUTES:
        raise BadInput("schedule", "slot_minutes", f"a whole number from {SLOT_MINUTES[0]} to {SLOT_MINUTES[-1]}")
    weekly, dates = raw.get("weekly", {}), raw.get("dates", {})
    if not isinstance(weekly, dict) or not weekly.keys() <= set(WEEKDAYS):
        raise BadInput("schedule", "weekly", "days are " + ", ".join(WEEKDAYS))
    if not isinstance(dates, dict) or len(dates) > MAX_DATES:
        raise BadInput("schedule", "dates", f"a list of at most {MAX_DATES} dates")
    return Schedule(
        slot_minutes,
        tuple(_hours(weekly.get(name, []), name) for name in WEEKDAYS),
        {_date(name): _hours(pairs, name) for name, pairs in dates.items()},
    )


@lru_cache(maxsize=4096)
def read(stored: str | None) -> Schedule:
    """As `check`, for the JSON text that is already stored: what can't be understood is closed."""
    try:
        return check(json.loads(stored or "null"))
    except (BadInput, ValueError, RecursionError):
        return CLOSED


def parse_weekly(text: str) -> dict[str, list[list[str]]]:
    """The `weekly` JSON of a line such as `mon-fri 09:00-13:00 14:00-17:00; sat 09:00-12:00`."""
    weekly: dict[str, list[list[str]]] = {}
    for part in filter(None, (piece.strip() for piece in text.lower().split(";"))):
        names, *ranges = part.split()
        if not ranges:
            raise BadInput("weekly", "no_hours", part)
        for name in day_names(names):
            if name in weekly:
                raise BadInput("weekly", "day_twice", name)
            weekly[name] = [_range(item) for item in ranges]
    if not weekly:
        raise BadInput("weekly", "empty", "for example: mon-fri 09:00-13:00 14:00-17:00; sat 09:00-12:00")
    for name, pairs in weekly.items():
        _hours(pairs, name)
    return weekly


def weekly_text(schedule: Schedule) -> str:
    """The line that `parse_weekly` reads, with equal neighbouring days joined."""
    parts: list[tuple[list[str], str]] = []
    for name, hours in zip(WEEKDAYS, schedule.weekly, strict=True):
        line = " ".join(f"{_clock(span.start)}-{_clock(span.end)}" for span in hours)
        if parts and parts[-1][1] == line:
            parts[-1][0].append(name)
        else:
            parts.append(([name], line))
    return "; ".join(f"{_day_range(names)} {line}" for names, line in parts if line)


def _day_range(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"


def day_names(text: str) -> Iterable[str]:
    """The days of `mon-wed,fri`. Raises BadInput."""
    for item in text.split(","):
        first, dash, last = item.partition("-")
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise BadInput("weekly", "unknown_day", item)
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        if end < start:
            raise BadInput("weekly", "backwards", item)
        yield from WEEKDAYS[start : end + 1]


def _range(text: str) -> list[str]:
    first, dash, last = text.partition("-")
    if not dash:
        raise BadInput("weekly", "range", text)
    return [first.zfill(5), last.zfill(5)]


def _hours(raw: Any, place: str) -> Hours:
    if not isinstance(raw, list):
        raise BadInput("schedule", "hours", place)
    spans = tuple(sorted(_span(pair, place) for pair in raw))
    if any(earlier.end > later.start for earlier, later in pairwise(spans)):
        raise BadInput("schedule", "overlap", place)
    return spans


def _span(raw: Any, place: str) -> Span:
    if not isinstance(raw, list) or len(raw) != 2:
        raise BadInput("schedule", "range", place)
    start, end = (_minute(clock, place) for clock in raw)
    if start >= end:
        raise BadInput("schedule", "backwards", f"{place} {raw[0]}-{raw[1]}")
    return Span(start, end)


def _minute(raw: Any, place: str) -> int:
    found = _CLOCK.fullmatch(raw) if isinstance(raw, str) else None
    if not found:
        raise BadInput("schedule", "time", f"{place} {raw!s:.12}")
    return int(found[1]) * 60 + int(found[2])


def _date(raw: str) -> date:
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        day = None
    if day is None or day.isoformat() != raw:  # ISO has other spellings; two of one day would hide each other
        raise BadInput("schedule", "date", f"{raw:.12}")
    return day


def _pairs(hours: Hours) -> list[list[str]]:
    return [[_clock(span.start), _clock(span.end)] for span in hours]


def _clock(minute: int) -> str:
    return time(minute // 60, minute % 60).strftime("%H:%M")
