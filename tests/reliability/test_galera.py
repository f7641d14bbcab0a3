"""The product over the two nodes of a Galera cluster, where a lock on one is unknown to the other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hospital_bot import db, queries
from hospital_bot.errors import Refusal, SlotTaken, Unavailable
from hospital_bot.models import Doctor, Patient
from hospital_bot.services import audit, booking, chain, conversations, digests, outbox
from hospital_bot.services.outbox import Draft
from hospital_bot.values import Visit, Who
from tests.hospital import Hospital, at
from tests.privacy.conftest import KEYS, Log
from tests.reliability.cluster import Balanced, Cluster, on_each
from tests.reliability.races import CLIENTS, Crowd, both_kept_and_taken, codes, drop_keys, missed, race, roomy, rounds

pytestmark = [pytest.mark.mariadb, pytest.mark.prove, pytest.mark.xdist_group("galera")]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
ROUNDS = 200 if PROVE else 5
at_length = pytest.mark.skipif(not PROVE, reason="one server shows it every day, and a cluster with `make prove`")


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        yield pool


def overlaps(hospital: Hospital) -> list[int]:
    return [each.overlaps() for each in on_each(hospital)]


def test_of_many_on_both_nodes_one_gets_the_time_and_the_others_hear_that_it_is_taken(
    on_cluster: Hospital, crowd: ThreadPoolExecutor
) -> None:
    hospital = roomy(on_cluster)
    drop_keys(hospital)
    for _, answers in rounds(hospital, crowd, ROUNDS):
        assert codes(answers) == {"booked": 1, "slot_taken": CLIENTS - 1}
    assert overlaps(hospital) == [0, 0]


def for_update(session: Session, who: Who, patient_id: int) -> None:
    """The lock as many write it. On one server it would do."""
    known_by, value = queries.meant(who)
    session.execute(select(Doctor.doctor_id).where(queries.matches(known_by)).with_for_update(), value).all()
    session.execute(select(Patient.patient_id).where(Patient.patient_id == patient_id).with_for_update()).all()


def giving_up(book: Callable[..., Visit]) -> Callable[..., Visit]:
    """Rows that are only read may keep others waiting until the driver's patience ends: no visit for those."""

    def run(*facts: Any) -> Visit:
        try:
            return book(*facts)
        except Unavailable as unknown:
            raise SlotTaken from unknown

    return run


def test_with_rows_read_for_update_instead_of_written_the_same_race_books_twice(
    on_cluster: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "lock", for_update)
    hospital = roomy(on_cluster)
    monkeypatch.setattr(hospital, "book", giving_up(hospital.book))
    drop_keys(hospital)
    assert any(codes(answers)["booked"] > 1 for _, answers in rounds(hospital, crowd, 40))
    assert hospital.overlaps() > 0


@at_length
def test_whatever_a_crowd_on_both_nodes_does_no_two_visits_meet(
    on_cluster: Hospital, crowd: ThreadPoolExecutor
) -> None:
    people, seen = Crowd(on_cluster, 7), Counter[str]()
    for number in range(ROUNDS):
        seen += codes(race(crowd, people.asks(number)))
        assert overlaps(on_cluster) == [0, 0]
    assert on_cluster.scalar("SELECT COUNT(*) FROM appointments WHERE moved_from IS NOT NULL") > 0
    assert min(seen["booked"], seen["slot_taken"], seen["patient_busy"]) > 0


