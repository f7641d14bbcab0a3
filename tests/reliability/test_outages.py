"""The database goes, Telegram goes, a step is broken: nobody is left without a word, and nothing without an end."""

from __future__ import annotations

import pytest

from handlers import texts
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.people import Person
from tests.reliability.probe import CLEAN, Crowd
from tests.reliability.world import World, until
from tests.servers import Server

pytestmark = pytest.mark.mariadb


@pytest.fixture
async def ann(around: World) -> Person:
    """In the middle of a conversation, on a webhook."""
    await around.served(1, webhook=True)
    ann = around.person()
    ann.says("/probe")
    await around.hears(ann, "begun")
    return ann


@pytest.mark.parametrize("trouble", ["stop", "pause"])
async def test_without_the_database_a_person_is_asked_to_wait_and_then_gets_the_answer(
    around: World, ann: Person, mariadb: Server, trouble: str
) -> None:
    getattr(mariadb, trouble)()
    try:
        ann.says("17")
        await around.hears(ann, texts.TRY_LATER)
        if trouble == "stop":
            await until(lambda: around.balancer.refused > 2, around.told)
    finally:
        mariadb.start()
    await around.hears(ann, "text 17")
    await around.quiet()

    assert around.heard(ann).count(texts.TRY_LATER) == 1
    assert around.rows("SELECT kind, number FROM probe") == [("text", 17)]


async def test_a_tap_without_the_database_is_answered_too(around: World, ann: Person, mariadb: Server) -> None:
    mariadb.stop()
    ann.forges("probe.add:17", 1)
    await around.hears(ann, texts.TRY_LATER)
    mariadb.start()
    await around.quiet()

    assert around.rows("SELECT kind, number FROM probe") == [("tap", 17)]


async def test_what_always_fails_is_set_aside_with_an_apology(around: World, ann: Person) -> None:
    update = ann.says("/break").update_id or 0
    ann.says("17")
    await around.hears(ann, texts.broken(update))
    await around.hears(ann, "text 17")

    assert around.rows("SELECT kind, number FROM probe") == [("text", 17)]
    assert around.balancer.refused == 4


async def test_what_telegram_did_not_take_is_shown_later_and_not_done_again(around: World, ann: Person) -> None:
    around.telegram.limits.force(Fault(502, method="sendMessage", times=3))
    ann.says("17")
    await around.hears(ann, "text 17")
    await around.quiet()

    assert around.balancer.refused > 0
    assert around.rows("SELECT kind, number FROM probe") == [("text", 17)]


async def test_a_crowd_outlives_a_database_that_dies(around: World, mariadb: Server) -> None:
    await around.served(1, webhook=True)
    crowd = Crowd.gathered(around, 10)
    crowd.begin()
    for _ in range(3):
        before = crowd.applied()
        crowd.act(3)
        await until(lambda before=before: crowd.applied() > before + 10, around.told)  # type: ignore[misc]
        mariadb.kill()
        mariadb.start()
    await around.quiet()

    assert crowd.report() == CLEAN
