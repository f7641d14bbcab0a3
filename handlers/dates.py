"""A month's calendar in which any day ahead can be tapped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from handlers.screen import Button
from handlers.texts import doctor as words

Row = tuple[Button, ...]

AHEAD = timedelta(days=366)


def month(
    first: date, *, earliest: date, today: date, pick: Callable[[date], str], turn_to: Callable[[date], str], none: str
) -> tuple[Row, ...]:
    """Monday first. `pick` and `turn_to` make the data of a day's button and of another month's."""
    last = today + AHEAD
    start = min(max(first, earliest), last).replace(day=1)
    after = (start + timedelta(days=32)).replace(day=1)
    blank = Button("·", none)
    cells = [blank] * start.weekday()
    for n in range((after - start).days):
        day = start + timedelta(days=n)
        cells.append(Button(str(day.day), pick(day)) if earliest <= day <= last else blank)
    cells += [blank] * (-len(cells) % 7)
    weeks = tuple(tuple(cells[n : n + 7]) for n in range(0, len(cells), 7))
    earlier = (Button(words.EARLIER, turn_to((start - timedelta(days=1)).replace(day=1))),) if start > earliest else ()
    later = (Button(words.LATER, turn_to(after)),) if after <= last else ()
    return (*weeks, earlier + later) if earlier or later else weeks
