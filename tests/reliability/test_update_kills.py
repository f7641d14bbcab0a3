"""Processes die at any moment, and no update is lost, applied twice, or applied out of order."""

from __future__ import annotations

import os

import pytest

from tests.reliability.kills import kill_during
from tests.reliability.probe import CLEAN, Crowd
from tests.reliability.world import PROBE, World

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
PEOPLE = 20
TIMES = 15 if PROVE else 5
"""Numbers that each of them types and taps."""


async def crowded(world: World, *missing: str) -> Crowd:
    """A crowd that has just acted, in front of three processes."""
    await world.served(3, webhook=True, command=(*PROBE, *missing))
    crowd = Crowd.gathered(world, PEOPLE)
    crowd.begin()
    crowd.act(TIMES)
    return crowd


async def test_nothing_is_lost_doubled_or_misplaced(around: World) -> None:
    crowd = await crowded(around)
    kills = await kill_during(around, around.quiet())

    assert crowd.report() == CLEAN
    assert kills > 1


async def test_without_the_lock_the_same_crowd_is_misunderstood(around: World) -> None:
    crowd = await crowded(around, "lock")
    await around.quiet()

    assert crowd.report().forgetful > 0


@pytest.mark.skipif(not PROVE, reason="one control is enough for every day")
@pytest.mark.parametrize(("safeguard", "harm"), [("memory", "twice"), ("waiting", "lost")])
async def test_without_another_safeguard_it_shows_as_well(around: World, safeguard: str, harm: str) -> None:
    crowd = await crowded(around, safeguard)
    await kill_during(around, around.quiet())

    assert getattr(crowd.report(), harm) > 0
