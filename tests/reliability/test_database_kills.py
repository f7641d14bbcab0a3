"""The database dies under load, by chat and by API: what was said to be booked is booked, once, and its people hear.

After a death nobody knows whether the last COMMIT landed; the same request, repeated, finds out.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from threading import Event
from typing import Any

import pytest
from sqlalchemy import make_url

from hospital_bot.db import Database
from hospital_bot.errors import BookingError, Unavailable
from tests.api.conftest import Person, Service, serving
from tests.booking.conftest import on_mariadb
from tests.hospital import MONDAY, Hospital, at
from tests.reliability.proxy import Trouble, linked
from tests.servers import Server

__all__ = ["on_mariadb"]

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
KILLS, CLIENTS, DOCTORS = (20, 16, 20) if PROVE else (2, 6, 6)
PAUSES = (1.0, 6.0) if PROVE else (0.5,)
PATIENCE = 60
DURABLE = "@@GLOBAL.innodb_flush_log_at_trx_commit"
UNTOLD = """
    SELECT COUNT(*) FROM appointments a JOIN doctors d ON d.doctor_id = a.doctor_id
    LEFT JOIN notifications n ON n.appointment_id = a.appointment_id AND n.kind = 'booked' AND n.user_id = d.user_id
    WHERE n.notification_id IS NULL
"""
UNREMINDED = """
    SELECT COUNT(*) FROM appointments a JOIN patients p ON p.patient_id = a.patient_id
    LEFT JOIN notifications n ON n.user_id = p.user_id AND n.kind = 'reminder'
        AND n.about = CONCAT(DATE_FORMAT(a.appointment_date, '%Y%m%d'), '\\:1440')
    WHERE n.notification_id IS NULL
