"""A clock to turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """A Monday morning, until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)
