"""Somebody tries to be somebody else: in the chat, over HTTP, in both at once, from many places."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from statistics import quantiles
from threading import BoundedSemaphore, Lock
from typing import Any

import bcrypt
import pytest
from httpx import AsyncClient

from handlers import texts
from hospital_bot.errors import Busy
from hospital_bot.gate import Gate
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, email_of
from tests.chat.practice import deliver, heard
from tests.chat.test_beside_the_api import served
from tests.chat.test_booking import TO_SUMMARY

WRONG = "not the password"
ALARM = "Somebody tried to log in as you"
PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
CROWD, PLACES = (50, 32) if PROVE else (16, 8)


async def tries(phone: Phone, password: str, email: str = "") -> str:
    """What is said to who logs in so."""
    await phone.walks("/login")
    await phone.says(email or email_of("Ann"))
    await phone.says(password)
    return phone.last.text


async def over_http(client: AsyncClient, password: str, email: str = "") -> int:
    body = {"email": email or email_of("Ann"), "password": password}
    return (await client.post("/login", json=body)).status_code


async def test_the_chat_and_http_share_one_count_however_the_address_is_spelled(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    thief = await hospital.phone("Thief")
    address = email_of("Ann")
    async with served(hospital) as client:
        for spelled in (address, address.upper(), f" {address} "):
            assert await over_http(client, WRONG, spelled) == 401
        for spelled in (address.title(), f"{address}\u200b", address):
            await tries(thief, WRONG, spelled)

        assert await over_http(client, PASSWORD) == 401
        assert await tries(thief, PASSWORD) == await tries(thief, WRONG)
        hospital.clock.turn(seconds=31)
        assert await over_http(client, PASSWORD) == 200


async def test_the_owner_gets_in_at_home_while_a_stranger_is_locked_out_and_hears_of_it_once(
    hospital: Hospital,
) -> None:
    ann, thief = await hospital.patient("Ann"), await hospital.phone("Thief")
    await ann.says("/start")
    for _ in range(8):
        await tries(thief, WRONG)
        hospital.clock.turn(minutes=2)
        await deliver(hospital)
    assert heard(ann, ALARM) == 1
    assert heard(thief, ALARM) == 0

    await ann.says("/logout")
    await tries(ann, PASSWORD)
    await ann.says(hospital.code())
    assert ann.last.text == "Hello Ann, you are logged in."


async def test_who_mistypes_at_home_is_not_warned_of_themselves(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("/logout")
    for _ in range(6):
        await tries(ann, WRONG)
    await deliver(hospital)

    assert heard(ann, ALARM) == 0


@pytest.mark.prove
@pytest.mark.dear_passwords
async def test_a_wave_of_logins_is_shed_and_nobody_else_notices(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many log in at once, each from a place of their own: two hashes run, some wait, the rest have to come again."""
    monkeypatch.setattr(hospital.product.gate, "_places", BoundedSemaphore(PLACES))
    hospital.doctor()
    ann, crowd = await hospital.patient("Ann"), [await at_password(hospital, number) for number in range(CROWD)]
    most = count_at_once(monkeypatch)

    async def books() -> float:
        begun = time.monotonic()
        await ann.walks(*TO_SUMMARY, "✅ Confirm")
        return time.monotonic() - begun

    lag, (seconds, *_) = await lag_during(books, *(lambda each=each: each.says(WRONG) for each in crowd))

    assert "Booked" in "".join(message.text for message in ann.messages[-2:])
    assert most() == 2
    assert 0 < sum(each.last.text == texts.refused(Busy()) for each in crowd) <= CROWD - PLACES
    assert quantiles(lag, n=100)[-1 if PROVE else 49] < 0.05
    assert not PROVE or seconds / (len(TO_SUMMARY) + 1) < 0.5


@pytest.mark.dear_passwords
async def test_it_would_stand_still_if_it_hashed_on_its_loop(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def on_the_loop(_gate: Gate, work: Callable[[], Any]) -> Any:
        return work()

    monkeypatch.setattr(Gate, "run_async", on_the_loop)
    crowd = [await at_password(hospital, number) for number in range(4)]
    lag, _ = await lag_during(*(lambda each=each: each.says(WRONG) for each in crowd))

    assert max(lag) > 0.1


async def at_password(hospital: Hospital, number: int) -> Phone:
    phone = await hospital.phone(f"Bot {number}")
    await phone.says("/login")
    await phone.says(f"victim{number}@people.example")
    return phone


def count_at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many passwords were being checked at the same moment, at most."""
    check, lock, now, most = bcrypt.checkpw, Lock(), [0], [0]

    def counted(secret: bytes, stored: bytes) -> bool:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        try:
            return check(secret, stored)
        finally:
            with lock:
                now[0] -= 1

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return lambda: most[0]


async def lag_during(*acts: Callable[[], Awaitable[Any]]) -> tuple[list[float], list[Any]]:
    """How late the loop came back each time, while all of these went on."""
    lag: list[float] = []

    async def watch() -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.005)
            lag.append(time.monotonic() - begun - 0.005)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    results = await asyncio.gather(*(act() for act in acts))
    watching.cancel()
    return lag, list(results)
