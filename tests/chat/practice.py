"""What the tests of the doctor's side share: visits that were booked before, and the messages that are due."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from hospital_bot.services import accounts, booking, doctors
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Visit, Who
from tests.chat.conftest import Hospital, email_of

_serial = count(1)

PATIENT = "SELECT patient_id FROM patients JOIN telegram_accounts USING (user_id) WHERE telegram_id = :id"


def patient_id(hospital: Hospital, phone: Phone) -> int:
    return int(hospital.scalar(PATIENT, id=phone.id))


async def administrator(hospital: Hospital) -> Phone:
    """Nora's phone, at the hospital's desk."""
    phone = await hospital.phone("Nora")
    user_id = hospital.do(doctors.add_admin, name="Nora", email=email_of("Nora"))
    hospital.do(accounts.link, telegram_id=phone.id, user_id=user_id, role="admin")
    return phone


def visit(hospital: Hospital, phone: Phone, doctor: Added, when: str, reason: str | None = None) -> Visit:
    """A visit at `2026-11-23 10:00`, booked by this person."""
    return hospital.do(
        booking.book,
        patient_id=patient_id(hospital, phone),
        who=Who(doctor.doctor_id),
        start=datetime.fromisoformat(when),
        reason=reason,
        request_id=f"before-{next(_serial)}",
        clinic=hospital.clinic,
    )


def status(hospital: Hospital, booked: Visit) -> str:
    return str(hospital.scalar("SELECT status FROM appointments WHERE appointment_id = :id", id=booked.appointment_id))


async def deliver(hospital: Hospital) -> None:
    """Send whatever is due by now."""
    await hospital.product.expire()
    await hospital.product.outbox.plan()
    await hospital.product.outbox.tick()


def heard(phone: Phone, words: str) -> int:
    """How many messages of the bot have these words."""
    return sum(words in message.text for message in phone.messages if message.is_from_bot)
