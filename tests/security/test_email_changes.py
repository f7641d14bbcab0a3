"""Whoever changes their e-mail address proves the password and the new address; the old one hears of it."""

from __future__ import annotations

import pytest

from handlers import texts
from handlers.texts import account as words
from hospital_bot.errors import BadInput, CodeSpent, WaitForCode, WrongCode
from hospital_bot.services import doctors, emails, resets
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of

VERSION = "SELECT token_version FROM users WHERE user_id = :id"
NEW = "ann.new@people.example"


def code_at(hospital: Hospital, address: str) -> str:
    return hospital.mailbox.to(address)[0].code or ""


def stored(hospital: Hospital, name: str = "Ann") -> str:
    return str(hospital.scalar("SELECT email FROM users WHERE name = :name", name=name))


async def asked(hospital: Hospital, address: str = NEW) -> Phone:
    """Ann has typed the new address, and a code is on its way."""
    ann = await hospital.patient("Ann")
    await ann.walks("/security", words.CHANGE_EMAIL)
    await ann.says(PASSWORD)
    await ann.says(address)
    return ann


async def test_the_password_and_a_code_from_the_new_address_change_it(hospital: Hospital) -> None:
    ann = await asked(hospital, " Ann.New@People.Example ")
    assert stored(hospital) == email_of("Ann")
    await ann.says(code_at(hospital, NEW))

    assert ann.last.text.startswith(words.email_changed(NEW))
    assert stored(hospital) == NEW
    assert "call us at once" in hospital.letter("Ann").text
    assert NEW not in hospital.letter("Ann").text
    assert not any(secret in chat_of(ann) for secret in (PASSWORD, code_at(hospital, NEW)))


async def test_from_then_on_it_is_the_login(hospital: Hospital) -> None:
    ann = await asked(hospital)
    await ann.says(code_at(hospital, NEW))
    hospital.clock.turn(minutes=2)
    await ann.walks("/logout", "/login")
    await ann.says(NEW)
    await ann.says(PASSWORD)
    await ann.says(code_at(hospital, NEW))

    assert ann.last.text.startswith("Hello Ann, you are logged in.")


async def test_it_is_found_among_ones_details(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/profile", "Change e-mail")

    assert ann.last.text == words.OLD_PASSWORD


async def test_without_the_password_nothing_begins(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/security", words.CHANGE_EMAIL)
    await ann.says("five ducks dive deep")

    assert ann.last.text.startswith(words.WRONG_PASSWORD)
    assert hospital.mailbox.to(NEW) == []


async def test_a_wrong_code_changes_nothing_and_can_be_typed_again(hospital: Hospital) -> None:
    ann = await asked(hospital)
    right = code_at(hospital, NEW)
    await ann.says("000000" if right != "000000" else "111111")
    assert words.FEW_TRIES in ann.last.text
    assert stored(hospital) == email_of("Ann")

    await ann.says(right)

    assert stored(hospital) == NEW


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("ann@", words.PROBLEMS["email", "not_an_address"]), (email_of("Ann").upper(), words.SAME_EMAIL)],
)
async def test_an_address_that_can_not_be_is_asked_for_again(hospital: Hospital, typed: str, answer: str) -> None:
    ann = await asked(hospital, typed)
    assert ann.last.text.startswith(answer)

    await ann.says(NEW)
    await ann.says(code_at(hospital, NEW))

    assert stored(hospital) == NEW


async def test_a_code_is_good_for_the_address_it_was_mailed_to_alone(hospital: Hospital) -> None:
    ann = await asked(hospital)
    user_id = hospital.scalar("SELECT user_id FROM users WHERE name = 'Ann'")
    facts = {"user_id": user_id, "typed": code_at(hospital, NEW), "keys": hospital.keys}
    for address, channel in (("victim@people.example", f"tg:{ann.id}"), (NEW, "tg:666")):
        with pytest.raises(CodeSpent):
            hospital.do(emails.change, email=address, channel=channel, **facts)
    assert stored(hospital) == email_of("Ann")

    await ann.says(code_at(hospital, NEW))

    assert stored(hospital) == NEW


async def test_the_code_of_an_address_that_was_mistyped_is_worth_nothing_then(hospital: Hospital) -> None:
    ann = await asked(hospital, "ann.nwe@people.example")
    mistyped = code_at(hospital, "ann.nwe@people.example")
    await ann.taps(texts.BACK)
    hospital.clock.turn(minutes=2)
    await ann.says(NEW)
    await ann.says(mistyped)
    assert stored(hospital) == email_of("Ann")

    await ann.says(code_at(hospital, NEW))

    assert stored(hospital) == NEW


async def test_another_address_too_soon_waits_and_is_not_said_to_have_mail(hospital: Hospital) -> None:
    ann = await asked(hospital)
    await ann.taps(texts.BACK)
    await ann.says("other@people.example")

    assert "I have sent a mail" not in ann.last.text
    assert hospital.mailbox.to("other@people.example") == []
    await ann.says(NEW)
    await ann.says(code_at(hospital, NEW))
    assert stored(hospital) == NEW


