"""Whatever kind of update comes, there is a sensible answer or a deliberate silence, and nothing goes wrong inside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from handlers import area, texts
from hospital_bot.simulator import people
from tests.chat import practice
from tests.chat.conftest import Hospital, chat_of, clock, hospital

__all__ = ["clock", "hospital"]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
VISIT = "SELECT group_concat(status || appointment_date || appointment_time) FROM appointments WHERE patient_id = 1"
EVERYTHING = [
    "",
    "0",
    "1",
    "-1",
    "9999999999",
    "99999999999",
    "s0",
    "s1",
    "s-1",
    "20261124",
    "20261131",
    "202611241000",
]
GARBAGE = [
    "",
    ":",
    "::::",
    "book",
    "book.",
    "book.nothing",
    "\x00",
    "Δ" * 32,
    "book.time:1",
    "book.time:1:２０２６",
    "🦆",
]


@pytest.fixture(autouse=True)
def nothing_goes_wrong() -> Iterator[None]:
    with capture_logs() as logs:
        yield
    assert [line for line in logs if line["log_level"] in {"warning", "error"}] == []


def forged() -> st.SearchStrategy[str]:
    """A real verb with any arguments, or anything that fits into a button."""
    arguments = st.lists(st.sampled_from(EVERYTHING) | st.text(max_size=8), max_size=4)
    real = st.builds(lambda verb, rest: ":".join([verb, *rest]), st.sampled_from(sorted(area.buttons)), arguments)
    return (real | st.text(max_size=20)).map(lambda data: data.encode("utf-8", "ignore")[:64].decode("utf-8", "ignore"))


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice", "document", "location"])
async def test_what_is_no_text_is_answered_with_the_menu(hospital: Hospital, kind: Any) -> None:
    ann = await hospital.phone()
    await ann.sends(kind)

    assert ann.last.text.startswith(texts.DID_NOT_UNDERSTAND)
    assert texts.BOOK in ann.last.buttons


@pytest.mark.parametrize(
    ("typed", "answer"), [("/dance", texts.UNKNOWN_COMMAND), ("good day", texts.DID_NOT_UNDERSTAND)]
)
async def test_what_is_unknown_is_answered_with_the_menu(hospital: Hospital, typed: str, answer: str) -> None:
    ann = await hospital.phone()
    await ann.says(typed)

    assert ann.last.text.startswith(answer)
    assert texts.BOOK in ann.last.buttons


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice"])
async def test_a_picture_is_no_answer_to_a_question(hospital: Hospital, kind: Any) -> None:
    ann = await hospital.phone()
    await ann.says("/register")
    await ann.sends(kind)
    await ann.says("Ann Lee")

    assert "(2 of 5)" in ann.last.text


async def test_an_edited_message_runs_nothing(hospital: Hospital) -> None:
    ann = await hospital.phone()
    await ann.says("/start")
    before = chat_of(ann)
    await ann.edits(ann.messages[0].id, "/register")

    assert chat_of(ann) == before.replace("/start", "/register")


async def test_in_a_group_nothing_personal_is_said(hospital: Hospital) -> None:
    ann = await hospital.patient()
    group = people.found_group(hospital.telegram, "Ward", [ann.id])
    await ann.says("/appointments", chat_id=group.id)
    await ann.says("hello", wait=False, chat_id=group.id)
    said = [
        message.content["text"] for message in group.messages.values() if message.sender_id == hospital.telegram.bot.id
    ]

    assert said == [texts.PRIVATE_ONLY]


async def test_a_tap_in_a_group_points_to_the_private_chat(hospital: Hospital) -> None:
    ann = await hospital.patient()
    group = people.found_group(hospital.telegram, "Ward", [ann.id])
    await ann.forges("visits.list", 1, chat_id=group.id)

    assert ann.alert == texts.PRIVATE_ONLY


async def test_a_tap_that_comes_from_nowhere_points_to_the_private_chat(hospital: Hospital) -> None:
    """Below a message that was sent by way of an inline query: Telegram says nothing of its chat."""
    ann = await hospital.patient()
    user, chat = hospital.telegram.users[ann.id], hospital.telegram.chats[ann.id]
    tap = hospital.telegram.add_tap(user, chat, 1, "visits.list")
    query = {"id": tap.id, "from": user.json(), "chat_instance": "1", "inline_message_id": "1", "data": tap.data}
    await hospital._process({"update_id": 1, "callback_query": query})

    assert tap.answers == [{"text": texts.PRIVATE_ONLY, "show_alert": True}]
    assert chat_of(ann) == ""


async def test_blocked_and_unblocked_it_is_silent_and_knows(hospital: Hospital) -> None:
    ann = await hospital.patient()
    blocked = "SELECT blocked_at IS NOT NULL FROM telegram_accounts"
    before = chat_of(ann)
    await ann.blocks()
    assert hospital.scalar(blocked) == 1
    await ann.unblocks()

    assert hospital.scalar(blocked) == 0
    assert chat_of(ann) == before


async def test_channels_and_things_unheard_of_pass_in_silence(hospital: Hospital) -> None:
    channel = {"id": -100200300, "type": "channel", "title": "News"}
    post = {"message_id": 1, "date": 0, "chat": channel, "text": "/start"}
    for number, kind in enumerate(("channel_post", "edited_channel_post", "made_of_tomorrow")):
        await hospital._process({"update_id": number + 1, kind: post})

    assert hospital.scalar("SELECT COUNT(*) FROM telegram_updates") == 0


@pytest.mark.parametrize("data", GARBAGE)
async def test_garbage_in_a_button_is_an_old_button(hospital: Hospital, data: str) -> None:
    ann = await hospital.phone()
    await ann.says("/register")
    await ann.forges(data, 1)
    assert ann.alert == texts.OLD_BUTTON
    await ann.says("Ann Lee")

    assert "(2 of 5)" in ann.last.text


async def test_a_button_of_a_message_that_is_gone_is_answered(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.phone()
    await ann.says("/book")
    await ann.forges("book.start", ann.last.id, is_inaccessible=True)

    assert "Cardiology" in chat_of(ann)


async def test_whatever_a_forged_button_says_it_is_answered_and_nothing_breaks(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient()
    await ann.says("/start")
    for data in examples():
        outcome = await ann.forges(data, ann.last.id)
        assert outcome.is_answered


async def test_nothing_of_somebody_else_can_be_reached_by_a_forged_button(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    visit = practice.visit(hospital, ann, osei, "2026-11-23 10:00", reason="a private matter")
    before = hospital.scalar(VISIT)
    await bob.says("/start")
    for verb in area.buttons:
        for rest in ("", ":0", f":{osei.doctor_id}:202611241000"):
            await bob.forges(f"{verb}:{visit.appointment_id}{rest}", bob.last.id)

    assert hospital.scalar(VISIT) == before
    assert "a private matter" not in chat_of(bob)


def examples() -> list[str]:
    """A few hundred taps that no button offers. An async test can't be given them one by one."""
    found: list[str] = []

    @given(data=forged())
    @settings(max_examples=1000 if PROVE else 300, deadline=None, database=None)
    def collect(data: str) -> None:
        found.append(data)

    collect()
    return found
