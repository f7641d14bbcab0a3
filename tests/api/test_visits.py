"""Appointments, free times, a doctor's day and a patient's records."""

from __future__ import annotations

from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import insert

from hospital_bot.models import MedicalRecord
from tests.api.conftest import Service
from tests.hospital import MONDAY, at

TAKEN = "SELECT COUNT(*) FROM appointments WHERE live = 1"


def test_what_is_booked_is_seen_moved_and_cancelled(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    token = ann.logs_in()
    visit = ann.books(osei.doctor_id, token=token, reason="a cough").json()["appointment_id"]
    seen = service.get("/appointments", token=token).json()["appointments"][0]
    assert (seen["appointment_date"], seen["appointment_time"], seen["reason"]) == ("2026-11-23", "09:00:00", "a cough")

    when = {"appointment_date": "2026-11-24", "appointment_time": "10:30:00"}
    moved = service.post(f"/appointments/{visit}/move", when, token=token).json()["appointment_id"]
    seen = service.get("/appointments", token=token).json()["appointments"][0]
    assert (seen["appointment_id"], seen["moved_from"], seen["appointment_time"]) == (moved, visit, "10:30:00")

    said = service.post(f"/appointments/{moved}/cancel", {"reason": "well again"}, token=token).json()
    assert said == {"msg": "Appointment successfully cancelled", "appointment_id": moved}
    past = service.get("/appointments", token=token, when="past").json()
    assert [each["status"] for each in past["appointments"]] == ["cancelled", "cancelled"]


def test_a_reason_is_one_line_and_writes_none_of_its_own_into_a_doctors_list(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    visit = ann.books(osei.doctor_id, reason="a cough\n10:30 Bob Fox \u202e· coming").json()["appointment_id"]
    service.post(f"/appointments/{visit}/cancel", {"reason": "well\n\u2067again"}, token=ann.logs_in())

    stored = "SELECT reason || '; ' || cancel_reason FROM appointments"
    assert service.hospital.scalar(stored) == "a cough 10:30 Bob Fox · coming; well again"


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_reason_may_be_left_out(service: Service, reason: str | None) -> None:
    answer = service.patient().books(service.doctor().doctor_id, reason=reason)

    assert answer.status_code == 201
    assert service.hospital.scalar("SELECT reason FROM appointments") is None


def test_a_visit_moves_to_another_doctor(service: Service) -> None:
    osei, lang, ann = service.doctor(), service.doctor("Dr. Lang"), service.patient()
    token = ann.logs_in()
    visit = ann.books(osei.doctor_id, token=token).json()["appointment_id"]
    when = {"appointment_date": "2026-11-23", "appointment_time": "09:00:00", "doctor_id": lang.doctor_id}
    service.post(f"/appointments/{visit}/move", when, token=token)
    assert service.get("/appointments", token=token).json()["appointments"][0]["doctor_id"] == lang.doctor_id


REFUSED = {
    "slot_taken": ("2026-11-23", "09:00:00"),
    "not_offered": ("2026-11-23", "09:10:00"),
    "too_soon": ("2024-09-25", "14:00:00"),
    "too_far": ("2029-09-25", "14:00:00"),
}


@pytest.mark.parametrize(("code", "when"), REFUSED.items(), ids=REFUSED)
def test_why_a_time_can_not_be_had(service: Service, code: str, when: tuple[str, str]) -> None:
    osei, ann, bob = service.doctor(), service.patient(), service.patient("Bob")
    ann.books(osei.doctor_id)
    answer = bob.books(osei.doctor_id, when[1], when[0])
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


UNREADABLE: list[dict[str, Any]] = [
    {"appointment_date": "25.09.2024"},
    {"appointment_date": "20240925"},
    {"appointment_date": "2026-02-30"},
    {"appointment_date": 20261123},
    {"appointment_time": "14:00"},
    {"appointment_time": "25:00:00"},
    {"appointment_time": "14:00:00+01:00"},
    {"appointment_time": None},
    {"patient_id": "1"},
    {"patient_id": True},
    {"patient_id": 2**31},
    {"doctor_id": 0},
    {"doctor_id": 1.5},
    {"price": 0},
    {"status": "completed"},
]


def test_what_is_not_of_the_contracts_form_is_refused_by_name(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    token = ann.logs_in()
    fine = {"patient_id": ann.patient_id, "doctor_id": osei.doctor_id, "appointment_date": "2026-11-23"}
    for changed in UNREADABLE:
        answer = service.post("/appointments/submit", fine | {"appointment_time": "09:00:00"} | changed, token=token)
        named = [fault["field"] for fault in answer.json()["faults"]]
        assert (answer.status_code, named) == (422, list(changed))
    assert service.hospital.scalar(TAKEN) == 0


def test_half_a_character_is_no_text(service: Service) -> None:
    body = b'{"patient_id": 1, "doctor_id": 1, "reason": "\\ud800"}'
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {service.patient().logs_in()}"}
    answer = service.client.post("/appointments/submit", content=body, headers=headers)
    assert (answer.status_code, answer.json()["faults"][-1]["field"]) == (422, "reason")


def test_nobody_books_for_somebody_else(service: Service) -> None:
    osei, ann, bob = service.doctor(), service.patient(), service.patient("Bob")
    body = {"doctor_id": osei.doctor_id, "appointment_date": "2026-11-23", "appointment_time": "09:00:00"}
    token = ann.logs_in()
    ids = (bob.patient_id, 4711)
    answers = [service.post("/appointments/submit", body | {"patient_id": each}, token=token) for each in ids]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_anothers_visit_is_as_unknown_as_none(service: Service) -> None:
    osei, ann, bob = service.doctor(), service.patient(), service.patient("Bob")
    visit = ann.books(osei.doctor_id).json()["appointment_id"]
    token, when = bob.logs_in(), {"appointment_date": "2026-11-24", "appointment_time": "09:00:00"}
    for verb, body in (("cancel", None), ("move", when)):
        answers = [service.post(f"/appointments/{each}/{verb}", body, token=token) for each in (visit, 4711)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
    assert service.get(f"/appointments/{visit}.ics", token=token).status_code == 404
    assert service.hospital.upcoming(ann.patient_id) == [at("09:00", MONDAY)]


def test_a_visit_goes_into_a_calendar_without_a_diagnosis(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    token = ann.logs_in()
    visit = ann.books(osei.doctor_id, token=token, reason="a cough").json()["appointment_id"]
    answer = service.get(f"/appointments/{visit}.ics", token=token)
    event = Calendar.from_ical(answer.text).walk("VEVENT")[0]
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert (str(event["summary"]), "cough" in answer.text) == ("Visit at Invented Hospital", False)


def test_free_times_by_day_leave_out_what_is_taken(service: Service) -> None:
    osei, ann = service.doctor(), service.patient()
    ann.books(osei.doctor_id)
    query = {"from": "2026-11-23", "to": "2026-11-24"}
    told = service.get(f"/doctors/{osei.doctor_id}/availability", **query).json()
    clocks = ["09:00:00", "09:30:00", "10:00:00", "10:30:00", "11:00:00", "11:30:00"]
    days = [{"date": "2026-11-23", "times": clocks[1:]}, {"date": "2026-11-24", "times": clocks}]
    assert told == {"doctor_id": osei.doctor_id, "name": "Dr. Osei", "specialization": "Cardiology", "days": days}


@pytest.mark.parametrize(("first", "last", "status"), [
    ("2026-11-23", "2026-12-23", 200),
    ("2026-11-23", "2026-12-24", 422),
    ("2026-11-24", "2026-11-23", 422),
    ("0001-01-01", "0001-01-02", 200),
    ("9999-12-31", None, 200),
    ("yesterday", None, 422),
])  # fmt: skip
def test_free_times_are_told_for_a_month_at_most(service: Service, first: str, last: str | None, status: int) -> None:
    osei = service.doctor()
    query = {"from": first} | ({"to": last} if last else {})
    assert service.get(f"/doctors/{osei.doctor_id}/availability", **query).status_code == status


def test_doctors_are_found_by_specialization(service: Service) -> None:
    osei = service.doctor()
    found = service.get("/doctors", specialization="Cardiology").json()["doctors"]
    assert [(each["doctor_id"], each["next_date"], each["next_time"]) for each in found] == [
        (osei.doctor_id, "2026-11-20", "09:00:00")
    ]
    assert service.get("/doctors", specialization="Astrology").json() == {"doctors": []}
    told = service.get("/specializations").json()["specializations"]
    assert told == [{"name": "Cardiology", "doctors": 1, "next_date": "2026-11-20"}]


def test_who_left_and_who_never_was_are_no_doctors(service: Service) -> None:
    osei = service.doctor()
    service.hospital.sql("UPDATE doctors SET active = 0")
    answers = [service.get(f"/doctors/{each}/availability") for each in (osei.doctor_id, 4711)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert service.get("/doctors").json() == {"doctors": []}


def test_a_doctor_sees_who_comes_after_a_code(service: Service) -> None:
    osei, ann = service.doctor(), service.patient("Ann Lee")
    ann.books(osei.doctor_id, reason="a cough")
    token = osei.logs_in()
    assert service.get("/doctors/me/schedule", token=token).json()["code"] == "code_needed"
    token = osei.proves(token)
    told = service.get("/doctors/me/schedule", token=token, date="2026-11-23").json()
    names = [(each["patient_name"], each["appointment_time"], each["reason"]) for each in told["appointments"]]
    assert (told["date"], names) == ("2026-11-23", [("Ann Lee", "09:00:00", "a cough")])
    assert service.get("/doctors/me/schedule", token=token, date="9999-12-31").status_code == 422


def write_record(service: Service, patient_id: int, doctor_id: int, diagnosis: str) -> None:
    with service.hospital.db.engine.begin() as connection:
        facts = {"patient_id": patient_id, "doctor_id": doctor_id, "diagnosis": diagnosis}
        connection.execute(insert(MedicalRecord).values(facts))


def test_records_need_a_code_and_every_look_is_written_down(service: Service) -> None:
    osei, ann, bob = service.doctor(), service.patient(), service.patient("Bob")
    write_record(service, ann.patient_id, osei.doctor_id, "cough")
    write_record(service, bob.patient_id, osei.doctor_id, "gout")
    token, looks = ann.logs_in(), "SELECT COUNT(*) FROM audit_log WHERE action = 'records.read' AND patient_id = :id"
    answer = service.get("/patients/me/records", token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "code_needed")
    assert service.hospital.scalar(looks, id=ann.patient_id) == 0

    told = service.get("/patients/me/records", token=ann.proves(token)).json()["records"]
    assert [(each["diagnosis"], each["doctor_name"]) for each in told] == [("cough", "Dr. Osei")]
    assert service.hospital.scalar(looks, id=ann.patient_id) == 1


def test_what_can_not_be_written_down_is_not_shown(service: Service) -> None:
    ann = service.patient()
    token = ann.proves()
    service.hospital.sql("DROP TABLE audit_log")
    answer = service.get("/patients/me/records", token=token)
    assert answer.status_code >= 500
    assert "records" not in answer.json()