async def test_a_new_code_can_be_sent(hospital: Hospital) -> None:
    ann = await asked(hospital)
    hospital.clock.turn(minutes=2)
    await ann.taps(words.NEW_CODE)
    await ann.says(code_at(hospital, NEW))

    assert len(hospital.mailbox.to(NEW)) == 2
    assert stored(hospital) == NEW


async def test_a_password_typed_long_ago_does_not_count(hospital: Hospital) -> None:
    ann = await asked(hospital)
    hospital.clock.turn(minutes=20)
    await ann.taps(words.NEW_CODE)

    assert ann.last.text.startswith(words.PROVE_AGAIN)


async def test_whether_an_address_has_an_account_is_not_told(hospital: Hospital) -> None:
    await hospital.patient("Ben")
    ann = await asked(hospital, email_of("Ben"))
    taken = ann.last.text.replace(email_of("Ben"), NEW)
    letters = hospital.mailbox.to(email_of("Ben"))
    assert letters[0].code is None
    assert "You already have an account here" in letters[0].text

    hospital.clock.turn(minutes=2)
    await ann.taps(texts.BACK)
    await ann.says(NEW)

    assert ann.last.text == taken


async def test_not_even_its_code_takes_an_address_that_somebody_has(hospital: Hospital) -> None:
    """The code is made all the same; were it guessed, it would confirm nothing."""
    await hospital.patient("Ben")
    ann = await hospital.patient("Ann")
    user_id = hospital.scalar("SELECT user_id FROM users WHERE name = 'Ann'")
    bound = {"user_id": user_id, "channel": f"tg:{ann.id}", "keys": hospital.keys}
    assert hospital.do(emails.request_change, email=email_of("Ben"), **bound) is None
    with pytest.raises(WaitForCode):
        hospital.do(emails.request_change, email=NEW, **bound)
    with pytest.raises(BadInput):
        hospital.do(emails.replace, user_id=user_id, email=email_of("Ben"))

    assert stored(hospital) == email_of("Ann")


async def test_somebody_who_has_only_begun_to_register_it_does_not_keep_it(hospital: Hospital) -> None:
    eve = await hospital.phone("Eve")
    await eve.says("/register")
    for answer in ("Eve", NEW, "+4930123456", "2 Harbour Road, Kiel", PASSWORD):
        await eve.says(answer)
    await eve.taps(words.CONFIRM)
    ann = await asked(hospital)
    await ann.says(code_at(hospital, NEW))

    assert stored(hospital) == NEW


async def test_what_the_old_address_may_still_hold_is_worth_nothing(hospital: Hospital) -> None:
    ann = await asked(hospital)
    user_id = hospital.scalar("SELECT user_id FROM users WHERE name = 'Ann'")
    version = hospital.scalar(VERSION, id=user_id)
    bound = {"channel": "tg:666", "keys": hospital.keys}
    reset = hospital.do(resets.request_reset, email=email_of("Ann"), **bound)
    await ann.says(code_at(hospital, NEW))

    with pytest.raises(WrongCode):
        hospital.do(resets.reset_password, user_id=user_id, typed=reset.code, password_hash="x", **bound)
    assert hospital.scalar(VERSION, id=user_id) == version + 1
    assert hospital.scalar("SELECT count(*) FROM audit_log WHERE action = 'email.change'") == 1


async def test_a_doctor_changes_it_too(hospital: Hospital) -> None:
    osei = hospital.doctor()
    hospital.db.run(
        resets.replace_password,
        user_id=osei.user_id,
        password_hash=hospital.hashed(PASSWORD),
        verified_at=hospital.clock(),
    )
    phone = await hospital.staff(osei)
    await phone.walks("/security", words.CHANGE_EMAIL)
    await phone.says(PASSWORD)
    await phone.says("osei@harbour.example")
    await phone.says(code_at(hospital, "osei@harbour.example"))

    assert stored(hospital, "Dr. Osei") == "osei@harbour.example"


async def test_an_old_mailbox_that_is_gone_is_nobodys_trouble(hospital: Hospital) -> None:
    ann = await asked(hospital)
    hospital.mailbox.refused.add(email_of("Ann"))
    await ann.says(code_at(hospital, NEW))

    assert ann.last.text.startswith(words.email_changed(NEW))
    assert texts.MAIL_FAILED not in chat_of(ann)


async def test_an_invitation_to_the_old_address_is_dead(hospital: Hospital) -> None:
    osei = hospital.doctor()
    token = hospital.do(doctors.invite, user_id=osei.user_id, keys=hospital.keys)
    hospital.do(emails.replace, user_id=osei.user_id, email="osei@harbour.example")

    with pytest.raises(CodeSpent):
        hospital.do(doctors.accept_invitation, token=token, keys=hospital.keys)
