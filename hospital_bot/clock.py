"""The time. Everything that needs it is given a clock; only the demo's can be turned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def system_clock() -> datetime:
    return datetime.now(UTC)


class TurnableClock:
    """The system's time, moved forward by whoever holds the demo's clock."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def turn(self, forward: timedelta) -> None:
        """Never back: what happened has happened."""
        if forward < timedelta():
            raise ValueError("the clock turns forward only")
        self._ahead += forward
