"""A visit on its day: who came, who did not, and who came after all."""

from __future__ import annotations

from typing import Any

import pytest

from hospital_bot.errors import PatientBusy, SlotTaken
from hospital_bot.services import attendance
from hospital_bot.values import Visit
from tests.booking.conftest import hospital, on_mariadb
from tests.hospital import MONDAY, Hospital, at

__all__ = ["hospital", "on_mariadb"]


def marked(hospital: Hospital, visit: Visit, status: str) -> None:
    facts: dict[str, Any] = {"appointment_id": visit.appointment_id, "doctor_id": visit.doctor_id, "status": status}
    user_id = hospital.scalar("SELECT user_id FROM doctors WHERE doctor_id = :id", id=visit.doctor_id)
    hospital.db.run(attendance.mark, **facts, user_id=user_id, channel="test", clinic=hospital.clinic, now=hospital.now)


def status(hospital: Hospital, visit: Visit) -> str:
    found = "SELECT status FROM appointments WHERE appointment_id = :id"
    return str(hospital.scalar(found, id=visit.appointment_id))


@pytest.fixture
def missed(hospital: Hospital) -> Visit:
    """Two hours at nine, and nobody came."""
    doctor = hospital.doctor([("09:00", "13:00")], minutes=120)
    visit = hospital.book(hospital.patient(), doctor, at("09:00"))
    hospital.now = hospital.clinic.instant(at("09:15"))
    marked(hospital, visit, "no_show")
    return visit


def test_who_comes_late_has_arrived_after_all(hospital: Hospital, missed: Visit) -> None:
    marked(hospital, missed, "arrived")

    assert status(hospital, missed) == "arrived"


def test_but_not_into_a_time_that_somebody_else_was_given(hospital: Hospital, missed: Visit) -> None:
    schedule = {"slot_minutes": 30, "weekly": {MONDAY.strftime("%a").lower(): [["09:00", "13:00"]]}}
    hospital.set_schedule(missed.doctor_id, schedule)
    hospital.book(hospital.patient(), missed.doctor_id, at("10:30"))

    with pytest.raises(SlotTaken):
        marked(hospital, missed, "arrived")
    marked(hospital, missed, "completed")


def test_nor_while_the_patient_is_somewhere_else(hospital: Hospital, missed: Visit) -> None:
    other = hospital.doctor([("10:00", "13:00")])
    hospital.book(missed.patient_id, other, at("10:30"))

    with pytest.raises(PatientBusy):
        marked(hospital, missed, "arrived")
