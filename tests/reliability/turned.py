"""Clocks that a test turns under whole processes, of the bot and of the database, by libfaketime.

Only the time of day jumps, as on a machine whose clock is put right; what passes is left alone. (Python's `time.sleep`
fails so, by libfaketime 0.9; the product sleeps like that only before it tries a transaction again that met another.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers import PrivateServer, installed

LIBRARIES = tuple(Path("/usr").glob("lib*/**/faketime/libfaketimeMT.so.1"))


class Turned:
    """One clock, and whoever is started with its environment goes by it."""

    def __init__(self, file: Path) -> None:
        if not LIBRARIES:
            pytest.skip("libfaketime is not installed here (Debian: libfaketime)")
        self._file = file
        self.ahead = timedelta()
        self.turn(timedelta())

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def turn(self, ahead: timedelta) -> None:
        """So far ahead of the machine's, or behind. In one step: a reader finds the old or the new."""
        self.ahead = ahead
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{ahead.total_seconds():+.0f}")
        draft.replace(self._file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class TurnedServer(PrivateServer):
    """A mariadbd by a clock of its own."""

    clock: Turned

    def _command(self) -> list[str]:
        return ["env", *(f"{name}={value}" for name, value in self.clock.environment().items()), *super()._command()]


@contextmanager
def turned_server() -> Iterator[TurnedServer]:
    """Up until the block ends; or the test is skipped, where there is no such clock or no server."""
    if not LIBRARIES or not installed("mariadbd"):
        pytest.skip("libfaketime or mariadbd is not installed here (Debian: libfaketime, mariadb-server-core)")
    server = TurnedServer()
    server.clock = Turned(server.folder / "clock")
    try:
        server.start()
        yield server
    finally:
        server.remove()
