"""Requests that come twice: by an Idempotency-Key they are done once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.conftest import Service, on_mariadb, service
from tests.hospital import MONDAY, at

__all__ = ["on_mariadb", "service"]

COUNT = "SELECT COUNT(*) FROM appointments"


def test_the_same_request_again_gets_the_same_answer(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    first = ann.books(osei.doctor_id, key="k")
    again = ann.books(osei.doctor_id, key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")


def test_a_repeated_answer_outlives_the_visit(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    visit = ann.books(osei.doctor_id, key="k").json()["appointment_id"]
    service.post(f"/appointments/{visit}/cancel", token=ann.logs_in())
    assert ann.books(osei.doctor_id, key="k").json()["appointment_id"] == visit
    assert service.hospital.scalar(COUNT) == 1


def test_another_request_may_not_have_the_same_name(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    ann.books(osei.doctor_id, key="k")
    answer = ann.books(osei.doctor_id, "10:00:00", key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


def test_two_people_may_choose_the_same_name(service: Service) -> None:
    osei, ann, bob = service.doctor(), service.patient(), service.patient("Bob")
    first, second = ann.books(osei.doctor_id, key="k"), bob.books(osei.doctor_id, "10:00:00", key="k")
    assert (first.status_code, second.status_code) == (201, 201)


def test_a_taken_time_is_asked_for_anew(service: Service) -> None:
    osei, ann, bob = service.doctor(), service.patient(), service.patient("Bob")
    visit = ann.books(osei.doctor_id).json()["appointment_id"]
    assert bob.books(osei.doctor_id, key="k").json()["code"] == "slot_taken"

    service.post(f"/appointments/{visit}/cancel", token=ann.logs_in())
    assert bob.books(osei.doctor_id, key="k").status_code == 201


def test_a_refusal_that_nothing_will_change_is_repeated(service: Service) -> None:
    ann = service.patient()
    token = ann.logs_in()
    first, again = (service.post("/appointments/77/cancel", token=token, key="k") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (404, 404, first.json())
    assert "Idempotent-Replayed" in again.headers


def test_after_a_day_the_name_is_free(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    ann.books(osei.doctor_id, key="k")
    service.hospital.later(days=1)
    assert ann.books(osei.doctor_id, "10:00:00", key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_name_has_one_to_255_characters(service: Service, key: str) -> None:
    osei, ann = service.doctor(), service.patient()
    assert ann.books(osei.doctor_id, headers={"Idempotency-Key": key}).status_code == 422


@pytest.mark.mariadb
def test_fifty_equal_requests_at_once_are_one_row(on_mariadb: Service) -> None:
    service = on_mariadb
    osei, ann = service.doctor(), service.patient()
    token = ann.logs_in()
    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(lambda _: ann.books(osei.doctor_id, token=token, key="k"), range(50)))
    found = Counter(answer.status_code for answer in answers)
    assert found[201] >= 1
    assert found[201] + found[409] == 50
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"in_flight"}
    assert {answer.json()["appointment_id"] for answer in answers if answer.status_code == 201} == {1}
    assert service.hospital.scalar(COUNT) == 1


@pytest.mark.mariadb
def test_a_request_that_is_being_answered_is_not_begun_again(on_mariadb: Service) -> None:
    service = on_mariadb
    osei, ann = service.doctor(), service.patient()
    ann.books(osei.doctor_id, key="k")
    with service.hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE requests SET status = status")
        connection.exec_driver_sql("SELECT * FROM requests FOR UPDATE")
        answer = ann.books(osei.doctor_id, key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_flight")
    assert service.hospital.upcoming(ann.patient_id) == [at("09:00", MONDAY)]
