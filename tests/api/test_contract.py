"""The contract, word for word: the same addresses, payloads and answers, with the very examples it gives."""

from __future__ import annotations

from tests.api.conftest import Service


def test_a_user_registers_as_a_patient(service: Service) -> None:
    ann = service.user()
    payload = {"user_id": ann.user_id, "address": "123 Main St", "phone_number": "+1234567890"}
    answer = service.post("/patients/register", payload, token=ann.logs_in())
    expected = {"msg": "User successfully registered as a patient", "patient_id": 1}
    assert (answer.status_code, answer.json()) == (201, expected)


def test_a_user_logs_in(service: Service) -> None:
    ann = service.user()
    answer = service.post("/login", {"email": ann.email, "password": ann.password})
    token = answer.json()["token"]
    assert (answer.status_code, answer.json()) == (200, {"msg": "Login successful", "token": token})


def test_a_user_of_the_hospitals_own_network_logs_in(service: Service) -> None:
    ann = service.user()
    service.hospital.sql("UPDATE users SET email = 'ann@ward.hospital.local'")

    answer = service.post("/login", {"email": "ann@ward.hospital.local", "password": ann.password})

    assert answer.status_code == 200


def test_a_patient_books_an_appointment(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    payload = {"patient_id": ann.patient_id, "doctor_id": osei.doctor_id}
    when = {"appointment_date": "2026-11-23", "appointment_time": "09:00:00"}
    answer = service.post("/appointments/submit", payload | when, token=ann.logs_in())
    assert (answer.status_code, answer.json()) == (
        201,
        {"msg": "Appointment successfully submitted", "appointment_id": 1},
    )


def test_who_has_no_account_gets_one_by_mail_and_books(service: Service) -> None:
    osei = service.doctor()
    account = {"email": "user@example.com", "password": "nine geese fly south"}
    begun = service.post("/users/register", account | {"name": "Ann Lee"})
    proof = {"email": "user@example.com", "code": service.code(), "registration": begun.json()["registration"]}
    assert begun.status_code == 201
    assert service.post("/users/verify", proof).json()["user_id"] == begun.json()["user_id"]

    token = service.post("/login", account).json()["token"]
    details = {"user_id": begun.json()["user_id"], "address": "123 Main St", "phone_number": "+1234567890"}
    patient_id = service.post("/patients/register", details, token=token).json()["patient_id"]
    payload = {"patient_id": patient_id, "doctor_id": osei.doctor_id}
    when = {"appointment_date": "2026-11-23", "appointment_time": "09:00:00"}
    assert service.post("/appointments/submit", payload | when, token=token).status_code == 201
