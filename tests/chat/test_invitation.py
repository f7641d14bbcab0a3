from __future__ import annotations

import pytest

from handlers import texts
from handlers.texts import account as words
from hospital_bot.services import doctors
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of


async def invited(hospital: Hospital) -> tuple[Phone, str]:
    """A doctor who has followed the link, and the link's payload."""
    osei = hospital.doctor("Osei")
    payload = "i_" + hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    phone = await hospital.phone("Osei")
    await phone.starts(payload)
    return phone, payload


async def test_the_link_a_password_and_the_mailed_code_log_a_doctor_in(hospital: Hospital) -> None:
    phone, _ = await invited(hospital)
    assert phone.last.text.startswith("Hello Osei, welcome to Harbour Hospital.\nYou will log in with osei@people")
    await phone.says(PASSWORD)
    await phone.says(hospital.code("Osei"))

    assert phone.last.text == "Hello Osei, you are logged in."
    assert texts.TODAY in phone.last.buttons
    menus = [{entry["command"] for entry in menu} for menu in hospital.telegram.commands.values()]
    assert {command for command, _ in texts.COMMANDS["doctor"]} in menus


async def test_link_and_password_leave_the_chat_and_are_kept_nowhere(hospital: Hospital) -> None:
    phone, payload = await invited(hospital)
    await phone.says("canary1")
    await phone.says("canary nine geese")

    assert not any(secret in chat_of(phone) for secret in (payload, "canary"))
    assert not any(secret in hospital.stored() for secret in (payload[2:].encode(), b"canary"))


async def test_a_weak_password_is_asked_for_again(hospital: Hospital) -> None:
    phone, _ = await invited(hospital)
    await phone.says("short")

    assert phone.last.text.startswith("That is too short")
    assert "Hello Osei" in phone.last.text


@pytest.mark.parametrize("payload", ["i_" + "x" * 32, "i_short", "i_" + "x" * 60])
async def test_an_unknown_link_is_refused_kindly(hospital: Hospital, payload: str) -> None:
    phone = await hospital.phone()
    await phone.starts(payload)

    assert phone.last.text == words.INVITATION_OVER
    assert payload not in chat_of(phone)


async def test_a_link_works_once(hospital: Hospital) -> None:
    phone, payload = await invited(hospital)
    await phone.says(PASSWORD)
    thief = await hospital.phone("Thief")
    await thief.starts(payload)

    assert thief.last.text == words.INVITATION_OVER


async def test_of_two_who_follow_it_the_first_sets_the_password(hospital: Hospital) -> None:
    phone, payload = await invited(hospital)
    thief = await hospital.phone("Thief")
    await thief.starts(payload)
    await phone.says(PASSWORD)
    await thief.says("seven swans swim north")

    assert thief.last.text == words.INVITATION_OVER


async def test_a_link_is_over_after_a_week(hospital: Hospital) -> None:
    osei = hospital.doctor("Osei")
    token = hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    hospital.clock.turn(days=7)
    phone = await hospital.phone("Osei")
    await phone.starts(f"i_{token}")

    assert phone.last.text == words.INVITATION_OVER


@pytest.mark.parametrize("label", [texts.BACK, texts.CANCEL])
async def test_back_and_cancel_leave_the_link_good(hospital: Hospital, label: str) -> None:
    phone, payload = await invited(hospital)
    await phone.taps(label)
    await phone.says("what now?")
    assert phone.last.text == texts.DID_NOT_UNDERSTAND

    await phone.starts(payload)

    assert phone.last.text.startswith("Hello Osei")
