"""A patient looks at their own details and mends them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.chat.conftest import Hospital
from tests.chat.practice import visit

MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)


async def test_the_details_are_shown_as_they_were_given(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")

    await ann.says("/start")
    await ann.taps("My details")

    assert ann.last.text == (
        "My details\n\nName: Ann\nE-mail: ann@people.example\nPhone: +4930123456\n"
        "Address: 1 Harbour Road, Kiel\nBorn: –\n\nTo change your name, please call us: +49 431 9876543."
    )


@pytest.mark.parametrize(
    ("label", "wrong", "complaint", "right", "shown"),
    [
        ("Change phone", "12", "There is no such phone number", "030 901821", "Phone: +4930901821"),
        ("Change address", "Kiel", "That is too short", "7 Quay Street, Kiel", "Address: 7 Quay Street, Kiel"),
        ("Add date of birth", "5/4/84", "could be two different days", "5 April 1984", "Born: 5 April 1984"),
    ],
)
async def test_a_detail_is_asked_again_until_it_is_right(
    hospital: Hospital, label: str, wrong: str, complaint: str, right: str, shown: str
) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/profile", label)

    await ann.says(wrong)
    assert complaint in ann.last.text
    await ann.says(right)

    assert ann.last.text.startswith("✅ Changed.")
    assert shown in ann.last.text
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'patient.change'") == 1


async def test_a_shared_number_is_taken_and_somebody_elses_is_not(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/profile", "Change phone")

    await ann.shares_contact(user_id=5)
    assert "somebody else's" in ann.last.text
    await ann.shares_contact(phone="+4930901821", user_id=ann.id)

    assert "Phone: +4930901821" in ann.last.text


@pytest.mark.parametrize("way", ["‹ Back", "Cancel"])
async def test_nothing_is_changed_by_leaving(hospital: Hospital, way: str) -> None:
    ann = await hospital.patient("Ann")

    await ann.walks("/profile", "Change phone")
    await ann.says(way)
    await ann.walks("/profile", "Change address")
    await ann.taps(way)

    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'patient.change'") == 0
    await ann.says("7 Quay Street, Kiel")
    assert ann.last.text.startswith("I didn't understand that.")


async def test_the_doctor_sees_the_age_of_who_said_it(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    await ann.walks("/profile", "Add date of birth")
    await ann.says("24 Nov 1984")
    visit(hospital, ann, osei, "2026-11-23 10:00")
    visit(hospital, bob, osei, "2026-11-23 11:00")
    hospital.clock.now = MONDAY
    phone = await hospital.staff(osei)

    await phone.says("/today")
    assert "10:00 Ann, 41\n" in phone.last.text
    assert "11:00 Bob\n" in phone.last.text

    await phone.taps("10:00 Ann")
    assert phone.last.text.startswith("10:00 Ann, 41\n")


async def test_doctors_have_no_patients_details(hospital: Hospital) -> None:
    osei = await hospital.staff(hospital.doctor())

    await osei.says("/profile")

    assert osei.last.text == "That is not possible with your account."