"""

THERE = "SELECT GROUP_CONCAT(CONCAT(patient_id, '/', appointment_id)) FROM appointments WHERE live = 1"
VISITS = "SELECT COUNT(*) FROM appointments WHERE patient_id = :id"

Ask = Callable[[str, int, datetime], int | None]
"""Books by a request's name, a doctor and a start: the visit, or None when it can't be. Raises Unavailable."""


@dataclass
class Client:
    """One patient who asks for one time after the other, and for each until there is an answer."""

    person: Person
    ask: Ask
    booked: dict[str, int] = field(default_factory=dict)
    different: int = 0
    """Requests that were answered otherwise when they were repeated."""
    unknown: int = 0

    def works(self, over: Event, doctors: list[int], chance: random.Random) -> None:
        number = 0
        while not over.is_set():
            number += 1
            start = at("00:00", MONDAY + timedelta(days=chance.randrange(30)))
            wanted = chance.choice(doctors), start + timedelta(minutes=30 * chance.randrange(40))
            request = f"{self.person.patient_id}:{number}"
            if visit := self._insists(request, *wanted):
                self.booked[request] = visit
                self.different += self._insists(request, *wanted) != visit

    def _insists(self, *asked: Any) -> int | None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask(*asked)
            except Unavailable:
                assert time.monotonic() < until
                self.unknown += 1
                time.sleep(0.05)


def by_chat(person: Person) -> Ask:
    def ask(request: str, doctor_id: int, start: datetime) -> int | None:
        try:
            return person.service.hospital.book(person.patient_id, doctor_id, start, request_id=request).appointment_id
        except BookingError:
            return None

    return ask


def by_api(person: Person) -> Ask:
    token = person.service.token_of(person)

    def ask(request: str, doctor_id: int, start: datetime) -> int | None:
        answer = person.books(doctor_id, f"{start:%H:%M:%S}", f"{start:%Y-%m-%d}", token=token, key=request)
        if answer.status_code == 503:
            raise Unavailable
        return answer.json()["appointment_id"] if answer.status_code == 201 else None

    return ask


@dataclass
class Load:
    """Clients at work until the block ends."""

    hospital: Hospital
    clients: list[Client]
    doctors: list[int]

    @classmethod
    def of(cls, service: Service) -> Load:
        hospital, ways = service.hospital, (by_chat, by_api)
        people = [service.patient(f"Person {number}") for number in range(CLIENTS)]
        clients = [Client(person, ways[number % 2](person)) for number, person in enumerate(people)]
        return cls(hospital, clients, [hospital.doctor([("00:00", "20:00")]) for _ in range(DOCTORS)])

    def runs(self, trouble: Callable[[], None]) -> None:
        over = Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            tasks = [
                pool.submit(client.works, over, self.doctors, random.Random(number))
                for number, client in enumerate(self.clients)
            ]
            try:
                trouble()
            finally:
                over.set()
            for task in tasks:
                task.result()

    def lost(self) -> int:
        """Visits that were said to be booked, and are not."""
        return len(self._said() - self._there())

    def check(self) -> None:
        """Nothing lost, nothing booked that nobody was told of, no contradiction; and the figures."""
        said, there = self._said(), self._there()
        unknown = sum(client.unknown for client in self.clients)
        print(f"\n{len(said)} booked, {unknown} answers unknown, {len(said - there)} lost")  # noqa: T201
        assert there == said
        assert not sum(client.different for client in self.clients)
        assert self.hospital.overlaps() == 0
        assert self.hospital.scalar(UNTOLD) == self.hospital.scalar(UNREMINDED) == 0

    def _said(self) -> set[str]:
        return {f"{client.person.patient_id}/{visit}" for client in self.clients for visit in client.booked.values()}

    def _there(self) -> set[str]:
        return set((self.hospital.scalar(THERE) or "").split(","))


WAYS = (by_chat, by_api) if PROVE else (by_chat,)


@pytest.fixture
def load(on_mariadb: Hospital) -> Iterator[Load]:
    on_mariadb.clinic = replace(on_mariadb.clinic, rules=replace(on_mariadb.clinic.rules, max_visits=10_000))
    with serving(on_mariadb) as service:
        yield Load.of(service)


def kills(server: Server, times: int, *, log: int = 1) -> Callable[[], None]:
    chance = random.Random(7)

    def trouble() -> None:
        for _ in range(times):
            server.execute(f"SET {DURABLE} = {log}")
            time.sleep(0.2 + chance.random() / 2)
            server.kill()
            server.start()
        time.sleep(0.3)

    return trouble


def test_a_database_that_is_killed_loses_and_doubles_no_visit(load: Load, mariadb: Server) -> None:
    assert load.hospital.db.is_durable()
    load.runs(kills(mariadb, KILLS))
    load.check()


def test_a_database_that_is_paused_loses_and_doubles_no_visit(load: Load, mariadb: Server) -> None:
    def pauses() -> None:
        for seconds in PAUSES:
            time.sleep(0.3)
            mariadb.pause()
            time.sleep(seconds)
            mariadb.resume()
        time.sleep(0.3)

    load.runs(pauses)
    load.check()


@pytest.mark.skipif(not PROVE, reason="on a busy machine there may be too little to lose in a few kills")
def test_a_database_that_writes_its_log_once_a_second_loses_visits(load: Load, mariadb: Server) -> None:
    """The control: the proof above sees what is lost."""
    mariadb.execute(f"SET {DURABLE} = 0")
    assert not load.hospital.db.is_durable()
    load.runs(kills(mariadb, KILLS, log=0))

    assert load.lost() > 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("trouble", ["cuts", "half closes"] if PROVE else ["cuts"])
async def test_whichever_answer_is_lost_on_its_way_the_same_request_finds_its_one_visit(
    on_mariadb: Hospital, mariadb_url: str, trouble: Trouble, way: Callable[[Person], Ask]
) -> None:
    """Every answer of the database in turn, that to COMMIT too: unknown outcomes of both kinds are met."""
    url, doctor, landed = make_url(mariadb_url), on_mariadb.doctor([("00:00", "20:00")]), []
    async with linked(url.port or 3306) as link:
        db = Database(url.set(port=link.port).render_as_string(hide_password=False), connections=1)
        with closing(db), serving(replace(on_mariadb, db=db)) as service:
            for after in count():
                person = await asyncio.to_thread(service.patient)
                wanted = f"request {after}", doctor, at("00:00") + timedelta(minutes=30 * after)
                await link.breaks(trouble, after=after)
                visit = await asyncio.to_thread(answer_of, way(person), *wanted)
                await link.heals()
                if visit:
                    break
                landed.append(on_mariadb.scalar(VISITS, id=person.patient_id))
                assert await asyncio.to_thread(way(person), *wanted)
                assert on_mariadb.scalar(VISITS, id=person.patient_id) == 1

    print(f"\n{len(landed)} answers lost, after which {sum(landed)} visits were there already")  # noqa: T201
    assert set(landed) == {0, 1}
    assert on_mariadb.scalar(UNTOLD) == 0


def answer_of(ask: Ask, *wanted: Any) -> int | None:
    try:
        return ask(*wanted)
    except Unavailable:
        return None
