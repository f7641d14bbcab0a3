"""A registration goes on after kill -9, whoever serves the next answer."""

from __future__ import annotations

import os

import pytest

from handlers.texts import account as words
from hospital_bot.simulator.people import Person
from tests.reliability.world import PRODUCT, Bot, World, until

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
EMAIL = "ann@people.example"
PASSWORD = "nine geese fly south"
ANSWERS = {
    "/register": "(1 of 5)",
    "Ann Lee": "(2 of 5)",
    EMAIL: "(3 of 5)",
    "+49 30 901820": "(4 of 5)",
    "1 Harbour Road, Kiel": "(5 of 5)",
    PASSWORD: "Is this right?",
}
"""What Ann says, and what she then reads."""
KILLED_AT = list(ANSWERS) if PROVE else ["Ann Lee", PASSWORD]


async def answers_everything(world: World, ann: Person, bots: list[Bot]) -> None:
    """At some answers the processes are killed just when she gives them."""
    for answer, question in ANSWERS.items():
        ann.says(answer)
        if answer in KILLED_AT:
            for bot in bots:
                bot.restart()
        await world.hears(ann, question)


async def confirms(world: World, ann: Person) -> None:
    """Between what was mailed and the code she types, the processes are killed once more."""
    button = ann.sees()[-1]["message_id"]
    ann.taps(button, label=words.CONFIRM)
    await until(lambda: world.mailbox.to(EMAIL), world.told)
    await world.quiet()
    for bot in world.bots:
        bot.restart()
    ann.says(world.mailbox.to(EMAIL)[0].code or "")


@pytest.mark.parametrize("bots", [1, 2], ids=["polling", "two webhook processes"])
async def test_a_registration_survives_the_death_of_every_process(around: World, bots: int) -> None:
    ann = around.person()
    await answers_everything(around, ann, await around.served(bots, webhook=bots > 1, command=PRODUCT))
    await confirms(around, ann)
    await around.hears(ann, "Ann Lee")
    await around.quiet()

    known = "SELECT name, email, role, verified_at IS NOT NULL, password LIKE :typed FROM users"
    assert around.rows(known, typed=f"%{PASSWORD}%") == [("Ann Lee", EMAIL, "patient", 1, 0)]
    assert around.rows("SELECT phone_number, address FROM patients") == [("+4930901820", "1 Harbour Road, Kiel")]
    assert around.rows("SELECT telegram_id FROM telegram_accounts") == [(ann.user.id,)]
    assert PASSWORD not in str(ann.sees())
