"""What concerns a person's health is said in their private chat alone, to what they send there themselves."""

from __future__ import annotations

from typing import Any

from handlers import area, texts
from hospital_bot.simulator import people
from hospital_bot.simulator.phone import Phone
from hospital_bot.simulator.telegram import Telegram
from tests.chat.conftest import PASSWORD, Hospital, chat_of
from tests.chat.practice import visit

TYPED = (*(f"/{name}" for name in area.commands), "/start d_1", "Ann Lee", PASSWORD, "123456")
"""Every command, and what the questions are answered with."""


async def ann_with_a_visit(hospital: Hospital) -> Phone:
    osei, ann = hospital.doctor(), await hospital.patient("Ann")
    visit(hospital, ann, osei, "2026-11-23 10:00", "a private matter")
    await ann.says("/appointments")
    return ann


def touched(hospital: Hospital) -> list[Any]:
    """All that a handled update could leave behind."""
    tables = ("telegram_updates", "conversations", "appointments", "audit_log", "notifications")
    return [hospital.scalar(f"SELECT COUNT(*) FROM {table}") for table in tables]  # noqa: S608 - tables' names


def said_in(telegram: Telegram, chat: Any) -> set[str]:
    return {message.content["text"] for message in chat.messages.values() if message.sender_id == telegram.bot.id}


async def test_in_a_group_every_command_and_button_leads_to_the_private_chat(hospital: Hospital) -> None:
    ann = await ann_with_a_visit(hospital)
    before = touched(hospital)
    for typed in TYPED:  # each in a group of its own: a bot says twenty things a minute in one
        group = people.found_group(hospital.telegram, "Family", [ann.id])
        await ann.says(typed, wait=typed.startswith("/"), chat_id=group.id)
        assert said_in(hospital.telegram, group) == ({texts.PRIVATE_ONLY} if typed.startswith("/") else set())
    for verb in area.buttons:
        await ann.forges(f"{verb}:1", 1, chat_id=group.id)
        assert ann.alert == texts.PRIVATE_ONLY, verb

    assert touched(hospital) == before


async def test_edited_messages_run_nothing(hospital: Hospital) -> None:
    ann = await ann_with_a_visit(hospital)
    before, mine = touched(hospital), ann.messages[0]
    for typed in TYPED:
        await ann.edits(mine.id, typed)

    assert touched(hospital) == before
    assert chat_of(ann).count("Your visits") <= 1


async def test_what_another_bot_wrote_in_somebodys_name_runs_nothing(hospital: Hospital) -> None:
    ann = await ann_with_a_visit(hospital)
    before = touched(hospital)
    for number, typed in enumerate(TYPED):
        await hospital._process(written_by_a_bot(ann, typed, 10**6 + number))

    assert touched(hospital) == before


def written_by_a_bot(ann: Phone, typed: str, number: int) -> dict[str, Any]:
    bot = {"id": 99, "is_bot": True, "first_name": "Another", "username": "another_bot"}
    sender = {"id": ann.id, "is_bot": False, "first_name": "Ann"}
    command = {"type": "bot_command", "offset": 0, "length": len(typed.split()[0])}
    message = {"message_id": number, "date": 0, "chat": {"id": ann.id, "type": "private"}, "from": sender}
    return {"update_id": number, "message": message | {"text": typed, "via_bot": bot, "entities": [command]}}
