"""A month's calendar in which days can be tapped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from handlers import texts
from handlers.screen import Button

Row = tuple[Button, ...]

AHEAD = timedelta(days=366)
"""How far ahead a doctor's days can be chosen, from today."""


def month(
    first: date,
    *,
    earliest: date,
    last: date,
    pick: Callable[[date], str | None],
    turn_to: Callable[[date], str],
    none: str,
) -> tuple[Row, ...]:
    """Monday first. `pick` and `turn_to` make the data of a day's button and of another month's; a day between
    `earliest` and `last` for which `pick` has none can't be chosen either."""
    start = min(max(first, earliest), last).replace(day=1)
    after = next_month(start)
    blank = Button("·", none)
    cells = [blank] * start.weekday()
    for n in range((after - start).days):
        day = start + timedelta(days=n)
        data = pick(day) if earliest <= day <= last else None
        cells.append(Button(str(day.day), data) if data else blank)
    cells += [blank] * (-len(cells) % 7)
    weeks = tuple(tuple(cells[n : n + 7]) for n in range(0, len(cells), 7))
    earlier = (Button(texts.EARLIER, turn_to((start - timedelta(days=1)).replace(day=1))),) if start > earliest else ()
    later = (Button(texts.LATER, turn_to(after)),) if after <= last else ()
    return (*weeks, earlier + later) if earlier or later else weeks


def next_month(day: date) -> date:
    """The first day of the month after this day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
