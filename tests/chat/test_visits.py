"""A patient looks at, moves and cancels visits in the chat."""

from __future__ import annotations

import pytest

from handlers.texts import booking as words
from hospital_bot.services import hours
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital, chat_of


@pytest.fixture
async def ann(hospital: Hospital) -> Phone:
    """She has a visit on Monday at ten."""
    hospital.doctor()
    return await booked(hospital, "Ann", "202611231000")


async def booked(hospital: Hospital, name: str, start: str, who: int = 1) -> Phone:
    phone = await hospital.patient(name)
    await phone.says("/book")
    await phone.forges(f"book.yes:{who}:{start}", phone.last.id)
    return phone


async def test_visits_ahead_are_listed_with_their_details_a_tap_away(ann: Phone) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei")

    assert "Monday, 23 November 2026, 10:00 (30 minutes)\nDr. Osei, Cardiology" in ann.last.text
    assert ann.last.buttons == ["Move", "Cancel visit", "Calendar file", "‹ Back"]


async def test_the_calendar_file_comes_again(ann: Phone) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Calendar file")

    assert b"BEGIN:VEVENT" in await ann.downloads(ann.last.document)


async def test_moving_keeps_the_old_time_until_the_new_one_is_sure(ann: Phone, hospital: Hospital) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "Tue 24 Nov · 6 free", "09:30")
    assert hospital.scalar("SELECT COUNT(*) FROM appointments WHERE live = 1") == 1

    await ann.taps("✅ Move it")

    moved = "SELECT status, cancel_reason FROM appointments WHERE appointment_id = 1"
    assert hospital.scalar(moved) == "cancelled"
    assert hospital.scalar("SELECT moved_from FROM appointments WHERE live = 1") == 1
    assert "Moved. Your old time is free again.\n\nTuesday, 24 November 2026, 09:30" in chat_of(ann)


async def test_a_receipt_stays_when_a_move_begins_from_it(ann: Phone) -> None:
    await ann.taps("Move")

    assert any("Booked" in message.text for message in ann.messages)
    assert ann.last.text.endswith("Which day?")


async def test_a_move_to_a_time_just_taken_leaves_the_old_visit(ann: Phone, hospital: Hospital) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "Tue 24 Nov · 6 free", "09:30")
    await booked(hospital, "Bob", "202611240930")

    await ann.taps("✅ Move it")

    assert ann.last.text.startswith("Someone just took that time.")
    assert hospital.scalar("SELECT status FROM appointments WHERE appointment_id = 1") == "confirmed"


async def test_a_move_may_go_to_another_doctor(ann: Phone, hospital: Hospital) -> None:
    hospital.doctor("Dr. Weber", room="14")

    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "‹ Back", "Dr. Weber · Fri 20 Nov 10:30")
    await ann.taps("Mon 23 Nov · 6 free", "10:00", "✅ Move it")

    assert "Dr. Weber, Cardiology" in chat_of(ann)


def asks_first(hospital: Hospital, name: str) -> None:
    """From now on this doctor confirms visits."""
    asks = hospital.doctor(name, weekly="tue 09:00-12:00")
    hospital.do(hours.approve, doctor_id=asks.doctor_id, user_id=asks.user_id, on=True, channel="cli")


async def test_any_doctor_is_one_who_need_not_be_asked(ann: Phone, hospital: Hospital) -> None:
    asks_first(hospital, "Dr. Weber")
    hospital.doctor("Dr. Zorn", weekly="tue 09:00-12:00")
    await booked(hospital, "Bob", "202611240900")
    await booked(hospital, "Cid", "202611241000", who=3)

    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "‹ Back", "Any doctor · Fri 20 Nov 10:30")
    await ann.taps("Tue 24 Nov · 16 free", "09:00")
    assert ann.last.text.endswith("Your old time is kept until the new one is sure.")
    await ann.taps("✅ Move it")

    assert "Moved." in chat_of(ann)
    assert "Dr. Zorn" in chat_of(ann)


async def test_where_every_free_doctor_asks_first_the_summary_says_so(ann: Phone, hospital: Hospital) -> None:
    asks_first(hospital, "Dr. Weber")
    await booked(hospital, "Bob", "202611240900")

    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "‹ Back", "Any doctor · Fri 20 Nov 10:30")
    await ann.taps("Tue 24 Nov · 11 free", "09:00")
    assert ann.last.text.endswith("has to confirm it first: your old time is given up when you ask.")
    await ann.taps("✅ Move it")

    assert "Asked for." in chat_of(ann)


async def test_what_was_promised_to_be_kept_is_not_given_up_for_a_request(ann: Phone, hospital: Hospital) -> None:
    asks_first(hospital, "Dr. Weber")
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "‹ Back", "Any doctor · Fri 20 Nov 10:30")
    await ann.taps("Tue 24 Nov · 12 free", "09:00")
    await booked(hospital, "Bob", "202611240900")

    await ann.taps("✅ Move it")

    assert ann.last.text.startswith("Someone just took that time.")
    assert hospital.scalar("SELECT status FROM appointments WHERE appointment_id = 1") == "confirmed"


async def test_the_month_and_more_days_serve_a_move_too(ann: Phone) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", "Later ›", "‹ Earlier", "🗓 Month", "24")

    assert "Tuesday, 24 November 2026. Which time?" in ann.last.text


