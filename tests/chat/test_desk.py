"""The hospital's desk looks up whom to call; what staff see of patients is written down."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers import texts
from handlers.texts import notices as words
from hospital_bot.clinic import Clinic
from hospital_bot.errors import Unavailable
from hospital_bot.services import accounts, doctors
from hospital_bot.services.calls import Call, CallSheet
from hospital_bot.services.insiders import ManyLooks
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram.cut import fit
from tests.chat.conftest import Hospital, email_of
from tests.chat.practice import visit

MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
"""09:05 on the clinic's clock."""


async def desk(hospital: Hospital) -> Phone:
    phone = await hospital.phone("Desk")
    user_id = hospital.do(doctors.add_admin, name="Desk", email=email_of("Desk"))
    hospital.do(accounts.link, telegram_id=phone.id, user_id=user_id, role="admin")
    return phone


async def test_the_desk_sees_whom_to_call_on_any_day(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    visit(hospital, ann, osei, "2026-11-24 10:00")
    visit(hospital, bob, osei, "2026-11-24 11:00")
    await bob.starts()
    await bob.blocks()
    hospital.clock.now = MONDAY
    phone = await desk(hospital)
    await phone.says("/start")

    await phone.taps("To call today")
    assert phone.last.text == "📞 To call: Monday, 23 November 2026\nNobody."
    await phone.taps("Tue 24 Nov")

    assert "11:00 Bob, +4930123456 · Dr. Osei · blocked" in phone.last.text
    assert "Ann" not in phone.last.text


@pytest.mark.parametrize("role", ["patient", "doctor"])
async def test_nobody_else_has_the_call_list(hospital: Hospital, role: str) -> None:
    phone = await (hospital.patient("Ann") if role == "patient" else hospital.staff(hospital.doctor()))

    await phone.says("/calls")

    assert phone.last.text == "That is not possible with your account."


@pytest.mark.parametrize(
    ("steps", "entry"),
    [
        (("/today",), ("day.read", "doctor:1:20261123")),
        (("/requests",), ("requests.read", "doctor:1")),
        (("/timeoff", "🤒 Off sick today"), ("day.read", "doctor:1:20261123-20261123")),
        (("/schedule", "Bookings wait for my answer: no"), ("approval.on", "doctor:1")),
    ],
)
async def test_what_a_doctor_sees_of_patients_is_written_down(
    hospital: Hospital, steps: tuple[str, ...], entry: tuple[str, str]
) -> None:
    osei = hospital.doctor()
    visit(hospital, await hospital.patient("Ann"), osei, "2026-11-23 10:00")
    hospital.clock.now = MONDAY
    phone = await hospital.staff(osei)

    await phone.walks(*steps)

    with hospital.db.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT action, subject FROM audit_log WHERE actor_id = 1").all()
    assert entry in [tuple(row) for row in rows]


async def test_a_list_that_cannot_be_written_down_is_not_shown(hospital: Hospital) -> None:
    osei = hospital.doctor()
    visit(hospital, await hospital.patient("Ann"), osei, "2026-11-23 10:00")
    hospital.clock.now = MONDAY
    phone = await hospital.staff(osei)
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit_log")

    with pytest.raises(Unavailable):
        await phone.says("/today")

    assert not any("Ann" in message.text for message in phone.messages)


@pytest.mark.parametrize("role", ["patient", "doctor", "admin"])
async def test_every_button_of_the_menu_leads_somewhere_and_back(hospital: Hospital, role: str) -> None:
    if role == "admin":
        phone = await desk(hospital)
    else:
        doctor = hospital.doctor()
        phone = await (hospital.patient("Ann") if role == "patient" else hospital.staff(doctor))
    await phone.says("/start")
    labels = phone.last.buttons

    for label in labels:
        await phone.says("/start")
        await phone.taps(label)
        assert phone.toast or {"‹ Menu", "‹ Back", "Cancel"} & set(phone.last.buttons)
        assert "older message" not in (phone.toast or "")

    assert len(labels) >= 3


def test_a_call_list_too_long_for_a_message_says_how_many_more_there_are_and_leaves_room_for_what_follows() -> None:
    start = datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001 - the clinic's wall clock
    calls = tuple(Call(n, start, "Ann & Bob", "+491234567", "Dr. Osei", "not linked") for n in range(200))
    curious = ManyLooks(1, "Dr. Novak", MONDAY, 31)

    told = fit(words.call_sheet(CallSheet(start.date(), calls, (curious,)), Clinic()))

    listed = told.count("Ann &amp; Bob")
    assert 20 < listed < 200
    assert f"… and {200 - listed} more." in told
    assert "Dr. Novak: data of 31 patients" in told


async def test_a_long_list_is_turned_page_by_page(hospital: Hospital) -> None:
    """Forty patients whom no message reaches."""
    osei = hospital.doctor(weekly="mon-sun 06:00-22:00", minutes=20)
    nora = await desk(hospital)
    for number in range(40):
        phone = await hospital.patient(f"P{number:02}")
        visit(hospital, phone, osei, f"2026-11-23 {6 + number // 3:02}:{20 * (number % 3):02}")
        hospital.db.run(accounts.unlink, user_id=hospital.scalar("SELECT max(user_id) FROM users"))
    await nora.says("/start")
    await nora.forges("desk.calls:20261123", nora.last.id)
    assert nora.last.text.startswith("📞 To call: Monday, 23 November 2026\n40 patients\n\n06:00 P00")
    first = nora.last.text.count("not linked")
    await nora.taps(texts.LATER)

    assert "19:00 P39" in nora.last.text
    assert first + nora.last.text.count("not linked") == 40
    await nora.taps(texts.EARLIER)
    assert "06:00 P00" in nora.last.text
