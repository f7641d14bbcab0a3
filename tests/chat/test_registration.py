from __future__ import annotations

import pytest

from handlers import area, texts
from handlers.texts import account as words
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of

ANSWERS = {
    "name": "Ann Lee",
    "email": "ann@people.example",
    "phone": "030 901820",
    "address": "1 Harbour Road, Kiel",
    "password": PASSWORD,
}
FIELDS = tuple(ANSWERS)


async def answered(phone: Phone, *fields: str, **other: str) -> Phone:
    """/register, and these questions answered."""
    await phone.says("/register")
    for field in fields:
        await phone.says(other.get(field, ANSWERS[field]))
    return phone


async def code_asked(hospital: Hospital, name: str = "Ann") -> Phone:
    phone = await answered(await hospital.phone(name), *FIELDS, email=email_of(name))
    await phone.taps(words.CONFIRM)
    return phone


def question(field: str) -> str:
    return words.QUESTIONS[field].partition("\n")[0].replace("<b>", "").replace("</b>", "")


async def leaves_by(phone: Phone, label: str) -> None:
    """Tap it, or press it where Telegram's own keyboard shows it."""
    if phone.last.json.get("reply_markup"):
        await phone.taps(label)
    else:
        await phone.presses(label)


async def test_five_answers_a_confirmation_and_the_mailed_code_make_a_patient(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    await ann.says(hospital.code())

    assert ann.last.text == "Welcome, Ann Lee! You are registered and logged in."
    assert texts.MY_VISITS in ann.last.buttons
    assert hospital.scalar("SELECT phone_number FROM patients") == "+4930901820"


async def test_the_command_menu_becomes_a_patients(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    await ann.says(hospital.code())

    menus = [{entry["command"] for entry in menu} for menu in hospital.telegram.commands.values()]
    assert {command for command, _ in texts.PATIENT_COMMANDS} in menus


async def test_the_summary_shows_every_answer_but_the_password_and_says_what_for(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS)

    assert "Name: Ann Lee\nE-mail: ann@people.example\nPhone: +4930901820\n" in ann.last.text
    assert words.CONSENT in ann.last.text
    assert PASSWORD not in chat_of(ann)


async def test_the_number_of_the_own_contact_is_taken(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(phone="+4930901820"), "name", "email")
    await ann.presses(words.SHARE_PHONE)

    assert ann.last.text == words.QUESTIONS["address"]


async def test_the_keyboard_that_shares_the_number_goes_when_it_is_typed(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), "name", "email")
    assert hospital.telegram.chat(ann.id).keyboard
    await ann.says(ANSWERS["phone"])

    assert hospital.telegram.chat(ann.id).keyboard is None


@pytest.mark.parametrize("whose", [{"user_id": 5}, {"phone": "+4930901821"}, {"name": "Bob"}])
async def test_somebody_elses_contact_is_refused(hospital: Hospital, whose: dict[str, object]) -> None:
    ann = await answered(await hospital.phone(), "name", "email")
    await ann.shares_contact(**whose)

    assert ann.last.text.startswith(words.PROBLEMS["phone", "somebody_elses"])
    assert words.SHARE_PHONE in ann.last.buttons


@pytest.mark.parametrize(
    ("field", "typed", "how_to_mend"),
    [
        ("name", "12", "no letter"),
        ("name", "x" * 101, "at most 100"),
        ("name", "\u202e\u200f", "plain text"),
        ("email", "ann at example", "ann@example.org"),
        ("email", "a" * 300 + "@example.org", "too long"),
        ("phone", "hello", "+49 30"),
        ("phone", "12", "country code"),
        ("address", "here", "street, number and town"),
        ("address", "x " * 200, "at most 255"),
        ("password", "short", "8 characters"),
        ("password", "x1" * 70, "at most 128"),
        ("password", "password1", "Many people use"),
        ("password", "ann@people", "your own details"),
    ],
)
async def test_a_wrong_answer_is_asked_for_again_with_how_to_mend_it(
    hospital: Hospital, field: str, typed: str, how_to_mend: str
) -> None:
    ann = await answered(await hospital.phone(), *FIELDS[: FIELDS.index(field)])
    await ann.says(typed)

    assert how_to_mend in ann.last.text
    assert question(field) in ann.last.text


@pytest.mark.parametrize("field", FIELDS)
async def test_five_thousand_characters_are_refused_at_every_question(hospital: Hospital, field: str) -> None:
    ann = await answered(await hospital.phone(), *FIELDS[: FIELDS.index(field)])
    await ann.says("ab 12" * 1000)

    assert question(field) in ann.last.text


@pytest.mark.parametrize("field", FIELDS)
async def test_a_sticker_is_no_answer(hospital: Hospital, field: str) -> None:
    ann = await answered(await hospital.phone(), *FIELDS[: FIELDS.index(field)])
    await ann.sends("sticker")

    assert question(field) in ann.last.text


@pytest.mark.parametrize("field", FIELDS[1:])
async def test_back_asks_the_question_before_and_keeping_goes_on(hospital: Hospital, field: str) -> None:
    before = FIELDS[FIELDS.index(field) - 1]
    ann = await answered(await hospital.phone(), *FIELDS[: FIELDS.index(field)])
    await leaves_by(ann, texts.BACK)
    asked = ann.last

    await leaves_by(ann, next(label for label in asked.buttons if label.startswith("Keep")))

    assert question(before) in asked.text
    assert question(field) in ann.last.text


async def test_back_from_the_first_question_is_the_menu_where_typing_is_no_answer(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone())
    await ann.taps(texts.BACK)
    await ann.says("Ann Lee")

    assert ann.last.text == texts.DID_NOT_UNDERSTAND


@pytest.mark.parametrize("place", range(7))
async def test_cancel_forgets_everything_at_every_step(hospital: Hospital, place: int) -> None:
    ann = await answered(await hospital.phone(), *FIELDS[:place])
    if place == 6:
        await ann.taps(words.CONFIRM)
    await leaves_by(ann, texts.CANCEL)
    assert ann.last.text == texts.CANCELLED

    await ann.says("/register")

    assert ann.last.text.startswith("Register (1 of 5)")
    assert hospital.telegram.chat(ann.id).keyboard is None


@pytest.mark.parametrize(
    ("field", "typed", "shown"),
    [
        ("name", "Anna Lee", "Name: Anna Lee"),
        ("email", "anna@people.example", "E-mail: anna@people.example"),
        ("phone", "+44 20 7946 0018", "Phone: +442079460018"),
        ("address", "2 Quay, Kiel", "Address: 2 Quay, Kiel"),
    ],
)
async def test_each_answer_can_be_changed_from_the_summary(
    hospital: Hospital, field: str, typed: str, shown: str
) -> None:
    ann = await answered(await hospital.phone(), *FIELDS)
    await ann.taps(words.CHANGE[field])
    await ann.says(typed)

    assert shown in ann.last.text
    assert words.CONFIRM in ann.last.buttons


async def test_back_from_a_change_is_the_summary_and_back_from_there_the_password(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS)
    await ann.taps(words.CHANGE["name"], texts.BACK)
    assert words.CONFIRM in ann.last.buttons

    await ann.taps(texts.BACK, words.KEEP_PASSWORD)

    assert words.CONFIRM in ann.last.buttons


async def test_a_code_for_the_address_before_the_change_is_worth_nothing(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    first = hospital.code()
    await ann.taps(texts.BACK, words.CHANGE["email"])
    await ann.says("anna@people.example")
    await ann.taps(words.CONFIRM)
    await ann.says(first)

    assert ann.last.text.startswith("That is not the code.")


@pytest.mark.parametrize("place", range(6))
async def test_register_goes_on_where_it_was_interrupted(hospital: Hospital, place: int) -> None:
    hospital.doctor()
    ann = await answered(await hospital.phone(), *FIELDS[:place])
    await ann.walks("/help", "/book")
    await ann.says("/register")

    asked = question(FIELDS[place]) if place < 5 else "Is this right?"
    assert asked in ann.last.text
    assert (words.LETS_GO_ON in ann.last.text) is (place > 0)


async def test_register_goes_on_with_the_code_and_can_start_over(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    await ann.says("/register")
    assert ann.last.text.startswith(words.LETS_GO_ON)
    assert "six digits" in ann.last.text

    await ann.taps(words.START_OVER)

    assert ann.last.text.startswith("Register (1 of 5)")


async def test_starting_over_at_the_phone_is_a_key_of_its_keyboard(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), "name", "email")
    await ann.says("/register")
    await ann.presses(words.START_OVER)

    assert ann.last.text.startswith("Register (1 of 5)")


async def test_who_is_logged_in_need_not_register(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("/register")

    assert ann.last.text == "You are logged in already, as Ann."


async def test_a_password_is_deleted_and_kept_nowhere_even_when_it_is_refused(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS[:4])
    await ann.says("canary1")
    await ann.says("canary nine geese")
    await ann.taps(words.CONFIRM)
    await ann.says(hospital.code())

    assert "canary" not in chat_of(ann)
    assert b"canary" not in hospital.stored()


async def test_a_password_that_looks_like_a_command_is_a_password(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS[:4])
    await ann.says("/canary nine geese")

    assert words.CONFIRM in ann.last.buttons
    assert "canary" not in chat_of(ann)


async def test_a_code_is_deleted_and_kept_nowhere(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    code = hospital.code()
    await ann.says(code)

    assert code not in chat_of(ann)
    assert code.encode() not in hospital.stored()


async def test_markup_in_a_name_is_shown_as_typed_and_marks_of_direction_are_dropped(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS, name="Ann <b>\u202eLee</b> & Co &lt;")

    assert "Name: Ann <b>Lee</b> & Co &lt;\n" in ann.last.text


async def test_a_code_in_full_width_digits_is_wrong_and_the_real_one_still_works(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    await ann.says(hospital.code().translate({ord("0") + n: 0xFF10 + n for n in range(10)}))
    assert words.FEW_TRIES in ann.last.text

    await ann.says(hospital.code())

    assert ann.last.text.startswith("Welcome, Ann Lee!")


async def test_whether_an_address_is_registered_shows_in_the_mail_alone(hospital: Hospital) -> None:
    await hospital.patient("Ann")
    asked = {}
    for number, email in enumerate((email_of("Ann"), email_of("New"))):
        phone = await answered(await hospital.phone(f"Phone {number}"), *FIELDS, email=email)
        await phone.taps(words.CONFIRM)
        await phone.says("000000")
        for _ in range(5):
            await phone.says("111111")
        asked[email] = chat_of(phone).replace(email, "…")

    assert asked[email_of("Ann")] == asked[email_of("New")]
    assert "You already have an account here." in hospital.letter("Ann").text
    assert hospital.letter("Ann").code is None
    assert hospital.code("New")


async def test_a_spent_code_is_replaced_by_a_new_one_after_a_minute(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    for _ in range(6):
        await ann.says("not a code")
    assert "ask for a new one" in ann.last.text

    await ann.taps(words.NEW_CODE)
    assert "in 60 seconds" in ann.last.text
    assert "six digits" in ann.last.text
    hospital.clock.turn(seconds=61)
    await ann.taps(words.NEW_CODE)
    await ann.says(hospital.code())

    assert ann.last.text.startswith("Welcome, Ann Lee!")


async def test_confirming_again_too_soon_after_a_cancel_asks_to_wait(hospital: Hospital) -> None:
    ann = await code_asked(hospital)
    await ann.says("/cancel")
    await answered(ann, *FIELDS)
    await ann.taps(words.CONFIRM)

    assert "in 60 seconds" in ann.last.text
    assert words.CONFIRM in ann.last.buttons


async def test_a_mail_that_can_not_be_sent_is_told(hospital: Hospital) -> None:
    hospital.mailbox.refused.add(email_of("Ann"))
    ann = await code_asked(hospital)

    assert ann.last.text == texts.MAIL_FAILED


async def test_after_a_day_without_an_answer_buttons_say_so_and_offer_the_beginning(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS)
    hospital.clock.turn(hours=25)
    await ann.taps(words.CONFIRM)
    assert ann.last.text == words.REGISTER_AGAIN

    await ann.taps(texts.REGISTER)

    assert ann.last.text.startswith("Register (1 of 5)")


async def test_buttons_pressed_out_of_order_are_answered(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), "name")
    for verb in (*(verb for verb in area.buttons if verb.startswith("register.")), "register.ask", "register.back"):
        for data in (verb, f"{verb}:password", f"{verb}:hash"):
            await ann.forges(data, ann.last.id)

    assert chat_of(ann)


async def test_the_time_chosen_before_registering_is_booked_next(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.phone()
    await ann.says("/book")
    for _ in range(3):
        await ann.taps(ann.last.buttons[0])
    await ann.taps("10:30", texts.REGISTER)
    for answer in ANSWERS.values():
        await ann.says(answer)
    await ann.taps(words.CONFIRM)

    await ann.says(hospital.code())

    assert ann.last.text.startswith("Welcome, Ann Lee! You are registered and logged in.\n\nCardiology")
    await ann.taps("Skip", words.CONFIRM)
    assert "✅ Booked." in chat_of(ann)


async def test_no_step_needs_more_than_ten_statements(hospital: Hospital) -> None:
    ann = await answered(await hospital.phone(), *FIELDS)
    with hospital.statements() as asked:
        await ann.taps(words.CONFIRM)
    with hospital.statements() as confirmed:
        await ann.says(hospital.code())

    assert max(len(asked), len(confirmed)) <= 10
