"""A cluster's node, or a process on either, dies at any moment: who was answered was told the truth."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot import schema
from hospital_bot.db import Database
from hospital_bot.errors import Unavailable
from hospital_bot.models import Appointment
from tests.hospital import MONDAY, Hospital, at
from tests.reliability import probe
from tests.reliability.cluster import Cluster, on_each
from tests.reliability.conftest import PROBE_TABLE
from tests.reliability.hospital_day import CLEAN, HospitalDay
from tests.reliability.kills import kill_during
from tests.reliability.probe import Crowd
from tests.reliability.races import roomy
from tests.reliability.world import PROBE, World, world

pytestmark = [pytest.mark.mariadb, pytest.mark.prove, pytest.mark.xdist_group("galera")]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
NODE_KILLS = 10 if PROVE else 1
KILLS = 40
CLERKS = 6
PEOPLE, TIMES = 20, 15
SYNCED = "&init_command=SET wsrep_sync_wait = 7"
"""To look at one node and see what was committed on either."""


@pytest.fixture
def hospital_urls(cluster_urls: tuple[str, str]) -> tuple[str, str]:
    """An empty hospital, up to date, on each node."""
    db = Database(cluster_urls[0], connections=1)
    schema.upgrade(db.engine)
    db.close()
    return cluster_urls


@pytest.fixture
async def around(hospital_urls: tuple[str, str], tmp_path: Path) -> AsyncIterator[World]:
    """Its own look at the tables is by the first node."""
    async with world(hospital_urls[0] + SYNCED, tmp_path) as around:
        around.rows(PROBE_TABLE)
        yield around


@pytest.mark.skipif(not PROVE, reason="on one server the same day is lived every day")
async def test_a_day_on_both_nodes_goes_on_whoever_dies(around: World, hospital_urls: tuple[str, str]) -> None:
    first, second = hospital_urls
    day, kills = await HospitalDay.opened(around, urls=[first, second, second]), 0
    while kills < KILLS:
        kills += await kill_during(around, day.shift(), most=KILLS)
    print(f"\n{kills} kills, {day.repeated()} repeated messages, {day.counted()}")  # noqa: T201 - the proof's figures

    assert day.report() == CLEAN
    assert day.repeated() <= kills


@pytest.mark.skipif(not PROVE, reason="as above")
async def test_without_the_lock_of_the_chat_the_same_day_is_misunderstood(
    around: World, hospital_urls: tuple[str, str]
) -> None:
    day = await HospitalDay.opened(around, "lock", urls=[*hospital_urls, hospital_urls[1]])
    await day.shift()

    assert day.report().updates.forgetful > 0


@pytest.mark.skipif(not PROVE, reason="on one server a crowd does this every day")
async def test_a_chat_whose_updates_come_to_both_nodes_loses_doubles_and_misplaces_none(
    around: World, hospital_urls: tuple[str, str]
) -> None:
    await around.served(4, webhook=True, urls=hospital_urls, command=PROBE)
    crowd = Crowd.gathered(around, PEOPLE)
    crowd.begin()
    crowd.act(TIMES)
    kills = await kill_during(around, around.quiet())
    print(f"\n{kills} kills, {crowd.applied()} updates")  # noqa: T201 - as above

    assert crowd.report() == probe.CLEAN
    assert kills > 1


@dataclass
class Desk:
    """Clerks who book one visit after the other on both nodes, each for a doctor of their own, until it closes.
    Who gets no answer asks again, at the node that doesn't die."""

    hospital: Hospital
    survivor: Hospital
    booked: list[int] = field(default_factory=list)
    unanswered: int = 0
    closed: Event = field(default_factory=Event)

    def clerk(self, doctor: int, patient: int) -> None:
        for number in itertools.count():
            if self.closed.is_set():
                return
            start = at("00:00", MONDAY + timedelta(days=number // 40)) + timedelta(minutes=30 * (number % 40))
            self.booked.append(self._book(patient, doctor, start))

    def _book(self, patient: int, doctor: int, start: datetime) -> int:
        hospital, request_id = self.hospital, f"{doctor} at {start}"
        while True:
            try:
                return hospital.book(patient, doctor, start, request_id=request_id).appointment_id
            except Unavailable:
                self.unanswered += 1
                hospital = self.survivor

    def books(self, count: int) -> None:
        """So many more."""
        until, enough = time.monotonic() + 60, len(self.booked) + count
        while len(self.booked) < enough and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.booked) >= enough


def visits(session: Session) -> list[int]:
    return list(session.scalars(select(Appointment.appointment_id).order_by(Appointment.appointment_id)))


@contextmanager
def opened(hospital: Hospital) -> Iterator[Desk]:
    """At work until the block ends. Raises what a clerk met that was no answer."""
    desk = Desk(hospital, on_each(hospital)[0])
    with ThreadPoolExecutor(CLERKS) as clerks:
        doctors = [hospital.doctor([("00:00", "20:00")]) for _ in range(CLERKS)]
        at_work = [clerks.submit(desk.clerk, doctor, hospital.patient()) for doctor in doctors]
        try:
            yield desk
        finally:
            desk.closed.set()
    for each in at_work:
        each.result()


def test_a_node_dies_and_comes_back_and_who_was_told_of_a_visit_has_it(cluster: Cluster, on_cluster: Hospital) -> None:
    hospital = roomy(on_cluster)
    with cluster.hasty(), opened(hospital) as desk:
        for _ in range(NODE_KILLS):
            desk.books(50)
            cluster.nodes[1].kill()
            desk.books(50)
            cluster.nodes[1].start()
        desk.books(50)
    print(f"\n{NODE_KILLS} kills, {len(desk.booked)} visits, {desk.unanswered} asked again")  # noqa: T201 - as above

    for node in on_each(hospital):
        assert node.db.run(visits) == sorted(desk.booked)
        assert node.overlaps() == 0
    assert desk.unanswered > 0


@pytest.mark.skipif(not PROVE, reason="it takes long until a node knows that it is alone")
def test_a_node_that_is_left_alone_says_try_again_until_the_other_is_back(
    cluster: Cluster, on_cluster: Hospital
) -> None:
    _, second = on_each(on_cluster)
    osei, ann = on_cluster.doctor(), on_cluster.patient()
    before = second.book(ann, osei, at("09:00"))
    with cluster.hasty():
        cluster.nodes[0].kill()
        for start in (at("09:30"), at("10:00"), at("10:30")):
            with pytest.raises(Unavailable):
                second.book(ann, osei, start)
        cluster.nodes[0].start()

    assert second.book(ann, osei, at("11:00")).start == at("11:00")
    assert on_cluster.upcoming(ann)[0] == before.start
