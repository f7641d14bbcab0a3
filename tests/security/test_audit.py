"""What is written down of who did what."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hospital_bot.errors import Unavailable
from hospital_bot.services import booking, chain
from hospital_bot.values import Who
from tests.chat.conftest import Hospital, chat_of
from tests.chat.test_booking import TO_SUMMARY
from tests.hospital import at

BOOKED = (*TO_SUMMARY, "✅ Confirm")

Line = tuple[str, str, str, bool]
"""Action, subject, outcome, whether the patient did it."""


async def lines(hospital: Hospital) -> list[Line]:
    """The log after the next tick, but for what led to the account."""
    await hospital.product.link()
    asked = text(
        "SELECT action, subject, outcome, l.actor_id = p.user_id FROM audit_log l"
        " JOIN patients p ON p.patient_id = 1 WHERE action <> 'register' AND action <> 'invite' ORDER BY seq"
    )
    with hospital.db.engine.connect() as connection:
        return [(action, subject, outcome, bool(own)) for action, subject, outcome, own in connection.execute(asked)]


def problems(hospital: Hospital) -> list[str]:
    return hospital.do(chain.verify, key=hospital.keys.audit).problems


async def test_booking_moving_and_cancelling_are_written_down(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*BOOKED)
    await hospital.product.link()
    await ann.walks("Move", "Mon 23 Nov · 5 free", "11:00", "✅ Move it")
    await ann.walks("Cancel visit", "I can't come")

    assert await lines(hospital) == [
        ("visit.book", "appointment:1", "ok", True),
        ("visit.cancel", "appointment:2", "ok", True),
        ("visit.move", "appointment:2", "ok", True),
    ]
    assert problems(hospital) == []


async def test_a_booking_is_written_down_once(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*BOOKED)

    first = await lines(hospital)

    assert await lines(hospital) == first
    assert len(first) == 1


async def test_what_others_book_in_a_patients_stead_is_written_down_as_theirs(hospital: Hospital) -> None:
    doctor = hospital.doctor()
    await hospital.patient("Ann")
    asked = {"patient_id": 1, "who": Who(doctor.doctor_id), "start": at("10:00"), "request_id": "desk"}
    hospital.do(booking.book, **asked, user_id=doctor.user_id, in_stead=True, clinic=hospital.clinic)

    assert await lines(hospital) == [("visit.book", "appointment:1", "ok", False)]


async def test_a_visit_that_other_software_wrote_is_nobodys_deed(hospital: Hospital) -> None:
    hospital.doctor()
    await hospital.patient("Ann")
    with hospital.db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)"
                " VALUES (1, 1, '2026-11-23 00:00:00', '10:00:00', 'confirmed')"
            )
        )

    assert await lines(hospital) == [("visit.book", "appointment:1", "ok", False)]


async def test_a_button_for_somebody_elses_visit_is_refused_and_written_down(hospital: Hospital) -> None:
    hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    await bob.walks(*BOOKED)
    await ann.says("/start")
    await hospital.product.link()

    await ann.forges("visits.show:1", ann.last.id)
    await ann.forges("visits.show:99", ann.last.id)

    assert (await lines(hospital))[1:] == [
        ("denied", "visits.show:1", "not_found", True),
        ("denied", "visits.show:99", "not_found", True),
    ]


async def test_a_doctors_look_at_a_visit_is_written_down_and_the_patient_sees_it(hospital: Hospital) -> None:
    osei = await hospital.staff(hospital.doctor())
    ann = await hospital.patient("Ann")
    await ann.walks(*BOOKED)
    await osei.says("/start")

    await osei.forges("doctor.visit:1", osei.last.id)
    await osei.forges("doctor.visit:99", osei.last.id)
    await ann.walks("/privacy", "Who saw my data")

    assert (await lines(hospital))[:2] == [
        ("visit.read", "appointment:1", "ok", False),
        ("denied", "doctor.visit:99", "not_found", False),
    ]
    assert ann.last.text.count("Dr. Osei looked at a visit") == 1


async def test_a_doctors_look_at_the_days_list_is_written_down(hospital: Hospital) -> None:
    osei = await hospital.staff(hospital.doctor())
    await hospital.patient("Ann")
    await osei.says("/today")
    await osei.forges("digest.show:20261121", osei.last.id)

    assert await lines(hospital) == [("day.read", f"doctor:1:202611{day}", "ok", False) for day in (20, 21)]


async def test_what_cannot_be_written_down_is_not_done(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*BOOKED)
    with hospital.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_log RENAME TO elsewhere"))

    with pytest.raises(Unavailable):
        await ann.walks("Cancel visit", "I can't come")

    assert hospital.scalar("SELECT status FROM appointments") == "confirmed"


async def test_a_look_that_cannot_be_written_down_shows_nothing(hospital: Hospital) -> None:
    osei = await hospital.staff(hospital.doctor())
    ann = await hospital.patient("Ann")
    await ann.walks(*BOOKED)
    await osei.says("/start")
    with hospital.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_log RENAME TO elsewhere"))

    with pytest.raises(Unavailable):
        await osei.forges("doctor.visit:1", osei.last.id)

    assert "Ann" not in chat_of(osei)


async def test_a_booking_that_the_log_has_forgotten_is_not_written_down_again(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*BOOKED)
    await hospital.product.link()
    with hospital.db.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_log"))
    hospital.clock.turn(days=31)

    assert await lines(hospital) == []
