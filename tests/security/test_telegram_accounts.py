"""A Telegram account is not a person: who holds a phone, a link or somebody's number is not yet who they say."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from handlers import area
from handlers.texts import account as words
from hospital_bot.models import MedicalRecord, TelegramAccount
from hospital_bot.services import doctors
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of
from tests.chat.practice import deliver, heard
from tests.hospital import NOW

DIAGNOSIS = "ornithosis"


async def logs_in(hospital: Hospital, phone: Phone) -> None:
    for said in ("/login", email_of("Ann"), PASSWORD):
        await phone.says(said)
    await phone.says(hospital.code())


async def test_who_holds_the_unlocked_phone_alone_sees_no_record(hospital: Hospital) -> None:
    """Every command, every button, guesses at the code; without the mailbox there is no way in."""
    hospital.doctor()
    ann = await hospital.patient("Ann")
    with hospital.db.engine.begin() as connection:
        connection.execute(insert(MedicalRecord).values(patient_id=1, doctor_id=1, diagnosis=DIAGNOSIS))
    hospital.clock.turn(minutes=16)
    for command in area.commands.keys() - {"logout"}:
        await ann.says(f"/{command}")
    for verb in area.buttons.keys() - {"login.logout"}:
        for arguments in ("", ":0"):
            await ann.forges(verb + arguments, ann.messages[0].id)
    await ann.says("/records")
    for _ in range(6):
        await ann.says("000000")

    assert DIAGNOSIS not in chat_of(ann)
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action IN ('records.read', 'export')") == 0


async def test_with_the_code_the_record_is_seen_and_cannot_be_passed_on(hospital: Hospital) -> None:
    """Without this, hiding it from everybody would pass."""
    hospital.doctor()
    ann = await hospital.patient("Ann")
    with hospital.db.engine.begin() as connection:
        connection.execute(insert(MedicalRecord).values(patient_id=1, doctor_id=1, diagnosis=DIAGNOSIS))
    hospital.clock.turn(minutes=16)
    await ann.says("/records")
    await ann.says(hospital.code())

    assert DIAGNOSIS in ann.last.text
    assert ann.last.json["has_protected_content"]


async def test_the_authenticator_is_turned_on_after_a_fresh_code_alone(hospital: Hospital) -> None:
    """Else whoever holds the phone for a minute locks its owner out with an app of their own."""
    ann = await hospital.patient("Ann")
    await ann.says("/start")
    hospital.clock.turn(minutes=16)
    await ann.forges("security.on", ann.last.id)
    assert ann.last.photo is None
    await ann.says("000000")
    assert not any(message.photo for message in ann.messages)

    await ann.says(hospital.code())
    assert ann.last.photo is not None


async def test_a_picture_that_waited_too_long_turns_nothing_on(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("/security")
    await ann.taps(words.TURN_ON, words.SCANNED)
    hospital.clock.turn(minutes=16)
    await ann.says("123456")

    assert hospital.scalar("SELECT totp_secret FROM users WHERE user_id = 1") is None
    assert "This needs a fresh code" in chat_of(ann)


async def test_after_a_login_elsewhere_the_old_phone_is_dead_at_once_and_told(hospital: Hospital) -> None:
    hospital.doctor()
    old, new = await hospital.patient("Ann"), await hospital.phone("New phone")
    await old.says("/appointments")
    await logs_in(hospital, new)
    await old.says("/appointments")
    assert old.last.text.startswith("Please log in first")

    await deliver(hospital)
    assert heard(old, "logged in") == 1


async def test_the_table_lets_nobody_be_two_people_nor_on_two_phones(hospital: Hospital) -> None:
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    for telegram_id, user_id in ((ann.id, 2), (4711, 1), (bob.id, 1)):
        row = {"telegram_id": telegram_id, "user_id": user_id, "proved_at": NOW}
        with pytest.raises(IntegrityError), hospital.db.engine.begin() as connection:
            connection.execute(insert(TelegramAccount).values(row))


async def test_a_forwarded_contact_is_nobodys_number(hospital: Hospital) -> None:
    ann = await hospital.phone("Ann")
    for said in ("/register", "Ann Lee", email_of("Ann")):
        await ann.says(said)
    await ann.shares_contact(phone="+4930111111", name="Bob", user_id=4711)
    assert "(3 of 5)" in ann.last.text
    await ann.shares_contact(phone="+4930111111", name="Bob")

    assert "(3 of 5)" in ann.last.text


async def test_a_link_cannot_be_guessed_works_once_and_opens_nothing_without_the_mailbox(hospital: Hospital) -> None:
    """Of two who follow it the first sets the password: who then logs in needs the code that goes to the address."""
    osei = hospital.doctor()
    token = hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    thief, owner = await hospital.phone("Thief"), await hospital.phone("Osei")
    await thief.starts(f"i_{token}")
    await thief.says("rounds begin at seven")
    await owner.starts(f"i_{token}")

    assert len(base64.urlsafe_b64decode(token + "==")) * 8 >= 128
    assert owner.last.text.startswith(words.INVITATION_OVER)
    await thief.says("000000")
    await thief.says("/today")
    assert "log in" in thief.last.text
    assert hospital.letter("Dr. Osei").code
