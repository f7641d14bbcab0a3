from __future__ import annotations

import pyotp
import pytest
from telegram import Update

from handlers import area, texts
from handlers.dispatch import POISON
from handlers.texts import account as words
from hospital_bot import passwords
from hospital_bot.errors import Busy, WrongCredentials
from hospital_bot.gate import Gate
from hospital_bot.services import doctors, resets, totp
from hospital_bot.services.accounts import Actor
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of
from tests.chat.practice import deliver, heard, visit

WRONG = texts.refused(WrongCredentials())


def is_full(_gate: Gate, _work: object) -> None:
    raise Busy


async def at_password(phone: Phone, name: str = "Ann") -> Phone:
    await phone.walks("/logout", "/login")
    await phone.says(email_of(name))
    return phone


async def at_code(phone: Phone, name: str = "Ann") -> Phone:
    await at_password(phone, name)
    await phone.says(PASSWORD)
    return phone


async def logs_in(hospital: Hospital, phone: Phone, name: str = "Ann") -> None:
    await at_code(phone, name)
    await phone.says(hospital.code(name))


def enrol(hospital: Hospital, name: str = "Ann") -> pyotp.TOTP:
    """Give the person an authenticator app."""
    key, sealed = totp.new_secret(hospital.keys)
    user_id = hospital.scalar("SELECT user_id FROM users WHERE email = :email", email=email_of(name))
    app = pyotp.TOTP(key)
    owner = Actor(user_id, name, email_of(name), "patient", None, None, proved_at=hospital.clock())
    facts = {"typed": app.at(hospital.clock()), "channel": "desk", "keys": hospital.keys}
    hospital.do(totp.enable, actor=owner, sealed=sealed, **facts)
    hospital.clock.turn(minutes=1)
    return app


