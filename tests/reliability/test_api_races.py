"""One time, many hands: half of them through the API, half by the chat's own use case on the same data."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier

import pytest

from hospital_bot.errors import Refusal
from tests.api.conftest import Person, Service, roomy
from tests.hospital import MONDAY, at

__all__ = ["roomy"]

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

CLIENTS = 32
ROUNDS = 200 if os.environ.get("HOSPITAL_PROVE") else 8


def over_http(person: Person, token: str, doctor_id: int, number: int) -> str:
    start = time_of(number)
    answer = person.books(doctor_id, f"{start:%H:%M:%S}", f"{start:%Y-%m-%d}", token=token)
    return "booked" if answer.status_code == 201 else str(answer.json()["code"])


def in_the_chat(person: Person, doctor_id: int, number: int) -> str:
    try:
        person.service.hospital.book(person.patient_id, doctor_id, time_of(number))
    except Refusal as refusal:
        return refusal.code
    return "booked"


def time_of(number: int) -> datetime:
    return at("00:00", MONDAY + timedelta(days=number // 40)) + timedelta(minutes=30 * (number % 40))


def together(crowd: ThreadPoolExecutor, asks: list[Callable[[], str]]) -> Counter[str]:
    start = Barrier(len(asks))

    def run(ask: Callable[[], str]) -> str:
        start.wait()
        return ask()

    return Counter(crowd.map(run, asks))


def test_one_of_many_gets_the_time_whichever_way_they_ask(roomy: Service) -> None:
    service, doctor = roomy, roomy.hospital.doctor([("00:00", "20:00")])
    people = [service.patient() for _ in range(CLIENTS)]
    tokens = {person: service.token_of(person) for person in people}
    half = CLIENTS // 2
    with ThreadPoolExecutor(CLIENTS) as crowd:
        for number in range(ROUNDS):
            asks = [partial(in_the_chat, person, doctor, number) for person in people[:half]]
            there = [partial(over_http, each, tokens[each], doctor, number) for each in people[half:]]
            assert together(crowd, [*asks, *there]) == {"booked": 1, "slot_taken": CLIENTS - 1}
    assert service.hospital.overlaps() == 0
    assert service.hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == ROUNDS
