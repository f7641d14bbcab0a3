"""What stands around every route."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from hospital_bot.api.app import Limits
from hospital_bot.errors import Unavailable
from hospital_bot.services import health, throttles
from tests.api.conftest import PASSWORD, Service, serving
from tests.hospital import Hospital


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    hospital = Hospital.build(f"sqlite:///{tmp_path}/hospital.db")
    yield hospital
    hospital.close()


JSON = {"Content-Type": "application/json"}


def test_a_body_of_more_than_64_kib_is_refused_whether_it_says_so_or_not(service: Service) -> None:
    long = b'{"email": "' + b"a" * 65536 + b'"}'
    told = service.client.post("/login", content=long, headers=JSON)
    untold = service.client.post("/login", content=iter([long[:40_000], long[40_000:]]), headers=JSON)
    assert [told.status_code, untold.status_code] == [413, 413]
    assert told.json()["code"] == "too_long"


def test_a_body_of_64_kib_is_read(service: Service) -> None:
    body = b'{"email": "a"' + b" " * (65536 - 14) + b"}"
    assert service.client.post("/login", content=body, headers=JSON).status_code == 422


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"NaN", b"[" * 60_000])
def test_what_is_not_json_is_a_bad_request(service: Service, body: bytes) -> None:
    answer = service.client.post("/login", content=body, headers=JSON)
    assert answer.status_code in {400, 422}
    assert answer.json()["msg"]


def test_what_was_typed_is_never_repeated(service: Service) -> None:
    answer = service.post("/login", {"email": "x", "password": {"is": PASSWORD}})
    assert (answer.status_code, PASSWORD in answer.text) == (422, False)


def test_who_asks_too_often_waits(hospital: Hospital) -> None:
    with serving(hospital, Limits(every="3/minute")) as service:
        answers = [service.get("/doctors") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["code"] == "busy"
        assert service.get("/health").status_code == 200


def test_changes_are_counted_by_all_processes_together(hospital: Hospital) -> None:
    limits = Limits(changes="3/minute")
    with serving(hospital, limits) as one, serving(hospital, limits) as two:
        statuses = [each.post("/logout").status_code for each in (one, two, one, two)]
        assert statuses == [401, 401, 401, 429]
        hospital.later(minutes=1)
        assert two.post("/logout").status_code == 401


def test_a_crowd_that_is_only_counted_leaves_the_bot_its_connections(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, count = [0], throttles.count

    def noting(*asked: Any, **facts: Any) -> int:
        times = count(*asked, **facts)
        sleep(0.02)
        used.append(hospital.db.engine.pool.checkedout())  # type: ignore[attr-defined]  # a QueuePool has it
        return times

    monkeypatch.setattr(throttles, "count", noting)
    with serving(hospital, at_once=2) as service, ThreadPoolExecutor(20) as crowd:
        answers = [crowd.submit(service.post, "/logout") for _ in range(40)]

        assert {answer.result().status_code for answer in answers} == {401}
    assert max(used) == 2


def test_one_user_from_many_addresses_is_counted_as_one(hospital: Hospital) -> None:
    with serving(hospital, Limits(changes="3/minute")) as service:
        token = service.patient().logs_in()
        answers = [
            service.post("/appointments/7/cancel", token=token, headers={"X-Forwarded-For": f"203.0.113.{number}"})
            for number in range(4)
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 429]


def test_a_stranger_may_not_speak_for_other_addresses(hospital: Hospital) -> None:
    with serving(hospital, Limits(changes="1/minute", proxies="192.0.2.1")) as service:
        answers = [service.post("/logout", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(2)]
        assert [answer.status_code for answer in answers] == [401, 429]


def preflight(service: Service) -> Any:
    headers = {"Origin": "https://hospital.example", "Access-Control-Request-Method": "POST"}
    return service.client.options("/login", headers=headers)


def test_pages_of_other_sites_may_not_call_unless_they_are_named(hospital: Hospital, service: Service) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(service).headers
    with serving(hospital, Limits(origins=("https://hospital.example",))) as named:
        assert preflight(named).headers["Access-Control-Allow-Origin"] == "https://hospital.example"
        other = named.client.get("/health", headers={"Origin": "https://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


def test_no_answer_is_kept_by_anybody(service: Service) -> None:
    headers = service.get("/appointments").headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "server" not in headers


def test_a_bug_is_an_answer_without_its_text(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("of Ann Lee")

    monkeypatch.setattr("hospital_bot.services.availability.specializations", broken)
    answer = service.get("/specializations")
    assert (answer.status_code, answer.json()["code"], "Ann" in answer.text) == (500, "broken", False)


def away(*_: Any, **__: Any) -> None:
    raise Unavailable


def test_without_its_database_it_lives_and_is_not_ready(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.hospital.db, "run", away)
    assert service.get("/health").json() == {"status": "ok"}
    assert (service.get("/ready").status_code, service.get("/ready").json()["database"]) == (503, "away")
    answer = service.get("/doctors")
    assert (answer.status_code, answer.json()["code"], int(answer.headers["Retry-After"]) > 0) == (
        503,
        "unavailable",
        True,
    )


def test_it_is_late_when_nobody_sends_the_messages(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    ann.books(osei.doctor_id)
    service.hospital.sql("UPDATE notifications SET due_at = :now", now=service.hospital.now.replace(tzinfo=None))
    service.hospital.now += health.LATE
    assert service.get("/ready").json() == {"status": "ok", "database": "ok", "scheduler_lag_seconds": 900.0}
    service.hospital.now += timedelta(seconds=1)
    assert (service.get("/ready").status_code, service.get("/ready").json()["status"]) == (503, "late")


def test_numbers_are_for_this_machine_alone(service: Service) -> None:
    service.get("/doctors")
    told = service.get("/metrics").text
    assert 'hospital_api_requests_total{method="GET",route="/doctors",status="200"} 1.0' in told
    assert service.client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


def test_numbers_are_for_who_has_the_token_that_was_set(hospital: Hospital) -> None:
    with serving(hospital, Limits(metrics_token="a token for numbers")) as service:
        assert service.get("/metrics").status_code == 403
        assert service.get("/metrics", token="another").status_code == 403
        assert service.get("/metrics", token="a token for numbers").status_code == 200


def test_numbers_know_routes_not_people(service: Service) -> None:
    token = service.patient().logs_in()
    service.get("/appointments/4711.ics", token=token)
    service.client.request("BREW", "/nobody/4711")
    told = service.get("/metrics").text
    assert ("4711" in told, "BREW" in told) == (False, False)
    assert 'route="/appointments/{appointment_id}.ics"' in told
