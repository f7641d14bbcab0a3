"""Passwords and codes are typed in the chat, and do not stay in it, nor anywhere else."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.texts import account as words
from hospital_bot.simulator.limits import Fault
from hospital_bot.simulator.lines import LocalLine
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram.refusals import Unshown
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of

WRONG, NEWER, NEWEST = "canary sings at dusk", "canary sings at dawn", "canary sleeps at noon"


class Secretive:
    """Ann's phone; what she types as a secret is noted. `breaks`: Telegram fails to delete each once."""

    def __init__(self, hospital: Hospital, phone: Phone, *, breaks: bool) -> None:
        self.hospital, self.phone, self.breaks = hospital, phone, breaks
        self.typed: set[str] = set()

    async def types(self, *secrets: str) -> None:
        for secret in secrets:
            self.typed.add(secret)
            if self.breaks:
                self.hospital.telegram.limits.force(Fault(502, method="deleteMessage"))
            await self.phone.says(secret)

    async def types_code(self) -> None:
        await self.types("000000", self.hospital.code())


@pytest.fixture(params=["as it should", "at the second try"])
async def ann(request: pytest.FixtureRequest, hospital: Hospital) -> Secretive:
    """Telegram deletes as it should, or at the second try alone."""

    async def delivered_until_taken(update: dict[str, Any]) -> None:
        for _ in range(5):
            try:
                return await hospital._process(update)
            except Unshown:
                continue
        return None

    phone = await Phone.bought(LocalLine(hospital.telegram, delivered_until_taken), "Ann")
    return Secretive(hospital, phone, breaks=request.param == "at the second try")


async def test_no_password_and_no_code_stays_in_the_chat_or_on_the_disk(hospital: Hospital, ann: Secretive) -> None:
    await registers(ann)
    await logs_in(ann)
    await changes_the_password(ann)
    await resets(ann)

    assert len(ann.typed) >= 6
    assert {secret for secret in ann.typed if secret in chat_of(ann.phone)} == set()
    long = {secret for secret in ann.typed if not secret.isdecimal()}
    assert {secret for secret in long if secret.encode() in hospital.stored()} == set()
    assert not ann.breaks or all(fault.times == 0 for fault in hospital.telegram.limits.faults)


async def registers(ann: Secretive) -> None:
    await ann.phone.says("/register")
    for answer in ("Ann", email_of("Ann"), "030 901820", "1 Harbour Road, Kiel"):
        await ann.phone.says(answer)
    await ann.types(PASSWORD)
    await ann.phone.taps(words.CONFIRM)
    await ann.types_code()


async def logs_in(ann: Secretive) -> None:
    ann.hospital.clock.turn(minutes=2)
    for said in ("/logout", "/login", email_of("Ann")):
        await ann.phone.says(said)
    await ann.types(WRONG, PASSWORD)
    await ann.types_code()


async def changes_the_password(ann: Secretive) -> None:
    await ann.phone.says("/security")
    await ann.phone.taps(words.CHANGE_PASSWORD)
    await ann.types(PASSWORD, "tiny", NEWER)


async def resets(ann: Secretive) -> None:
    ann.hospital.clock.turn(minutes=2)
    for said in ("/logout", "/login", email_of("Ann")):
        await ann.phone.says(said)
    await ann.phone.taps(words.FORGOT)
    await ann.phone.taps(f"Keep: {email_of('Ann')}")
    await ann.types(NEWEST)
    await ann.types_code()
