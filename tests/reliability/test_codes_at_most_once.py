"""A code is mailed after COMMIT, at most once: whatever dies meanwhile, it is not repeated, and another can be had."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from handlers.texts import account as words
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, clock, email_of, hospital

__all__ = ["clock", "hospital"]


class Died(Exception):
    """The process, at this moment."""


async def before_the_code(hospital: Hospital) -> Phone:
    ann = await hospital.patient("Ann")
    for said in ("/logout", "/login", email_of("Ann")):
        await ann.says(said)
    hospital.mailbox.clear()
    return ann


@pytest.mark.parametrize(("dies", "mailed"), [("_show", 1), ("_post", 0)], ids=["at the screen", "at the mail"])
async def test_a_code_is_not_mailed_again_after_a_death_and_the_next_one_works(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, dies: str, mailed: int
) -> None:
    ann, taken = await before_the_code(hospital), list[dict[str, Any]]()

    async def takes(update: dict[str, Any]) -> None:
        taken.append(update)
        await hospital._process(update)

    async def death(*_: Any) -> None:
        raise Died

    monkeypatch.setattr(ann.line, "_process", takes)
    with monkeypatch.context() as dying:
        dying.setattr(hospital.product.dispatcher, dies, death)
        with suppress(Died):  # at the mail nobody waits for it any more
            await ann.says(PASSWORD)
    for _ in range(3):  # as Telegram does, to the next process
        await hospital._process(taken[-1])

    assert len(hospital.mailbox.letters) == mailed
    hospital.clock.turn(minutes=1)
    await ann.taps(words.NEW_CODE)
    await ann.says(hospital.code())
    assert ann.last.text == "Hello Ann, you are logged in."