async def test_cancelling_asks_once_and_keeps_who_when_and_why(ann: Phone, hospital: Hospital) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Cancel visit")
    assert ann.last.text.startswith("Cancel this visit?")
    assert ann.last.text.endswith("tell us why; the time is free for others then.")

    await ann.taps("I can't come")

    assert "is cancelled" in ann.last.text
    kept = """
        SELECT cancel_reason || ', ' || name || ', ' || substr(cancelled_at, 1, 16)
        FROM appointments JOIN users ON user_id = cancelled_by
    """
    assert hospital.scalar(kept) == "I can't come, Ann, 2026-11-20 08:02"


async def test_a_visit_may_be_kept_after_all(ann: Phone, hospital: Hospital) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Cancel visit", "No, keep it")

    assert ann.last.buttons[:2] == ["Move", "Cancel visit"]
    assert hospital.scalar("SELECT status FROM appointments") == "confirmed"


async def test_cancelling_twice_is_the_same_as_once(ann: Phone, hospital: Hospital) -> None:
    for _ in range(2):
        await ann.forges("visits.drop:1:0", ann.last.id)

    assert "is cancelled" in ann.last.text


async def test_a_cancelled_time_is_free_again(ann: Phone, hospital: Hospital) -> None:
    await ann.forges("visits.drop:1:0", ann.last.id)

    bob = await booked(hospital, "Bob", "202611231000")

    assert "Booked" in chat_of(bob)


async def test_past_visits_stay_to_be_seen(ann: Phone, hospital: Hospital) -> None:
    hospital.clock.turn(hours=24 * 4)
    await ann.walks("/appointments")
    assert ann.last.text == "You have no visits ahead."

    await ann.taps("Past visits", "Mon 23 Nov 10:00 · Dr. Osei")

    assert ann.last.text.endswith("This visit is over.")
    assert ann.last.buttons == ["‹ Back"]


async def test_past_visits_turn_page_by_page(ann: Phone, hospital: Hospital) -> None:
    for _ in range(6):
        await ann.says("/book")
        await ann.forges("book.yes:1:202611241000", ann.last.id)
        latest = hospital.scalar("SELECT MAX(appointment_id) FROM appointments")
        await ann.forges(f"visits.drop:{latest}:0", ann.last.id)

    await ann.walks("/appointments", "Past visits", "Older ›")

    assert ann.last.buttons == ["Tue 24 Nov 10:00 · Dr. Osei · cancelled", "‹ Newer", "‹ Back"]


async def test_after_the_cut_off_a_visit_can_only_be_called_about(ann: Phone, hospital: Hospital) -> None:
    hospital.clock.turn(hours=71)

    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei")

    assert ann.last.text.endswith("Changes end 2 hours before the visit. Please call us: +49 431 9876543.")
    assert ann.last.buttons == ["Calendar file", "‹ Back"]


@pytest.mark.parametrize("data", ["visits.drop:1:0", "move.yes:1:1:202611241000", "move.start:1", "visits.cancel:1"])
async def test_a_button_that_came_too_late_changes_nothing(ann: Phone, hospital: Hospital, data: str) -> None:
    hospital.clock.turn(hours=71)

    await ann.forges(data, ann.last.id)

    assert hospital.scalar("SELECT status FROM appointments") == "confirmed"


ON_A_VISIT = [
    "visits.show:{}",
    "visits.file:{}",
    "visits.cancel:{}",
    "visits.open:{}",
    "visits.drop:{}:0",
    "move.start:{}",
    "move.open:{}",
    "move.time:{}:1:202611241000",
    "move.yes:{}:1:202611241000",
]


@pytest.mark.parametrize("data", ON_A_VISIT)
async def test_a_foreign_visit_is_answered_as_an_unknown_one(ann: Phone, hospital: Hospital, data: str) -> None:
    bob = await hospital.patient("Bob")
    await bob.says("/start")

    await bob.forges(data.format(1), bob.last.id)
    foreign = bob.last
    await bob.forges(data.format(999), bob.last.id)

    assert (bob.last.text, bob.last.buttons) == (foreign.text, foreign.buttons)
    assert foreign.text.startswith("That is not there any more.")
    assert hospital.scalar("SELECT COUNT(*) || status FROM appointments") == "1confirmed"


@pytest.mark.parametrize("data", ON_A_VISIT)
async def test_without_a_login_no_visit_is_shown(ann: Phone, hospital: Hospital, data: str) -> None:
    stranger = await hospital.phone("Eve")
    await stranger.says("/start")

    await stranger.forges(data.format(1), stranger.last.id)

    assert stranger.last.text == "Please log in first. New here? Register: it takes two minutes."


async def test_visits_need_a_login_which_is_one_tap_away(hospital: Hospital) -> None:
    eve = await hospital.phone("Eve")

    await eve.says("/appointments")

    assert eve.last.text == "Please log in first. New here? Register: it takes two minutes."
    assert eve.last.buttons == ["Log in", "I'm new here: register"]


async def test_what_can_not_be_chosen_while_moving_says_what_can(ann: Phone) -> None:
    await ann.walks("/appointments", "Mon 23 Nov 10:00 · Dr. Osei", "Move", words.MONTH, "·")
    assert ann.toast == words.NOT_THAT_DAY
    await ann.taps("24", "— Morning · 6 —")

    assert ann.toast == words.PICK_A_TIME
