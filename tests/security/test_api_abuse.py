"""What software does that should not: bodies from hell, fields nobody asked for, errors that tell too much."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response

from tests.api.conftest import PASSWORD, Service, bearer

REGISTER = {"name": "Ann Lee", "email": "ann@example.com", "password": PASSWORD}
LOGIN = {"email": "ann@example.com", "password": PASSWORD}
WHEN = {"appointment_date": "2026-11-23", "appointment_time": "09:00:00"}

RAW = {
    "half a letter": b'{"email": "ann@example.com", "password": "\\ud800"}',
    "nul": b'{"email": "ann@example.com", "password": "a\\u0000b"}',
    "a number": b'{"email": "ann@example.com", "password": 1e999}',
    "deep": b"[" * 30_000 + b"]" * 30_000,
    "not utf-8": b'{"email": "\xff\xfe", "password": "x"}',
    "twice the same": b'{"email": "a@example.com", "email": "b@example.com", "password": "x"}',
    "a megabyte": b'{"email": "ann@example.com", "password": "' + b"x" * 2**20 + b'"}',
    "a long number": b'{"email": "ann@example.com", "password": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("path", ["/login", "/users/register"])
@pytest.mark.parametrize("body", RAW)
def test_no_body_breaks_it(service: Service, path: str, body: str) -> None:
    answer = service.client.post(path, content=RAW[body], headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 401, 413, 422}


@pytest.mark.parametrize("password", ["x" * 73, "\U0001f600" * 19, "ع" * 37, "a\0b", "x" * 1025, ""])
def test_a_password_that_bcrypt_alone_could_not_take_is_an_ordinary_wrong_one(service: Service, password: str) -> None:
    ann = service.user()
    wrong = service.post("/login", {"email": ann.email, "password": "wrong"})
    said = service.post("/login", {"email": ann.email, "password": password})
    unknown = service.post("/login", {"email": "nobody@example.org", "password": password})

    assert said.status_code in {wrong.status_code, 422}
    assert (said.status_code, without_reference(said)) == (unknown.status_code, without_reference(unknown))


def without_reference(answer: Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "instance"}


FIELDS: dict[str, Any] = {"role": "admin", "verified_at": "2026-01-01", "user_id": 1, "token_version": 9}


@pytest.mark.parametrize("field", FIELDS)
def test_nobody_becomes_more_than_they_are_by_a_field_of_their_own(service: Service, field: str) -> None:
    answer = service.post("/users/register", REGISTER | {field: FIELDS[field]})

    assert answer.status_code == 422
    assert service.hospital.scalar("SELECT COUNT(*) FROM users") == 0


@pytest.mark.parametrize(
    "more",
    [{"status": "completed"}, {"price": 0}, {"created_at": "2020-01-01"}, {"minutes": 600}, {"live": None}],
    ids=lambda more: next(iter(more)),
)
def test_a_visit_is_what_the_hospital_makes_of_it(service: Service, more: dict[str, Any]) -> None:
    doctor, ann = service.doctor(), service.patient()
    body = {"patient_id": ann.patient_id, "doctor_id": doctor.doctor_id, **WHEN} | more
    answer = service.post("/appointments/submit", body, token=ann.logs_in())

    assert answer.status_code == 422
    assert service.hospital.scalar("SELECT COUNT(*) FROM appointments") == 0


def test_a_visit_is_the_tokens_owners_whatever_the_body_says(service: Service) -> None:
    doctor, ann, bob = service.doctor(), service.patient("Ann"), service.patient("Bob")
    body = {"patient_id": bob.patient_id, "doctor_id": doctor.doctor_id, **WHEN}
    answer = service.post("/appointments/submit", body, token=ann.logs_in())

    assert answer.status_code == 403
    assert service.hospital.scalar("SELECT COUNT(*) FROM appointments") == 0


INJECTED = [
    "'; DROP TABLE appointments; --",
    "1 OR 1=1",
    "{0.__class__}",
    "%00",
    "../../etc/passwd",
    "1;SELECT SLEEP(9)",
]


@pytest.mark.parametrize("text", INJECTED)
def test_sql_in_a_path_a_query_or_a_field_is_a_word_like_any_other(service: Service, text: str) -> None:
    doctor, ann = service.doctor(), service.patient()
    token = ann.logs_in()
    booked = ann.books(doctor.doctor_id, reason=text, token=token)
    answers = [
        service.get("/doctors", specialization=text),
        service.get(f"/doctors/{doctor.doctor_id}/availability", **{"from": text}),
        service.client.post(f"/appointments/{text}/cancel", headers=bearer(token)),
    ]

    assert booked.status_code == 201
    assert {answer.status_code for answer in answers} <= {200, 400, 404, 405, 422}
    assert service.hospital.scalar("SELECT reason FROM appointments") == text


def test_a_bug_tells_a_reference_and_nothing_of_itself(service: Service) -> None:
    ann = service.patient()
    token = ann.logs_in()
    service.hospital.sql("ALTER TABLE appointments RENAME TO elsewhere")
    answer = service.get("/appointments", token=token)

    assert answer.status_code >= 500
    assert not any(word in answer.text.lower() for word in ("sql", "appointments ", "traceback", "elsewhere", ".py"))
