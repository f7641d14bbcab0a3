"""Violent deaths while there is work to do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tests.reliability.world import World

BETWEEN_KILLS = 0.5
"""Seconds, and …"""
BETWEEN = 10
"""… updates taken: on a machine with no time to spare, too, it is a process at work that dies."""


async def kill_during(world: World, work: Coroutine[Any, Any, None], *, most: int = 1000) -> int:
    """How many processes died until the work was done. Each is started again at once. `most` is for short proofs."""
    balancer, finished = world.balancer, asyncio.create_task(work)
    kills, taken = 0, balancer.taken
    while not finished.done():
        await asyncio.wait({finished}, timeout=BETWEEN_KILLS)
        if kills < most and balancer.taken >= taken + BETWEEN:
            balancer.any_bot().restart()
            kills, taken = kills + 1, balancer.taken
    await finished
    return kills
