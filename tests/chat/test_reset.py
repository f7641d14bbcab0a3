from __future__ import annotations

import pytest

from handlers import texts
from handlers.texts import account as words
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of

NEW = "seven swans swim north"


async def forgets(phone: Phone, name: str = "Ann") -> Phone:
    await phone.walks("/logout", "/login")
    await phone.says(email_of(name))
    await phone.taps(words.FORGOT)
    return phone


async def chooses(phone: Phone, name: str = "Ann", password: str = NEW) -> Phone:
    await forgets(phone, name)
    await phone.taps(f"Keep: {email_of(name)}")
    await phone.says(password)
    return phone


async def test_a_mailed_code_sets_the_new_password_and_the_login_goes_on(hospital: Hospital) -> None:
    ann = await chooses(await hospital.patient("Ann"))
    await ann.says(hospital.code())
    assert ann.last.text.startswith(words.PASSWORD_SET)

    await ann.says(NEW)
    await ann.says(hospital.code())

    assert ann.last.text.startswith("Hello Ann, you are logged in.")


async def test_the_old_password_is_over(hospital: Hospital) -> None:
    ann = await chooses(await hospital.patient("Ann"))
    await ann.says(hospital.code())
    await ann.says(PASSWORD)

    assert ann.last.text.startswith("That didn't work.")


async def test_whoever_was_logged_in_elsewhere_is_logged_out(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    other = await chooses(await hospital.phone("New phone"))
    await other.says(hospital.code())
    await ann.says("/appointments")

    assert ann.last.text.startswith("Please log in first")


async def test_it_unlocks(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    phone = await hospital.phone("New phone")
    await phone.says("/login")
    await phone.says(email_of("Ann"))
    for _ in range(6):
        await phone.says("not the password")
    await chooses(phone)
    await phone.says(hospital.code())
    await phone.says(NEW)

    assert "six digits" in phone.last.text


async def test_known_and_unknown_addresses_look_alike(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    seen = []
    for name in ("Ann", "Nobody"):
        phone = await chooses(await hospital.phone("Stranger"), name)
        await phone.says("000000")
        await phone.taps(words.NEW_CODE)
        for _ in range(6):
            await phone.says("111111")
        seen.append(chat_of(phone).replace(email_of(name), "…"))

    assert seen[0] == seen[1]
    assert seen[0].count(words.RESET_CODE_WRONG) == 6
    assert not hospital.mailbox.to(email_of("Nobody"))


async def test_a_wrong_new_password_is_asked_for_again_and_deleted(hospital: Hospital) -> None:
    ann = await forgets(await hospital.patient("Ann"))
    await ann.says(email_of("Ann"))
    await ann.says("canary1")
    assert ann.last.text.startswith("That is too short")

    await ann.says("canary nine geese")
    code = hospital.code()
    await ann.says(code)

    assert "canary" not in chat_of(ann)
    assert not any(secret in hospital.stored() for secret in (b"canary", code.encode()))


async def test_a_wrong_address_is_asked_for_again(hospital: Hospital) -> None:
    ann = await forgets(await hospital.phone())
    await ann.says("nonsense")

    assert ann.last.text.startswith("That does not look like an e-mail address.")


async def test_a_new_code_ends_the_old_one(hospital: Hospital) -> None:
    ann = await chooses(await hospital.patient("Ann"))
    old = hospital.code()
    hospital.clock.turn(seconds=61)
    await ann.taps(words.NEW_CODE)
    await ann.says(old)
    assert ann.last.text.startswith(words.RESET_CODE_WRONG)

    await ann.says(hospital.code())

    assert ann.last.text.startswith(words.PASSWORD_SET)


async def test_a_sticker_is_no_code(hospital: Hospital) -> None:
    ann = await chooses(await hospital.patient("Ann"))
    await ann.sends("sticker")

    assert ann.last.text.startswith(words.TYPE_CODE)


async def test_back_leads_to_the_password_the_address_and_the_login(hospital: Hospital) -> None:
    ann = await chooses(await hospital.patient("Ann"))
    await ann.taps(texts.BACK)
    assert ann.last.text.startswith("Choose a new password")
    await ann.taps(texts.BACK)
    assert ann.last.text.startswith("New password\nWhat is your e-mail address?")

    await ann.taps(texts.BACK)

    assert ann.last.text.startswith("Log in")


@pytest.mark.parametrize("place", range(3))
async def test_cancel_ends_it_at_every_step(hospital: Hospital, place: int) -> None:
    ann = await forgets(await hospital.patient("Ann"))
    for answer in (email_of("Ann"), NEW)[:place]:
        await ann.says(answer)
    await ann.taps(texts.CANCEL)
    assert ann.last.text == texts.CANCELLED

    await ann.says("hello")

    assert ann.last.text == texts.DID_NOT_UNDERSTAND


async def test_a_command_begins_it_with_ones_own_address(hospital: Hospital) -> None:
    """As the alarms say."""
    ann = await hospital.patient("Ann")
    await ann.walks("/reset", words.keep(email_of("Ann")))
    await ann.says(NEW)
    await ann.says(hospital.code("Ann"))

    assert ann.last.text.startswith(words.PASSWORD_SET)
