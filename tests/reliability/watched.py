"""The bot of `entry.py`, which notes how late its event loop is and how many connections are out: `… run SAFEGUARD …`.

What the machine itself is late, a thread beside the loop tells; the loop answers for the rest.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from handlers import dispatch
from hospital_bot import wiring
from hospital_bot.wiring import Product
from tests.reliability import entry

PROGRAM = ("tests.reliability.watched", "run")
NOTES = "vitals.json"
TICK = 0.02


@dataclass(frozen=True, slots=True)
class Vitals:
    """The loop's worst lateness in seconds, and the pool's connections in use."""

    lag: float = 0.0
    out: int = 0

    @classmethod
    def of(cls, folder: Path) -> Vitals:
        return cls(**json.loads((folder / NOTES).read_text()))

    def note(self) -> None:
        """In one step: a reader finds the old or the new."""
        draft = Path(f"{NOTES}.draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(NOTES)


class Machine(threading.Thread):
    """How late a thread wakes up that has nothing to do but to write the vitals down when they change."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.vitals = Vitals()
        self._due, self._worst = time.monotonic(), 0.0

    def run(self) -> None:
        noted = None
        while True:
            self._due = time.monotonic() + TICK / 2
            time.sleep(TICK / 2)
            self._worst = max(self._worst, time.monotonic() - self._due)
            if noted != self.vitals:
                noted = self.vitals
                noted.note()

    def late(self) -> float:
        """At worst since this was asked last, or right now."""
        worst, self._worst = max(self._worst, time.monotonic() - self._due), 0.0
        return max(0.0, worst)


async def watch(product: Product) -> None:
    machine = Machine()
    machine.start()
    while True:
        due = time.monotonic() + TICK
        await asyncio.sleep(TICK)
        lag, out = time.monotonic() - due - machine.late(), product.db.engine.pool.checkedout()  # type: ignore[attr-defined]
        machine.vitals = Vitals(max(lag, machine.vitals.lag), out)


def without_patience() -> None:
    dispatch.PATIENCE = 3600


entry.SAFEGUARDS["patience"] = without_patience


def main(*arguments: str) -> None:
    run = wiring.run

    async def run_watched(product: Product, stop: asyncio.Event) -> None:
        watching = asyncio.create_task(watch(product))
        await run(product, stop)
        watching.cancel()

    wiring.run = run_watched
    entry.main(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
