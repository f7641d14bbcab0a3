"""`hospital-bot run` that writes down, once a second, how many tasks are open."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hospital_bot import cli, wiring
from hospital_bot.wiring import Product

TASKS = Path("tasks")

run = wiring.run


async def run_and_count(product: Product, stop: asyncio.Event) -> None:
    counting = asyncio.create_task(_count())
    try:
        await run(product, stop)
    finally:
        counting.cancel()


async def _count() -> None:
    while True:
        await asyncio.to_thread(TASKS.write_text, str(len(asyncio.all_tasks())))
        await asyncio.sleep(1)


if __name__ == "__main__":
    wiring.run = run_and_count
    cli.app(sys.argv[1:])