async def test_email_password_and_mailed_code_log_in(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await logs_in(hospital, ann)

    assert ann.last.text == "Hello Ann, you are logged in."
    assert ann.last.buttons == [texts.BOOK, texts.MY_VISITS, texts.MY_RECORDS, texts.MY_DETAILS, texts.SECURITY]


async def test_an_address_in_the_hospitals_own_network_logs_in(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET email = 'ann@ward.hospital.local'")
    await ann.walks("/logout", "/login")
    await ann.says("Ann@ward.hospital.local")
    await ann.says(PASSWORD)
    await ann.says(hospital.mailbox.to("ann@ward.hospital.local")[0].code or "")

    assert ann.last.text == "Hello Ann, you are logged in."


async def test_after_a_wrong_password_only_the_password_is_asked_again(hospital: Hospital) -> None:
    ann = await at_password(await hospital.patient("Ann"))
    await ann.says("not my password")
    assert ann.last.text.startswith(WRONG)

    await ann.says(PASSWORD)

    assert "six digits" in ann.last.text


async def test_a_wrong_password_that_is_delivered_twice_counts_once(hospital: Hospital) -> None:
    ann = await at_password(await hospital.patient("Ann"))
    person = {"id": ann.id, "is_bot": False, "first_name": "Ann"}
    place = {"message_id": 999_999, "date": 1, "chat": {"id": ann.id, "type": "private"}, "from": person}
    said = place | {"text": "not my password"}
    update = Update.de_json({"update_id": 999_999, "message": said}, hospital.product.bot)
    counted = "SELECT SUM(attempts) FROM throttles"

    await hospital.product.deliver(update)
    once = hospital.scalar(counted)
    await hospital.product.deliver(update)

    assert once > 0
    assert hospital.scalar(counted) == once


async def test_an_unknown_address_a_wrong_password_and_a_lock_look_alike(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    seen = []
    for name in ("Ann", "Nobody"):
        phone = await at_password(await hospital.phone("Stranger"), name)
        for _ in range(7):
            await phone.says("not the password")
        seen.append(chat_of(phone).replace(email_of(name), "…"))

    assert seen[0] == seen[1]
    assert seen[0].count(WRONG) == 7


async def test_strangers_lock_themselves_out_but_not_the_owner(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    thief = await at_password(await hospital.phone("Thief"))
    for _ in range(5):
        await thief.says("not the password")
    await thief.says(PASSWORD)
    assert thief.last.text.startswith(WRONG)

    await logs_in(hospital, ann)

    assert ann.last.text == "Hello Ann, you are logged in."


async def test_a_lock_ends_by_waiting(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    phone = await at_password(await hospital.phone("New phone"))
    for _ in range(6):
        await phone.says("not the password")
    hospital.clock.turn(minutes=2)
    await phone.says(PASSWORD)

    assert "six digits" in phone.last.text


async def test_passwords_and_codes_are_deleted_and_kept_nowhere(hospital: Hospital) -> None:
    ann = await at_password(await hospital.patient("Ann"))
    await ann.says("/canary nine geese")
    await ann.says(PASSWORD)
    code = hospital.code()
    await ann.says("999999")
    await ann.says(code)

    assert not any(secret in chat_of(ann) for secret in ("canary", PASSWORD, "999999", code))
    assert not any(secret.encode() in hospital.stored() for secret in ("canary", PASSWORD, code))


async def test_a_password_is_deleted_also_when_too_many_log_in_at_once(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await at_password(await hospital.patient("Ann"))
    monkeypatch.setattr(Gate, "_submit", is_full)
    await ann.says(PASSWORD)

    assert ann.last.text == texts.refused(Busy())
    assert PASSWORD not in chat_of(ann)


async def test_who_was_asked_to_come_back_in_a_moment_has_not_failed(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await at_password(await hospital.patient("Ann"))
    with monkeypatch.context() as crowded:
        crowded.setattr(Gate, "_submit", is_full)
        for _ in range(5):
            await ann.says(PASSWORD)

    await ann.says(PASSWORD)

    assert "six digits" in ann.last.text


async def test_who_has_to_wait_after_failures_waits_however_crowded_it_was(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await at_password(await hospital.patient("Ann"))
    for _ in range(5):
        await ann.says("not the password")
    with monkeypatch.context() as crowded:
        crowded.setattr(Gate, "_submit", is_full)
        await ann.says(PASSWORD)

    await ann.says(PASSWORD)

    assert ann.last.text.startswith(WRONG)


async def test_a_password_that_cannot_be_looked_at_is_set_aside_like_any_update_that_fails(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_: object) -> None:
        raise ZeroDivisionError

    ann = await at_password(await hospital.patient("Ann"))
    monkeypatch.setattr(passwords, "matches", breaks)
    person = {"id": ann.id, "is_bot": False, "first_name": "Ann"}
    place = {"message_id": 999_999, "date": 1, "chat": {"id": ann.id, "type": "private"}, "from": person}
    update = Update.de_json({"update_id": 999_999, "message": place | {"text": PASSWORD}}, hospital.product.bot)
    for _ in range(POISON - 1):
        with pytest.raises(ZeroDivisionError):
            await hospital.product.deliver(update)

    await hospital.product.deliver(update)

    assert ann.messages[-1].text == texts.broken(999_999)


async def test_logging_in_on_a_second_telegram_account_ends_the_first(hospital: Hospital) -> None:
    first = await hospital.patient("Ann")
    second = await hospital.phone("Second phone")
    await logs_in(hospital, second)
    await first.says("/appointments")

    assert "with another Telegram account; there you are logged out now" in second.last.text
    assert first.last.text.startswith("Please log in first")


async def test_a_code_works_only_in_the_chat_that_asked_for_it(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    code = hospital.code()
    hospital.clock.turn(seconds=61)
    other = await at_code(await hospital.phone("Other phone"))
    await other.says(code)
    assert "That is not the code." in other.last.text

    await ann.says(code)

    assert ann.last.text.startswith("That code can't be used any more.")


@pytest.mark.parametrize(("minutes", "answer"), [(4.9, "Hello Ann"), (5.1, "That code can't be used any more")])
async def test_a_code_lives_five_minutes(hospital: Hospital, minutes: float, answer: str) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    hospital.clock.turn(minutes=minutes)
    await ann.says(hospital.code())

    assert ann.last.text.startswith(answer)


async def test_a_new_code_can_be_had_after_a_minute_and_ends_the_old_one(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    old = hospital.code()
    await ann.taps(words.NEW_CODE)
    assert "in 60 seconds" in ann.last.text
    hospital.clock.turn(seconds=61)
    await ann.taps(words.NEW_CODE)

    await ann.says(old)
    assert "That is not the code." in ann.last.text
    await ann.says(hospital.code())

    assert ann.last.text.startswith("Hello Ann")


async def test_a_code_in_full_width_digits_is_wrong(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    await ann.says(hospital.code().translate({ord("0") + n: 0xFF10 + n for n in range(10)}))

    assert words.FEW_TRIES in ann.last.text


async def test_five_wrong_codes_spend_it(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    for _ in range(5):
        await ann.says("not it")
    await ann.says(hospital.code())

    assert ann.last.text.startswith("That code can't be used any more. Please ask for a new one.")


async def test_a_sticker_is_no_code_and_costs_no_try(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    for _ in range(6):
        await ann.sends("sticker")
    await ann.says(hospital.code())

    assert ann.last.text.startswith("Hello Ann")


@pytest.mark.parametrize("late", [words.NEW_CODE, "000000"])
async def test_after_a_quarter_of_an_hour_the_password_is_asked_again(hospital: Hospital, late: str) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    hospital.clock.turn(minutes=15)
    await (ann.taps(late) if late == words.NEW_CODE else ann.says(late))

    assert ann.last.text.startswith(words.PROVE_AGAIN)


@pytest.mark.parametrize("then", ["the code", words.NEW_CODE])
async def test_a_login_under_way_ends_with_the_password_that_began_it(hospital: Hospital, then: str) -> None:
    ann = await hospital.patient("Ann")
    other = await at_code(await hospital.phone("Other phone"))
    user_id = hospital.scalar("SELECT user_id FROM users WHERE email = :email", email=email_of("Ann"))
    changed = {"user_id": user_id, "password_hash": hospital.hashed("quite another one"), "channel": "desk"}
    hospital.do(resets.change_password, **changed)
    hospital.clock.turn(seconds=61)

    await (other.says(hospital.code()) if then == "the code" else other.taps(then))

    assert other.last.text.startswith(words.PROVE_AGAIN)
    await ann.says("/appointments")
    assert not ann.last.text.startswith("Please log in first")


async def test_back_leads_to_the_password_the_address_and_the_menu(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    await ann.taps(texts.BACK)
    assert ann.last.text.startswith("Please type the password for ann@people.example.")
    await ann.taps(texts.BACK, "Keep: ann@people.example", texts.BACK)
    assert ann.last.text.startswith("Log in")

    await ann.taps(texts.BACK)

    assert texts.LOG_IN in ann.last.buttons


@pytest.mark.parametrize("answers", [(), (email_of("Ann"),), (email_of("Ann"), PASSWORD)])
async def test_cancel_ends_it_at_every_step(hospital: Hospital, answers: tuple[str, ...]) -> None:
    ann = await hospital.patient("Ann")
    await ann.walks("/logout", "/login")
    for answer in answers:
        await ann.says(answer)
    await ann.taps(texts.CANCEL)
    await ann.says("hello")

    assert ann.last.text == texts.DID_NOT_UNDERSTAND


async def test_what_is_no_address_is_asked_for_again(hospital: Hospital) -> None:
    ann = await hospital.phone()
    await ann.says("/login")
    await ann.says("Ann <b>")

    assert "It should look like ann@example.org." in ann.last.text


async def test_who_is_logged_in_is_told_and_can_log_out(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("/login")
    assert ann.last.text == "You are logged in already, as Ann."

    await ann.taps(texts.LOG_OUT)
    assert ann.last.text == words.LOGGED_OUT["patient"]
    await ann.says("/logout")

    assert ann.last.text == words.NOT_LOGGED_IN


async def test_a_doctor_who_logs_out_is_told_what_still_comes_and_it_does(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await hospital.patient("Ann")
    phone = await hospital.staff(osei)

    await phone.walks("/start", "/logout")

    assert "Your day's list and the news of your visits still come" in phone.last.text
    visit(hospital, ann, osei, "2026-11-24 10:00")
    await deliver(hospital)
    assert heard(phone, "Visit booked") == 1


async def test_the_time_chosen_before_logging_in_is_booked_next(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks("/logout", "/book")
    for _ in range(3):
        await ann.taps(ann.last.buttons[0])
    await ann.taps("10:30", texts.LOG_IN)
    for answer in (email_of("Ann"), PASSWORD):
        await ann.says(answer)
    await ann.says(hospital.code())

    assert ann.last.text.startswith("Hello Ann, you are logged in.\n\nCardiology")


async def _taps_i_cant_come_logged_out(hospital: Hospital) -> Phone:
    """Ann, who logged in herself and has a visit."""
    osei, ann = hospital.doctor(), await hospital.patient("Ann")
    await logs_in(hospital, ann)
    visit(hospital, ann, osei, "2026-11-24 10:00")
    await ann.walks("/appointments", "Tue 24 Nov 10:00 · Dr. Osei", "Cancel visit")
    question = ann.last
    await ann.says("/logout")
    await ann.taps_in(question.id, question.data_of("I can't come"))
    assert ann.last.text.startswith("Please log in first.")
    return ann


@pytest.mark.parametrize(("minutes", "left"), [(14, 0), (16, 1)])
async def test_what_needed_a_login_is_done_after_it_but_not_much_later(
    hospital: Hospital, minutes: int, left: int
) -> None:
    ann = await _taps_i_cant_come_logged_out(hospital)

    hospital.clock.turn(minutes=minutes)
    await logs_in(hospital, ann)

    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == left
    assert ann.last.text.startswith("Hello Ann, you are logged in.")


async def test_what_needed_a_login_is_not_done_for_another_person(hospital: Hospital) -> None:
    await hospital.patient("Bob")
    phone = await _taps_i_cant_come_logged_out(hospital)

    await logs_in(hospital, phone, "Bob")

    assert phone.last.text == words.logged_in("Bob", moved=True)


async def test_a_doctor_who_chose_a_time_is_told_that_doctors_book_elsewhere(hospital: Hospital) -> None:
    osei = hospital.doctor()
    phone = await hospital.phone("Osei")
    await phone.starts(f"d_{osei.doctor_id}")
    await phone.taps(phone.last.buttons[0], "10:30")
    await follow_invitation(hospital, phone, osei)
    await phone.says(hospital.code(osei.name))

    assert "That is not possible with your account." in phone.last.text
    assert texts.TODAY in phone.last.buttons


async def follow_invitation(hospital: Hospital, phone: Phone, doctor: doctors.Added) -> None:
    await phone.starts("i_" + hospital.do(doctors.invite, user_id=doctor.user_id, keys=hospital.keys))
    await phone.says(PASSWORD)


async def test_who_has_an_authenticator_app_is_asked_for_its_code(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    app = enrol(hospital)
    letters = len(hospital.mailbox.letters)
    await at_code(ann)
    assert ann.last.text == words.APP_CODE

    await ann.says(app.at(hospital.clock()))

    assert ann.last.text.startswith("Hello Ann")
    assert len(hospital.mailbox.letters) == letters


async def test_a_patient_without_the_app_at_hand_has_a_code_mailed(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    enrol(hospital)
    await at_code(ann)
    await ann.taps(words.MAIL_INSTEAD)
    await ann.says(hospital.code())

    assert ann.last.text.startswith("Hello Ann")


async def test_a_mailed_code_is_worth_nothing_to_a_doctor_with_an_app(hospital: Hospital) -> None:
    osei = hospital.doctor("Osei")
    phone = await hospital.phone("Osei")
    await follow_invitation(hospital, phone, osei)
    await phone.says(hospital.code("Osei"))
    app = enrol(hospital, "Osei")
    await at_code(phone, "Osei")
    assert words.MAIL_INSTEAD not in phone.last.buttons
    letters = len(hospital.mailbox.letters)

    await phone.forges("login.mail", phone.last.id)
    assert len(hospital.mailbox.letters) == letters
    await phone.says(app.at(hospital.clock()))

    assert phone.last.text == "Hello Osei, you are logged in."


async def test_guessing_the_apps_code_is_soon_over(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    app = enrol(hospital)
    await at_code(ann)
    for _ in range(5):
        await ann.says("000000")
    await ann.says(app.at(hospital.clock()))

    assert ann.last.text.startswith(words.APP_LOCKED)


async def test_after_a_day_old_buttons_offer_the_beginning(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    hospital.clock.turn(hours=25)
    await ann.taps(words.NEW_CODE)

    assert ann.last.text == words.LOG_IN_AGAIN
    assert texts.LOG_IN in ann.last.buttons


@pytest.mark.parametrize("said", [(), ("/login",), ("/login", email_of("Ann"))])
async def test_buttons_pressed_out_of_order_are_answered(hospital: Hospital, said: tuple[str, ...]) -> None:
    ann = await hospital.phone("Ann")
    for verb in [verb for verb in area.buttons if verb.partition(".")[0] in {"login", "reset", "security"}]:
        await ann.says("/cancel")
        for line in said:
            await ann.says(line)
        await ann.forges(verb, ann.last.id)
        await ann.says("then something typed")

    assert chat_of(ann)


async def test_a_new_code_costs_ten_statements_at_most(hospital: Hospital) -> None:
    ann = await at_code(await hospital.patient("Ann"))
    hospital.clock.turn(seconds=61)
    with hospital.statements() as seen:
        await ann.taps(words.NEW_CODE)

    assert len(seen) <= 10
