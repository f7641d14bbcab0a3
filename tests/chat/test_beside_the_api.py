"""The bot and the API in one process, on the same data."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient, ConnectError, Limits
from sqlalchemy import create_engine

from hospital_bot import schema, wiring
from hospital_bot.api import tokens
from hospital_bot.services import accounts
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import pace
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of, opened
from tests.chat.practice import patient_id
from tests.chat.test_booking import TO_SUMMARY
from tests.clock import Clock
from tests.hospital import at
from tests.servers import NO_TLS, free_port

CLIENTS = 32
ROUNDS = 200 if os.environ.get("HOSPITAL_PROVE") else 5


async def test_who_registered_elsewhere_books_in_the_chat_and_tells_the_rest_later(
    hospital: Hospital,
) -> None:
    hospital.doctor()
    known_by = {"email": email_of("Ann"), "password": PASSWORD}
    rest = {"address": "1 Hill Road", "phone_number": "+49 431 123456"}
    async with served(hospital) as client:
        begun = (await client.post("/users/register", json=known_by | {"name": "Ann Lee"})).json()
        opening = {"email": email_of("Ann"), "code": hospital.code(), "registration": begun["registration"]}
        user_id = (await client.post("/users/verify", json=opening)).json()["user_id"]
        hospital.clock.turn(minutes=2)
        ann = await hospital.phone("Ann")
        await ann.walks("/login")
        for said in known_by.values():
            await ann.says(said)
        await ann.says(hospital.code())

        await ann.walks(*TO_SUMMARY, "✅ Confirm")

        assert "Booked" in chat_of(ann)
        await ann.walks("/profile")
        client.headers["Authorization"] = f"Bearer {(await client.post('/login', json=known_by)).json()['token']}"
        told = [await client.post("/patients/register", json={"user_id": user_id} | rest) for _ in range(2)]
        assert [answer.status_code for answer in told] == [201, 409]
        assert hospital.scalar("SELECT COUNT(*) FROM patients") == 1
        assert hospital.scalar("SELECT address FROM patients") == "1 Hill Road"


async def test_what_is_booked_over_http_is_seen_in_the_chat_and_cancelled_there(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await hospital.patient("Ann")
    async with served(hospital) as client:
        said = await client.post("/login", json={"email": email_of("Ann"), "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {said.json()['token']}"
        visit: dict[str, object] = {"patient_id": patient_id(hospital, ann), "doctor_id": osei.doctor_id}
        visit |= {"appointment_date": "2026-11-23", "appointment_time": "10:00:00"}
        booked = (await client.post("/appointments/submit", json=visit)).json()["appointment_id"]

        await ann.says("/appointments")
        assert "10:00" in chat_of(ann)
        await ann.forges(f"visits.drop:{booked}:0", ann.last.id)
        assert (await client.get("/appointments")).json()["appointments"] == []


@pytest.mark.mariadb
@pytest.mark.prove
async def test_one_of_many_gets_a_time_half_of_them_in_the_chat_half_over_http(
    mariadb_url: str, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PERSON", ())
    upgraded(mariadb_url)
    async with opened(mariadb_url, clock, tmp_path, booking_max_visits=ROUNDS) as hospital:
        hospital.doctor(weekly="mon-sun 00:00-20:00")
        people = [await hospital.patient(f"Person {number}") for number in range(CLIENTS)]
        chats = people[: CLIENTS // 2]
        for each in chats:
            await each.says("/start")
        async with served(hospital) as client:
            for number in range(ROUNDS):
                start = at("00:00") + timedelta(days=number // 40, minutes=30 * (number % 40))
                asks = [in_the_chat(each, start) for each in chats]
                asks += [over_http(hospital, client, each, start) for each in people[CLIENTS // 2 :]]
                assert Counter(await asyncio.gather(*asks)) == {"booked": 1, "taken": CLIENTS - 1}
        assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == ROUNDS


async def in_the_chat(phone: Phone, start: datetime) -> str:
    await phone.forges(f"book.yes:1:{start:%Y%m%d%H%M}", phone.last.id)
    said = phone.messages[-2:]
    if any("Booked" in message.text for message in said):
        return "booked"
    return "taken" if any("Someone just took that time" in message.text for message in said) else phone.last.text


async def over_http(hospital: Hospital, client: AsyncClient, phone: Phone, start: datetime) -> str:
    user = hospital.do(accounts.actor, telegram_id=phone.id)
    assert user is not None
    token = tokens.issue(hospital.keys, user_id=user.user_id, token_version=0, proved_at=None, now=hospital.clock())
    visit: dict[str, object] = {"patient_id": user.patient_id, "doctor_id": 1}
    visit |= {"appointment_date": f"{start:%Y-%m-%d}", "appointment_time": f"{start:%H:%M:%S}"}
    bearer = {"Authorization": f"Bearer {token}"}
    answer = await client.post("/appointments/submit", json=visit, headers=bearer, timeout=30)
    return {201: "booked"}.get(answer.status_code) or {"slot_taken": "taken"}.get(answer.json()["code"], answer.text)


@asynccontextmanager
async def served(hospital: Hospital) -> AsyncIterator[AsyncClient]:
    """The API beside the bot, and somebody who calls it."""
    port, generous = free_port(), "100000/minute"
    changes = {"api_port": port, "api_limit": generous, "api_change_limit": generous}
    stop, product = (
        asyncio.Event(),
        replace(hospital.product, settings=hospital.product.settings.model_copy(update=changes)),
    )
    running = asyncio.create_task(wiring.run(product, stop))
    limits = Limits(keepalive_expiry=1)  # well before the server hangs up, however slow the machine is
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60, verify=NO_TLS) as client:
        await up(client)
        yield client
    stop.set()
    await running


def upgraded(url: str) -> None:
    engine = create_engine(url)
    schema.upgrade(engine)
    engine.dispose()


async def up(client: AsyncClient) -> None:
    for _ in range(100):
        try:
            await client.get("/health")
        except ConnectError:
            await asyncio.sleep(0.05)
        else:
            return
