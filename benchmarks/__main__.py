"""Prints the table, row by row as they are measured."""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from pathlib import Path

from benchmarks import bookings, cores, openings, planning, reminding, rush, starting, taps
from benchmarks.ground import Ground
from benchmarks.table import heading
from tests.servers import database_server

GROUPS = {
    "taps": taps.rows,
    "bookings": bookings.rows,
    "rush": rush.rows,
    "openings": openings.rows,
    "planning": planning.rows,
    "reminding": reminding.rows,
    "starting": starting.rows,
}
APART = {"taps", "starting"}
"""What these measure is a process of its own; this one is its Telegram."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("group", nargs="*", choices=[*GROUPS, []], help="which rows; all of them by default")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", dest="size", const="quick", help="under a minute, roughly")
    size.add_argument("--full", action="store_const", dest="size", const="full", help="with 5,000,000 appointments")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    with (
        cores.placed(cores.NEIGHBOURS),
        database_server() as server,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        place = Ground(server, Path(folder), chosen.size or "usual")
        asyncio.run(_print(place, chosen.group or list(GROUPS)))


async def _print(place: Ground, groups: list[str]) -> None:
    print(heading(), flush=True)
    for group in groups:
        with cores.placed(cores.NEIGHBOURS if group in APART else cores.MEASURED):
            async for row in GROUPS[group](place):
                print(row, flush=True)


if __name__ == "__main__":
    main()
