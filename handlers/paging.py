"""What is longer than a page is turned."""

from __future__ import annotations

from collections.abc import Callable

from handlers import texts
from handlers.screen import Button

Row = tuple[Button, ...]


def turning(
    page: int, to: Callable[[int], str], back: str = texts.EARLIER, on: str = texts.LATER, *, more: bool
) -> tuple[Row, ...]:
    """The row that leads to the pages before and after; none where there is neither."""
    before = (Button(back, to(page - 1)),) if page else ()
    after = (Button(on, to(page + 1)),) if more else ()
    return (before + after,) if before or after else ()
