"""What /privacy shows and does: who looked, what was agreed, reminders or none."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from handlers.texts import account as words
from hospital_bot.services import audit
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital
from tests.chat.test_booking import TO_SUMMARY
from tests.chat.test_registration import code_asked

WORDINGS = {"2026-11": "487ecf72"}
"""The version of every wording that anybody ever agreed to, and how its digest begins."""


def looked(hospital: Hospital, times: int = 1, **facts: Any) -> None:
    """The doctor, whose user is number 1, opens the patient's records."""
    entry = {"actor_id": 1, "patient_id": 1, "action": "records.read", "channel": "tg:1"}
    for _ in range(times):
        hospital.do(audit.record, **entry | facts)
        hospital.clock.turn(minutes=1)


async def opened(hospital: Hospital) -> Phone:
    ann = await hospital.patient("Ann")
    await ann.says("/privacy")
    return ann


async def test_the_patient_sees_who_looked_and_when(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    looked(hospital)

    await ann.walks("/privacy", "Who saw my data")

    assert ann.last.text.splitlines()[2:] == ["Fri 20 Nov 2026, 09:02: Dr. Osei read your medical records"]


async def test_the_patient_sees_neither_their_own_deeds_nor_refused_ones_nor_other_peoples(hospital: Hospital) -> None:
    hospital.doctor()
    ann, _ = await hospital.patient("Ann"), await hospital.patient("Bob")
    await ann.walks(*TO_SUMMARY, "✅ Confirm")
    await hospital.product.link()
    looked(hospital, patient_id=2)
    looked(hospital, outcome="not_found")

    await ann.walks("/privacy", "Who saw my data")

    assert "Nobody but you has looked" in ann.last.text


async def test_many_looks_come_by_the_page(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    looked(hospital, times=11)

    await ann.walks("/privacy", "Who saw my data", "Older ›")

    assert ann.last.text.count("Dr. Osei") == 1
    assert "‹ Newer" in ann.last.buttons


async def test_what_was_agreed_to_is_kept_with_its_day_and_shown(hospital: Hospital) -> None:
    eve = await code_asked(hospital, "Eve")
    await eve.says(hospital.code("Eve"))
    await eve.says("/privacy")

    assert "On Friday, 20 November 2026 you agreed that we keep your details" in eve.last.text
    assert hospital.scalar("SELECT consent_version FROM users") == words.CONSENT_VERSION


async def test_whom_the_hospital_registered_agreed_to_nothing(hospital: Hospital) -> None:
    ann = await opened(hospital)

    assert "The hospital registered you." in ann.last.text


def test_a_new_wording_has_a_new_version() -> None:
    digest = hashlib.sha256(words.CONSENT.encode()).hexdigest()

    assert digest.startswith(WORDINGS[words.CONSENT_VERSION])


async def _reminded(hospital: Hospital) -> str:
    """What becomes of the reminder on the day before."""
    hospital.clock.turn(days=2, hours=1)
    await hospital.product.outbox.tick()
    asked = "SELECT state || ':' || COALESCE(problem, '') FROM notifications WHERE kind = 'reminder' ORDER BY due_at"
    return str(hospital.scalar(asked))


@pytest.mark.parametrize(
    ("taps", "outcome"),
    [
        ((), "sent:"),
        (("Send me no reminders",), "skipped:the patient wants none"),
        (("Send me no reminders", "Send me reminders again"), "sent:"),
    ],
    ids=["by default", "after withdrawal", "after changing one's mind"],
)
async def test_who_takes_the_consent_back_gets_no_reminders_but_keeps_the_visit(
    hospital: Hospital, taps: tuple[str, ...], outcome: str
) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_SUMMARY, "✅ Confirm")
    await ann.walks("/privacy", *taps)

    assert await _reminded(hospital) == outcome
    assert hospital.scalar("SELECT status FROM appointments") == "confirmed"


async def test_agreeing_again_is_to_todays_wording(hospital: Hospital) -> None:
    ann = await opened(hospital)

    await ann.taps("Send me no reminders", "Send me reminders again")

    assert hospital.scalar("SELECT consent_version FROM users") == words.CONSENT_VERSION
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action LIKE 'consent.%'") == 2


async def test_strangers_are_asked_to_log_in(hospital: Hospital) -> None:
    eve = await hospital.phone("Eve")

    await eve.says("/privacy")

    assert "Please log in first" in eve.last.text
