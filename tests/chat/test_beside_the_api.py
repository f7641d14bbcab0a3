"""The bot and the API in one process, on the same data."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from httpx import AsyncClient, ConnectError

from hospital_bot import wiring
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of
from tests.chat.practice import patient_id
from tests.servers import free_port


async def test_what_is_booked_over_http_is_seen_in_the_chat_and_cancelled_there(hospital: Hospital) -> None:
    osei, ann, port = hospital.doctor(), await hospital.patient("Ann"), free_port()
    settings = hospital.product.settings.model_copy(update={"api_port": port})
    stop, product = asyncio.Event(), replace(hospital.product, settings=settings)
    running = asyncio.create_task(wiring.run(product, stop))
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await up(client)
        said = await client.post("/login", json={"email": email_of("Ann"), "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {said.json()['token']}"
        visit: dict[str, object] = {"patient_id": patient_id(hospital, ann), "doctor_id": osei.doctor_id}
        visit |= {"appointment_date": "2026-11-23", "appointment_time": "10:00:00"}
        booked = (await client.post("/appointments/submit", json=visit)).json()["appointment_id"]

        await ann.says("/appointments")
        assert "10:00" in chat_of(ann)
        await ann.forges(f"visits.drop:{booked}:0", ann.last.id)
        assert (await client.get("/appointments")).json()["appointments"] == []
    stop.set()
    await running


async def up(client: AsyncClient) -> None:
    for _ in range(100):
        try:
            await client.get("/health")
        except ConnectError:
            await asyncio.sleep(0.05)
        else:
            return
