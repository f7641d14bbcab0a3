from __future__ import annotations

import pyotp
import pytest

from handlers import texts
from handlers.texts import account as words
from handlers.texts import privacy as privacy_words
from hospital_bot.errors import NotLoggedIn
from hospital_bot.simulator import keyboards
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of

NEW = "seven swans swim north"


def key_in(phone: Phone) -> str:
    """What the copy button under the picture puts on the clipboard."""
    buttons = keyboards.buttons_of(phone.last.json["reply_markup"])
    return next(str(button["copy_text"]["text"]) for button in buttons if "copy_text" in button)


def app_with(key: str, hospital: Hospital) -> str:
    """The six digits that an app with this key shows now."""
    return pyotp.TOTP(key).at(hospital.clock())


async def enrolling(hospital: Hospital) -> Phone:
    ann = await hospital.patient("Ann")
    await ann.says("/security")
    await ann.taps(words.TURN_ON)
    return ann


async def enrolled(hospital: Hospital) -> tuple[Phone, str]:
    ann = await enrolling(hospital)
    key = key_in(ann)
    await ann.taps(words.SCANNED)
    await ann.says(app_with(key, hospital))
    hospital.clock.turn(minutes=1)
    return ann, key


async def test_a_picture_and_a_code_turn_the_app_on(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    key = key_in(ann)
    assert (await ann.downloads(ann.last.photo)).startswith(b"\x89PNG")
    await ann.taps(words.SCANNED)
    await ann.says(app_with(key, hospital))

    assert ann.last.text.startswith(words.APP_ON)
    assert words.DELETE_PICTURE not in ann.last.text
    assert words.TURN_OFF in ann.last.buttons


async def test_the_key_can_not_be_forwarded_leaves_the_chat_and_is_stored_sealed(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    key, spaced, picture = key_in(ann), ann.last.text, await ann.downloads(ann.last.photo)
    assert ann.last.json["has_protected_content"]
    await ann.taps(words.SCANNED)
    await ann.says(app_with(key, hospital))

    assert spaced not in chat_of(ann)
    assert not any(message.photo for message in ann.messages)
    for secret in (key.encode(), key[:4].encode() + b" " + key[4:8].encode(), picture[40:80]):
        assert secret not in hospital.stored()


async def test_whoever_types_the_code_at_once_is_asked_to_delete_the_picture(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    await ann.says(app_with(key_in(ann), hospital))

    assert words.DELETE_PICTURE in ann.last.text


async def test_the_picture_can_be_shown_again(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    key = key_in(ann)
    await ann.taps(words.SHOW_AGAIN)
    assert key_in(ann) == key
    await ann.taps(words.SCANNED, words.SHOW_AGAIN)

    assert key_in(ann) == key
    assert sum(bool(message.photo) for message in ann.messages) == 1


async def test_cancelling_takes_the_picture_away(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    await ann.taps(texts.CANCEL)

    assert not any(message.photo for message in ann.messages)
    assert ann.last.text == words.SECURITY_OFF.replace("<b>", "").replace("</b>", "")


async def test_a_wrong_code_does_not_turn_it_on(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    await ann.says("000000")
    assert ann.last.text.startswith("That is not the code.")

    await ann.taps(texts.BACK)

    assert words.TURN_ON in ann.last.buttons


async def test_a_code_turns_the_app_off(hospital: Hospital) -> None:
    ann, key = await enrolled(hospital)
    await ann.taps(words.TURN_OFF)
    await ann.says("000000")
    assert words.FEW_TRIES in ann.last.text

    await ann.says(app_with(key, hospital))

    assert ann.last.text.startswith(words.APP_OFF)
    assert words.TURN_ON in ann.last.buttons


async def test_whoever_has_lost_the_app_turns_it_off_with_a_mailed_code(hospital: Hospital) -> None:
    ann, _ = await enrolled(hospital)
    hospital.clock.turn(minutes=20)
    await ann.taps(words.TURN_OFF, words.APP_LOST)
    assert privacy_words.PROVE in ann.last.text
    await ann.taps(words.MAIL_INSTEAD)
    await ann.says(hospital.code())

    assert ann.last.text.startswith(words.APP_OFF)
    assert words.TURN_ON in ann.last.buttons


async def test_without_a_fresh_code_a_lost_app_stays_in_use(hospital: Hospital) -> None:
    ann, _ = await enrolled(hospital)
    hospital.clock.turn(minutes=20)
    await ann.taps(words.TURN_OFF, words.APP_LOST)
    await ann.says("000000")
    await ann.says("/security")

    assert words.TURN_OFF in ann.last.buttons


async def test_staff_who_have_lost_the_app_call_the_desk(hospital: Hospital) -> None:
    phone = await hospital.staff(hospital.doctor())
    await phone.walks("/security", words.TURN_ON)
    key = key_in(phone)
    await phone.taps(words.SCANNED)
    await phone.says(app_with(key, hospital))
    await phone.taps(words.TURN_OFF)
    assert words.APP_LOST not in phone.last.buttons
    assert words.APP_CODE_ONLY in phone.last.text
    await phone.forges("security.lost", phone.last.id)
    await phone.says("/security")

    assert words.TURN_OFF in phone.last.buttons


async def test_an_old_button_does_not_change_an_app_in_use(hospital: Hospital) -> None:
    ann, _ = await enrolled(hospital)
    await ann.forges("security.on", ann.last.id)

    assert ann.last.text.startswith(words.APP_ALREADY_ON)


async def test_the_old_password_and_a_new_one_change_it(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/security", words.CHANGE_PASSWORD)
    await ann.says(PASSWORD)
    await ann.says(NEW)
    assert ann.last.text.startswith(words.PASSWORD_CHANGED)

    await ann.walks("/logout", "/login")
    await ann.says(email_of("Ann"))
    await ann.says(NEW)

    assert "six digits" in ann.last.text
    assert not any(secret in chat_of(ann) for secret in (PASSWORD, NEW))


async def test_without_the_old_password_nothing_changes(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/security", words.CHANGE_PASSWORD)
    await ann.says(NEW)

    assert ann.last.text.startswith(words.WRONG_PASSWORD)


async def test_a_weak_new_password_is_refused(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/security", words.CHANGE_PASSWORD)
    await ann.says(PASSWORD)
    await ann.says("password1")

    assert ann.last.text.startswith("Many people use that one")


async def test_the_old_password_counts_for_five_minutes(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/security", words.CHANGE_PASSWORD)
    await ann.says(PASSWORD)
    hospital.clock.turn(minutes=5)
    await ann.says(NEW)

    assert ann.last.text.startswith(words.PROVE_AGAIN)


async def test_an_old_picture_is_no_way_into_a_password_change(hospital: Hospital) -> None:
    ann = await enrolling(hospital)
    picture = ann.last.id
    await ann.walks("/security", words.CHANGE_PASSWORD)
    await ann.says(PASSWORD)
    await ann.taps_in(picture, "security.scanned")
    await ann.says("000000")

    assert ann.last.text == texts.DID_NOT_UNDERSTAND


@pytest.mark.parametrize("line", ["/security"])
async def test_strangers_have_nothing_to_secure(hospital: Hospital, line: str) -> None:
    ann = await hospital.phone()
    await ann.says(line)

    assert ann.last.text == texts.refused(NotLoggedIn())


async def test_back_leads_to_the_menu_and_log_out_out(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/security", texts.BACK, texts.SECURITY, texts.LOG_OUT)

    assert ann.last.text == words.LOGGED_OUT["patient"]
