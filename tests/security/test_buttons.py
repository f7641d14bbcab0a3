"""A button's data are a claim: whoever forges, alters, repeats or outlives it is answered, and gets nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from httpx import AsyncClient

from handlers import texts
from handlers.texts import booking as words
from hospital_bot.api import tokens
from hospital_bot.errors import Busy
from hospital_bot.services import accounts
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital, chat_of
from tests.chat.practice import visit
from tests.chat.test_beside_the_api import served
from tests.chat.test_booking import TO_SUMMARY, TO_TIMES

REASON = "a cough that nobody else may hear of"
OWNED = """
SELECT group_concat(status || starts) FROM (
    SELECT status, appointment_date || appointment_time AS starts FROM appointments WHERE patient_id = 1
)
"""


async def of_ann(hospital: Hospital) -> tuple[Phone, Phone]:
    """Ann has a visit; Bob knows how buttons are made."""
    osei = hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    visit(hospital, ann, osei, "2026-11-23 10:00", REASON)
    await bob.says("/start")
    return ann, bob


def altered(data: str) -> Iterator[str]:
    """The data with each of its bytes changed, lost, and once too often."""
    for place, sign in enumerate(data):
        for other in ("9", "\x7f"):
            yield data[:place] + other + data[place + 1 :]
        yield data[:place] + data[place + 1 :]
        yield data[:place] + sign + data[place:]


async def test_anothers_button_with_any_byte_changed_is_answered_and_touches_nothing_of_theirs(
    hospital: Hospital,
) -> None:
    _, bob = await of_ann(hospital)
    before = hospital.scalar(OWNED)
    for data in ("visits.drop:1:0", "move.yes:1:1:202611231030"):
        for forged in (data, *altered(data)):
            hospital.clock.turn(seconds=10)  # else the twentieth would be told to wait
            assert (await bob.forges(forged, bob.last.id)).is_answered, forged

    assert hospital.scalar(OWNED) == before
    assert REASON not in chat_of(bob)


@pytest.mark.parametrize("data", ["", "x" * 5000, "visits.drop:" + "9" * 60, "\ud7ff" * 64, "visits.drop:1:0\n", "\0"])
async def test_data_that_no_button_can_carry_are_an_old_button(hospital: Hospital, data: str) -> None:
    _, bob = await of_ann(hospital)
    await bob.forges(data, bob.last.id)

    assert bob.alert == texts.OLD_BUTTON


async def test_who_tries_one_number_after_another_is_told_to_wait_in_the_chat_and_over_http(
    hospital: Hospital,
) -> None:
    """The twenty are the person's, whichever way they come; own things and another minute are not affected."""
    _, bob = await of_ann(hospital)
    async with served(hospital) as client:
        said = [await asked_in_chat(bob, number) for number in range(1, 13)]
        codes = [await asked_over_http(hospital, client, bob, number) for number in range(1, 13)]
        said += [await asked_in_chat(bob, number) for number in (1, 4711)]
        hospital.clock.turn(minutes=1)
        assert await asked_in_chat(bob, 4711) == said[0]

    assert set(said[:12]) == {said[0]}
    assert codes == [404] * 8 + [429] * 4
    assert said[12:] == [texts.refused(Busy())] * 2
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'denied'") == 21


async def asked_in_chat(phone: Phone, number: int) -> str:
    await phone.forges(f"visits.show:{number}", phone.messages[0].id)
    return phone.last.text


async def asked_over_http(hospital: Hospital, client: AsyncClient, phone: Phone, number: int) -> int:
    user = hospital.do(accounts.actor, telegram_id=phone.id)
    assert user is not None
    token = tokens.issue(hospital.keys, user_id=user.user_id, token_version=0, proved_at=None, now=hospital.clock())
    bearer = {"Authorization": f"Bearer {token}"}
    return (await client.post(f"/appointments/{number}/cancel", headers=bearer)).status_code


async def test_a_button_that_has_outlived_its_time_is_answered_with_what_is_true_now(hospital: Hospital) -> None:
    hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    await ann.walks(*TO_SUMMARY)
    old, yes = ann.last.id, ann.last.data_of(words.CONFIRM)
    await bob.walks(*TO_SUMMARY, words.CONFIRM)

    await ann.forges(yes, old)
    assert "Someone just took that time" in chat_of(ann)
    hospital.clock.turn(days=21)
    await ann.forges(yes, old)
    await ann.forges(yes, old, is_inaccessible=True)

    assert "That time is too close now" in chat_of(ann)
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE patient_id = 1") == 0


async def test_ten_taps_on_one_button_are_one_visit(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_SUMMARY)
    message, yes = ann.last.id, ann.last.data_of(words.CONFIRM)
    for _ in range(10):
        assert (await ann.forges(yes, message)).is_answered

    assert hospital.scalar("SELECT COUNT(*) FROM appointments") == 1


async def test_a_person_on_two_devices_and_in_disorder_books_what_the_button_says_and_nothing_else(
    hospital: Hospital,
) -> None:
    """Two messages of one chat, a cancel between them, an edit of an old command: only taps that say it all count."""
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES, "10:00")
    first = ann.last
    await ann.walks("/cancel", *TO_TIMES, "11:00")
    await ann.says("my back")
    await ann.edits(ann.messages[0].id, "/cancel")
    await ann.taps_in(first.id, first.data_of("Skip"))
    await ann.taps_in(first.id, "book.yes:1:202611231000")

    booked = "SELECT appointment_time || coalesce(reason, ' without the reason given for another') FROM appointments"
    assert hospital.scalar(booked) == "10:00:00.000000 without the reason given for another"
