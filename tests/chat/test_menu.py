"""Where everything begins, and what to do when nothing fits."""

from __future__ import annotations

import pytest

from hospital_bot.services import accounts, doctors
from hospital_bot.simulator import people
from tests.chat.conftest import Hospital, chat_of


async def test_a_stranger_is_greeted_and_shown_the_three_ways_in(hospital: Hospital) -> None:
    ann = await hospital.phone("Ann")

    await ann.starts()

    assert ann.last.text.startswith("Hello, this is Harbour Hospital.")
    assert ann.last.buttons == ["📅 Book a visit", "Log in", "I'm new here: register"]


@pytest.mark.parametrize(("role", "command"), [("patient", "/appointments"), ("doctor", "/today"), ("", "/register")])
async def test_help_lists_what_this_person_can_do(hospital: Hospital, role: str, command: str) -> None:
    if role == "doctor":
        phone = await hospital.staff(hospital.doctor())
    else:
        phone = await hospital.patient("Ann") if role else await hospital.phone("Ann")

    await phone.says("/help")

    assert phone.last.text.startswith("Harbour Hospital\n2 Quay, Kiel\n+49 431 9876543")
    assert command in phone.last.text
    assert phone.last.text.endswith("call the emergency number.")


async def test_unknown_text_and_unknown_commands_are_told_so_and_led_on(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")

    for words, answer in (("hello?", "I didn't understand that."), ("/fly", "I don't know that command.")):
        await ann.says(words)
        assert ann.last.text.startswith(answer)
        assert "📅 Book a visit" in ann.last.buttons


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice"])
async def test_what_cannot_be_read_is_answered_kindly(hospital: Hospital, kind: str) -> None:
    ann = await hospital.patient("Ann")

    await ann.sends(kind)  # type: ignore[arg-type]  # parametrised words

    assert ann.last.text.startswith("I didn't understand that.")


async def test_an_edited_message_is_left_in_silence(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("hello?")
    [said, _] = ann.messages

    await ann.edits(said.id, "/book")

    assert len(ann.messages) == 2


async def test_cancel_says_when_there_was_nothing_to_cancel(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")

    await ann.says("/cancel")

    assert ann.last.text == "There is nothing to cancel."


async def test_in_a_group_only_the_way_to_a_private_chat_is_told(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    group = people.found_group(hospital.telegram, "Family", [ann.id])

    await ann.says("/appointments", chat_id=group.id)

    answer = people.Person(hospital.telegram, hospital.telegram.user(ann.id)).sees(group.id)[-1]
    assert answer["text"].startswith("Let's talk in private")
    assert answer["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://t.me/hospital_bot"


async def test_talk_in_a_group_is_left_in_silence(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    group = people.found_group(hospital.telegram, "Family", [ann.id])

    await ann.says("hello all", chat_id=group.id, wait=False)

    seen = people.Person(hospital.telegram, hospital.telegram.user(ann.id)).sees(group.id)
    assert not any(message["from"]["is_bot"] for message in seen)


async def test_a_session_that_ended_is_gone_on_with_after_the_login(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.says("/start")
    hospital.clock.turn(hours=24 * 31)

    await ann.taps("My visits", "Log in")
    await ann.says("ann@people.example")
    await ann.says("nine geese fly south")
    await ann.says(hospital.code("Ann"))

    assert "You have no visits ahead." in chat_of(ann)


async def test_a_command_that_needed_a_login_is_gone_on_with_after_it(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    hospital.clock.turn(hours=24 * 31)

    await ann.says("/appointments and more")
    await ann.taps("Log in")
    await ann.says("ann@people.example")
    await ann.says("nine geese fly south")
    await ann.says(hospital.code("Ann"))

    assert ann.last.text.endswith("You have no visits ahead.")


async def test_what_is_typed_after_a_command_is_no_answer_to_the_question_before(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks("/book", "Cardiology · 1 doctor · from Fri 20 Nov", "Dr. Osei · Fri 20 Nov 10:30")
    await ann.taps("Fri 20 Nov · 3 free", "10:30")

    await ann.says("/appointments")
    await ann.says("thanks")

    assert ann.last.text.startswith("I didn't understand that.")


async def test_asking_for_help_in_between_leaves_the_question_open(hospital: Hospital) -> None:
    ann = await hospital.phone("Ann")
    await ann.says("/register")

    for command in ("/help", "/start"):
        await ann.says(command)
    await ann.says("Ann Lee")

    assert "What is your e-mail address?" in ann.last.text


async def test_a_step_that_fails_is_set_aside_after_five_tries_with_an_apology(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await hospital.patient("Ann")
    monkeypatch.setattr("hospital_bot.services.availability.specializations", None)

    for _ in range(4):
        with pytest.raises(TypeError):
            await ann.says("/book")
    assert "Something went wrong" not in chat_of(ann)


async def test_the_desk_is_led_to_the_doctors_who_are_ill(hospital: Hospital) -> None:
    user_id = hospital.do(doctors.add_admin, name="Nora Lind", email="nora@people.example")
    nora = await hospital.phone("Nora")
    hospital.do(accounts.link, telegram_id=nora.id, user_id=user_id, role="admin")

    await nora.says("/start")
    await nora.taps("Doctors off sick")

    assert nora.last.text == "No doctor is off sick."


async def test_staff_are_not_sent_to_what_only_patients_have(hospital: Hospital) -> None:
    osei = await hospital.staff(hospital.doctor())
    await osei.says("/start")

    await osei.forges("doctor.visit:999", osei.last.id)

    assert "/appointments" not in osei.last.text