@at_length
def test_two_times_at_once_that_meet_leave_the_patient_with_one(
    on_cluster: Hospital, crowd: ThreadPoolExecutor
) -> None:
    osei, lang = on_cluster.doctor(), on_cluster.doctor(minutes=45)
    for _ in range(ROUNDS // 2):
        ann = on_cluster.patient()
        asks = [partial(on_cluster.book, ann, osei, at("09:30")), partial(on_cluster.book, ann, lang, at("09:00"))]
        assert codes(race(crowd, asks * 4)) == {"booked": 4, "patient_busy": 4}
        on_cluster.sql("UPDATE appointments SET status = 'cancelled'")


@at_length
def test_leave_lists_every_visit_that_is_booked_meanwhile_on_the_other_node(
    on_cluster: Hospital, crowd: ThreadPoolExecutor
) -> None:
    assert missed(on_cluster, crowd, ROUNDS // 2) == 0


@at_length
def test_a_time_is_kept_on_one_node_or_booked_on_the_other_never_both(
    on_cluster: Hospital, crowd: ThreadPoolExecutor
) -> None:
    assert both_kept_and_taken(on_cluster, crowd, ROUNDS // 2) == 0


def test_a_node_that_is_not_ready_says_try_again_and_serves_when_it_is(cluster: Cluster, on_cluster: Hospital) -> None:
    _, second = on_each(on_cluster)
    osei, ann = on_cluster.doctor(), on_cluster.patient()
    second.times(osei)
    cluster.nodes[1].execute("SET GLOBAL wsrep_reject_queries = ALL")
    try:
        for ask in (partial(second.book, ann, osei, at("09:00")), partial(second.times, osei)):
            with pytest.raises(Unavailable):
                ask()
    finally:
        cluster.nodes[1].execute("SET GLOBAL wsrep_reject_queries = NONE")
    assert second.book(ann, osei, at("09:00")).start == at("09:00")


def step(session: Session, *, update_id: int, moves: bool, now: datetime) -> str:
    """As the dispatcher does: where the chat stood, and whether it stands elsewhere now."""
    chat = conversations.open_chat(session, chat_id=1, update_id=update_id, now=now)
    state = f"after {update_id}" if moves else chat.state
    conversations.close_chat(session, chat=chat, state=state, data={}, screen={}, now=now)
    return chat.state


def misunderstood(hospital: Hospital) -> int:
    """Of taps that follow a text to the other node, which is busy with what came before both: how many found the chat
    where it had stood before the text."""
    found = 0
    hospital.sql("CREATE TABLE import (id INT AUTO_INCREMENT PRIMARY KEY, number INT)")
    for update_id in range(1, 11, 2):
        hospital.sql("INSERT INTO import (number) SELECT seq FROM seq_1_to_20000")
        hospital.db.run(step, update_id=update_id, moves=True, now=hospital.now)
        found += hospital.db.run(step, update_id=update_id + 1, moves=False, now=hospital.now) != f"after {update_id}"
    return found


def test_what_follows_on_the_other_node_finds_the_chat_where_the_last_update_left_it(on_cluster: Hospital) -> None:
    assert misunderstood(on_cluster) == 0


def test_a_node_that_does_not_wait_for_the_other_misunderstands_what_follows(
    on_cluster: Hospital, cluster_urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_prepare_node", lambda *_: None)
    impatient = Balanced(*cluster_urls, connections=1)
    assert misunderstood(replace(on_cluster, db=impatient)) > 0
    impatient.close()


def claim_all(hospital: Hospital, token: str) -> list[int]:
    """Everything that this process gets of what is due."""
    mine: list[int] = []
    while found := hospital.db.run(outbox.claim, token=token, most=5, lease=timedelta(minutes=1), now=hospital.now):
        mine += [each.notification_id for each in found]
    return mine


def test_processes_on_both_nodes_never_claim_the_same_message(
    on_cluster: Hospital, crowd: ThreadPoolExecutor, cluster: Cluster
) -> None:
    user_id = on_cluster.user("Ann", "patient")
    for number in range(ROUNDS):
        due = [Draft(user_id, "note", f"{number}:{each}", on_cluster.now) for each in range(60)]
        on_cluster.db.run(outbox.put, due, now=on_cluster.now)
        claims = race(crowd, [partial(claim_all, on_cluster, f"process {process}") for process in range(6)])
        ids = [each for claim in claims if not isinstance(claim, Refusal) for each in claim]
        assert len(ids) == len(set(ids)) == 60


@at_length
def test_both_nodes_plan_at_once_and_each_doctor_has_one_digest(
    on_cluster: Hospital, crowd: ThreadPoolExecutor
) -> None:
    doctors, patient = [on_cluster.doctor() for _ in range(10)], on_cluster.patient()
    for number in range(ROUNDS // 2):
        on_cluster.later(days=1)
        today = on_cluster.now.date()
        for minute, doctor in enumerate(doctors):
            visit = at(f"11:{minute:02}", today)
            on_cluster.appointment(doctor, patient, visit, created_at=on_cluster.now - timedelta(days=2))
        race(
            crowd, [partial(on_cluster.db.run, digests.plan_digests, clinic=on_cluster.clinic, now=on_cluster.now)] * 8
        )
        digested = "SELECT COUNT(*) FROM notifications WHERE kind = 'digest'"
        assert on_cluster.scalar(digested) == len(doctors) * (number + 1)


def test_processes_on_both_nodes_that_link_at_once_make_one_chain(
    on_cluster: Hospital, crowd: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "BATCH", 7)
    on_cluster.db.info[audit.SIGNER] = KEYS.audit
    log = Log(on_cluster.db)
    for number in range(1, ROUNDS // 4 + 1):
        log.write(60)
        made = race(crowd, [lambda: sum(iter(log.link, 0))] * 4)
        assert sum(each for each in made if isinstance(each, int)) == 60
        for _ in range(2):
            verdict = log.verdict()
            assert (verdict.entries, verdict.waiting, verdict.problems) == (60 * number, 0, [])
