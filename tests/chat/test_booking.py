"""A patient books in the chat."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from handlers.texts import booking as words
from hospital_bot.simulator.phone import NotOffered, Phone
from tests.chat.conftest import Hospital, chat_of, opened
from tests.clock import Clock

TO_DAYS = ("/book", "Cardiology · 1 doctor · from Fri 20 Nov", "Dr. Osei · Fri 20 Nov 10:30")
TO_TIMES = (*TO_DAYS, "Mon 23 Nov · 6 free")
TO_SUMMARY = (*TO_TIMES, "10:00", "Skip")


async def test_a_patient_books_a_visit_and_gets_a_receipt(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")

    await ann.walks(*TO_SUMMARY, "✅ Confirm")

    receipt = next(message for message in ann.messages if "Booked" in message.text)
    assert "Monday, 23 November 2026, 10:00 (30 minutes)\nDr. Osei, Cardiology\nRoom 12" in receipt.text
    assert "Visit no. 1" in receipt.text
    assert receipt.buttons == ["Move", "Cancel visit"]


async def test_the_receipt_comes_with_a_calendar_file_in_the_right_zone(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")

    await ann.walks(*TO_SUMMARY, "✅ Confirm")

    content = await ann.downloads(ann.last.document)
    [event] = Calendar.from_ical(content.decode()).walk("VEVENT")
    assert event.decoded("DTSTART") == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert event.decoded("SUMMARY") == "Visit at Harbour Hospital"
    assert b"Cardiology" not in content


async def test_everything_up_to_the_receipt_happens_in_one_message(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")

    await ann.walks(*TO_SUMMARY)

    assert len([message for message in ann.messages if message.is_from_bot]) == 1


async def test_many_specializations_and_many_doctors_are_turned_page_by_page(hospital: Hospital) -> None:
    for number in range(13):
        hospital.doctor(f"Dr. Number{number}", f"Field {number:02}")
        hospital.doctor(f"Dr. Other{number}", "Field 12")
    ann = await hospital.patient("Ann")

    await ann.walks("/book")
    assert [label for label in ann.last.buttons if "Field" not in label] == ["Later ›", "Cancel"]
    await ann.taps("Later ›")
    assert ann.last.buttons == ["Field 12 · 14 doctors · from Fri 20 Nov", "‹ Earlier", "Cancel"]

    await ann.taps("Field 12 · 14 doctors · from Fri 20 Nov")
    first = ann.last.buttons
    await ann.taps("Later ›")
    second = ann.last.buttons
    assert (first[-3], second[-3]) == ("Later ›", "‹ Earlier")
    assert len({label for label in first + second if label.startswith("Dr. ")}) == 14
    await ann.taps("‹ Earlier")
    assert ann.last.buttons == first


async def test_specializations_say_how_many_doctors_and_the_next_free_day(hospital: Hospital) -> None:
    hospital.doctor("Dr. Osei", "Cardiology", weekly="sun 09:00-12:00")
    hospital.doctor("Dr. Weber", "Cardiology")
    hospital.doctor("Dr. Novak", "Orthopaedics", weekly="tue 09:00-12:00")
    ann = await hospital.patient("Ann")

    await ann.says("/book")

    assert ann.last.buttons[:2] == [
        "Cardiology · 2 doctors · from Fri 20 Nov",
        "Orthopaedics · 1 doctor · from Tue 24 Nov",
    ]


async def test_doctors_are_offered_soonest_first_and_any_doctor_before_all(hospital: Hospital) -> None:
    hospital.doctor("Dr. Abel", weekly="sun 09:00-12:00")
    hospital.doctor("Dr. Zorn", weekly="sat 09:00-12:00")
    ann = await hospital.patient("Ann")

    await ann.walks("/book", "Cardiology · 2 doctors · from Sat 21 Nov")

    assert ann.last.buttons[:3] == [
        "Any doctor · Sat 21 Nov 09:00",
        "Dr. Zorn · Sat 21 Nov 09:00",
        "Dr. Abel · Sun 22 Nov 09:00",
    ]


async def test_any_doctor_is_chosen_at_the_confirmation(hospital: Hospital) -> None:
    hospital.doctor("Dr. Abel")
    hospital.doctor("Dr. Zorn")
    ann = await hospital.patient("Ann")

    await ann.walks("/book", "Cardiology · 2 doctors · from Fri 20 Nov", "Any doctor · Fri 20 Nov 10:30")
    await ann.taps("Mon 23 Nov · 12 free", "10:00", "Skip", "✅ Confirm")

    assert re.search("Dr. (Abel|Zorn), Cardiology", chat_of(ann))


async def test_only_days_with_free_times_are_offered_two_to_a_row(hospital: Hospital) -> None:
    hospital.doctor(weekly="mon,wed 09:00-12:00")
    ann = await hospital.patient("Ann")

    await ann.walks("/book", "Cardiology · 1 doctor · from Mon 23 Nov", "Dr. Osei · Mon 23 Nov 09:00")

    [first, *_] = ann.last.json["reply_markup"]["inline_keyboard"]
    assert [button["text"] for button in first] == ["Mon 23 Nov · 6 free", "Wed 25 Nov · 6 free"]


async def test_days_turn_forward_and_back(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_DAYS)
    first_page = ann.last.buttons

    await ann.taps("Later ›")
    assert ann.last.buttons[0] == "Mon 30 Nov · 6 free"

    await ann.taps("‹ Earlier")
    assert ann.last.buttons == first_page


async def test_days_end_at_the_horizon(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_DAYS)

    while "Later ›" in ann.last.buttons:
        await ann.taps("Later ›")

    assert "Tue 19 Jan · 6 free" in ann.last.buttons
    assert "Wed 20 Jan · 6 free" not in ann.last.buttons


async def test_the_month_is_one_tap_away_and_leads_to_a_day(hospital: Hospital) -> None:
    hospital.doctor(weekly="mon 09:00-12:00")
    ann = await hospital.patient("Ann")

    await ann.walks("/book", "Cardiology · 1 doctor · from Mon 23 Nov", "Dr. Osei · Mon 23 Nov 09:00", "🗓 Month")
    numbers = [label for label in ann.last.buttons if label.isdecimal()]
    await ann.taps("Later ›", "7")

    assert numbers == ["23", "30"]
    assert "Monday, 7 December 2026" in ann.last.text


async def test_a_day_of_many_times_is_turned(hospital: Hospital) -> None:
    hospital.doctor(weekly="mon-sun 00:00-23:55", minutes=5)
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_DAYS[:2], "Dr. Osei · Fri 20 Nov 10:05", "Mon 23 Nov · 287 free")
    seen = [ann.last.buttons]

    while "Later ›" in ann.last.buttons:
        await ann.taps("Later ›")
        seen.append(ann.last.buttons)

    assert len({label for labels in seen for label in labels if label[2:3] == ":"}) == 287
    await ann.taps("‹ Earlier")
    assert ann.last.buttons == seen[-2]
    await ann.taps("‹ Earlier", "‹ Earlier", "00:05", "Skip")
    assert "00:05" in ann.last.text


async def test_a_day_without_times_in_the_month_says_so(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")

    await ann.walks(*TO_DAYS, "🗓 Month", "·")

    assert ann.toast == "No free times that day"


async def test_times_are_grouped_by_part_of_the_day(hospital: Hospital) -> None:
    hospital.doctor(weekly="mon-sun 11:00-12:00 16:30-17:30 19:00-19:30")
    ann = await hospital.patient("Ann")

    await ann.walks("/book", "Cardiology · 1 doctor · from Fri 20 Nov", "Dr. Osei · Fri 20 Nov 11:00")
    await ann.taps("Mon 23 Nov · 5 free")

    times = ["— Morning · 2 —", "11:00", "11:30", "— Afternoon · 1 —", "16:30", "— Evening · 2 —", "17:00", "19:00"]
    assert ann.last.buttons[:-2] == times


async def test_back_returns_step_by_step_to_the_beginning(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_SUMMARY)

    seen = []
    for _ in range(5):
        await ann.taps("‹ Back")
        seen.append(ann.last.text.splitlines()[-1])

    assert seen == [
        "Write them, or skip.",
        "Monday, 23 November 2026. Which time?",
        "Which day?",
        "Which doctor?",
        "Which specialist do you need?",
    ]


async def test_cancel_leaves_without_a_visit(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")

    await ann.walks(*TO_SUMMARY, "Cancel")

    assert ann.last.text == "All right, cancelled. Nothing was changed."
    assert hospital.scalar("SELECT COUNT(*) FROM appointments") == 0


async def test_the_typed_reason_stands_on_the_summary_and_the_receipt(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES, "10:00")

    await ann.says("My <b>heart</b> & more")
    assert "Reason: My <b>heart</b> & more" in ann.last.text

    await ann.taps("✅ Confirm")
    assert "Reason: My <b>heart</b> & more" in chat_of(ann)


async def test_a_reason_that_is_too_long_is_asked_again(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES, "10:00")

    await ann.sends("sticker")
    assert "A few words help the doctor" in ann.last.text

    await ann.says("long " * 800)
    assert "500 characters" in ann.last.text
    assert ann.last.buttons == ["Skip", "Cancel"]

    await ann.says("short")
    assert "Reason: short" in ann.last.text


async def test_a_reason_is_carried_over_to_another_time_only_if_kept(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES, "10:00")
    await ann.says("Knee")

    await ann.taps("‹ Back", "‹ Back", "11:00", "Skip")
    assert "Knee" not in ann.last.text

    await ann.taps("‹ Back", "Keep: Knee")
    assert "Monday, 23 November 2026, 11:00\nCardiology · Dr. Osei, room 12\nReason: Knee" in ann.last.text


async def test_who_loses_a_time_keeps_the_reason(hospital: Hospital) -> None:
    hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    await ann.walks(*TO_TIMES, "10:00")
    await ann.says("Knee")
    await bob.walks(*TO_SUMMARY, "✅ Confirm")

    await ann.taps("✅ Confirm", "10:30", "Keep: Knee", "✅ Confirm")

    assert hospital.scalar("SELECT reason FROM appointments WHERE reason IS NOT NULL") == "Knee"


async def test_a_reason_is_not_offered_for_the_next_visit(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES, "10:00")
    await ann.says("Knee")
    await ann.taps("✅ Confirm")

    await ann.walks(*TO_TIMES[:-1], "Mon 23 Nov · 5 free", "11:00")

    assert ann.last.buttons == ["Skip", "‹ Back", "Cancel"]


async def test_the_second_patient_to_confirm_a_time_is_told_it_is_gone(hospital: Hospital) -> None:
    hospital.doctor()
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    for each in (ann, bob):
        await each.walks(*TO_SUMMARY)

    await ann.taps("✅ Confirm")
    await bob.taps("✅ Confirm")

    assert bob.last.text.startswith("Someone just took that time.")
    assert "10:00" not in bob.last.buttons
    assert "10:30" in bob.last.buttons


async def test_the_loser_of_the_last_time_of_a_day_sees_other_days(hospital: Hospital) -> None:
    hospital.doctor(weekly="mon-sun 10:00-10:30")
    ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
    for each in (ann, bob):
        await each.walks("/book", "Cardiology · 1 doctor · from Sat 21 Nov", "Dr. Osei · Sat 21 Nov 10:00")
        await each.taps("Mon 23 Nov · 1 free", "10:00", "Skip")

    await ann.taps("✅ Confirm")
    await bob.taps("✅ Confirm")

    assert "Nothing is free any more on Monday, 23 November 2026. Which other day?" in bob.last.text
    assert "Tue 24 Nov · 1 free" in bob.last.buttons


async def test_who_looks_around_leaves_nothing_in_the_database(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.says("/book")
    kept = "SELECT COUNT(*) FROM telegram_updates"
    before = hospital.scalar(kept)

    await ann.walks(*TO_SUMMARY[:-1])
    assert hospital.scalar(kept) == before + 1  # the choice of a time waits for a reason
    await ann.walks(*TO_SUMMARY[-1:], "✅ Confirm")
    assert hospital.scalar(kept) == before + 2


async def test_who_books_so_late_that_nothing_can_be_changed_hears_it_and_finds_no_button_for_it(
    hospital: Hospital,
) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")

    await ann.walks(*TO_DAYS, "Fri 20 Nov · 3 free", "10:30", "Skip", "✅ Confirm")

    receipt = next(message for message in ann.messages if "Booked" in message.text)
    assert receipt.text.endswith("Changes end 2 hours before the visit. Please call us: +49 431 9876543.")
    assert receipt.buttons == []


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(90, "1 hour 30 minutes"), (30, "30 minutes"), (60, "1 hour"), (36 * 60, "1 day 12 hours")],
)
async def test_the_hospitals_rules_are_told_to_the_minute(
    tmp_path: Path, clock: Clock, minutes: int, said: str
) -> None:
    rule = timedelta(minutes=minutes)
    rules = {"booking_cutoff": rule, "erasure_window": rule, "booking_notice": timedelta()}
    async with opened(f"sqlite:///{tmp_path}/rules.db", clock, tmp_path / "rules.db", **rules) as hospital:
        hospital.doctor()
        ann = await hospital.patient("Ann")
        await ann.walks("/privacy", "Erase my data")
        assert f"In {said} we take your name" in ann.last.text

        await ann.says("/book")
        await ann.forges("book.yes:1:202611201000", ann.last.id)
        clock.turn(minutes=50)
        await ann.walks("/appointments", "Fri 20 Nov 10:00 · Dr. Osei")

        assert f"Changes end {said} before the visit." in ann.last.text


async def test_a_double_tap_books_once_and_says_so_twice(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_SUMMARY)
    summary = ann.last

    await ann.taps("✅ Confirm")
    await ann.forges(summary.data_of("✅ Confirm"), summary.id)

    receipts = [message.text for message in ann.messages if "Booked" in message.text]
    assert len(receipts) == 2
    assert len(set(receipts)) == 1
    assert hospital.scalar("SELECT COUNT(*) FROM appointments") == 1


async def test_two_visits_at_one_time_are_refused(hospital: Hospital) -> None:
    hospital.doctor()
    hospital.doctor("Dr. Novak", "Orthopaedics")
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_SUMMARY, "✅ Confirm")

    await ann.walks("/book", "Orthopaedics · 1 doctor · from Fri 20 Nov", "Dr. Novak · Fri 20 Nov 10:30")
    await ann.taps("Mon 23 Nov · 6 free", "10:00", "Skip", "✅ Confirm")

    assert ann.last.text.startswith("You have another visit at that time.")


async def test_whoever_holds_too_many_visits_is_shown_them(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    for clock in ("09:00", "09:30", "10:00", "10:30", "11:00"):
        await ann.says("/book")
        await ann.forges(f"book.yes:1:20261124{clock.replace(':', '')}", ann.last.id)

    await ann.walks(*TO_SUMMARY, "✅ Confirm")

    assert ann.last.text.startswith("You hold as many visits as one person may.")
    assert ann.last.buttons == ["My visits"]


async def test_a_time_that_came_too_close_is_not_booked(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_SUMMARY)

    hospital.clock.turn(hours=24 * 3 + 0.5)
    await ann.taps("✅ Confirm")

    assert ann.last.text.startswith("That time is too close now.")
    assert hospital.scalar("SELECT COUNT(*) FROM appointments") == 0


async def test_a_button_from_weeks_ago_is_answered_with_what_is_true_now(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES)

    hospital.clock.turn(hours=24 * 21)
    await ann.taps("10:00", "Skip", "✅ Confirm")

    assert "That time is too close now." in ann.last.text
    assert "Which other day?" in ann.last.text


async def test_a_link_opens_its_doctor_directly(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.phone("Ann")

    await ann.starts("d_1")

    assert ann.last.text.endswith("Which day?")
    assert "Mon 23 Nov · 6 free" in ann.last.buttons


@pytest.mark.parametrize("payload", ["d_999", "d_x", "d_99999999999", "zzz", "d_", "d_١"])
async def test_a_link_to_nobody_leads_somewhere_useful(hospital: Hospital, payload: str) -> None:
    hospital.doctor()
    ann = await hospital.phone("Ann")

    await ann.starts(payload)

    assert ann.last.buttons


async def test_without_a_login_the_chosen_time_is_kept_in_mind(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.phone("Ann")
    hospital.clock.turn(minutes=2)

    await ann.walks(*TO_TIMES, "10:00")

    assert ann.last.text == "To book this time, log in or register. I'll keep it in mind for you."
    assert ann.last.buttons == ["Log in", "I'm new here: register", "‹ Back", "Cancel"]


async def test_a_doctor_hears_at_once_that_only_patients_book_and_what_to_do(hospital: Hospital) -> None:
    added = hospital.doctor()
    osei = await hospital.staff(added)
    hospital.clock.turn(minutes=2)

    for link in ("/book", f"/start d_{added.doctor_id}"):
        await osei.says(link)
        assert osei.last.text == words.STAFF_DO_NOT_BOOK
        assert "Today's visits" in osei.last.buttons

    await osei.forges("book.yes:1:202611231000", osei.last.id)
    assert osei.last.text == "That is not possible with your account."


async def test_a_hospital_without_doctors_says_so(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")

    await ann.says("/book")

    assert ann.last.text == "No doctor can be booked here yet. Please call us."


FORGED = [
    "book.yes:1:209912311000",
    "book.yes:1:202611231017",
    "book.yes:999:202611231000",
    "book.yes:s1:202611231000",
    "book.yes:-1:202611231000",
    "book.times:1:00010101",
    "book.times:1:99991231",
    "book.days:1:99991231",
    "book.month:1:99991201",
    "book.month:1:00010101",
    "book.before:1:00010102",
    "book.doctors:s1226109305:9999999999",
    "book.more:9999999999",
    "book.yes:1:202613451000",
    "book.yes:1",
    "book.yes",
    "book.yes:1:202611231000:1",
    "book.time:１２:202611231000",
    "nothing.here",
    "x",
    "🙂",
]


@pytest.mark.parametrize("data", FORGED)
async def test_forged_buttons_are_answered_and_change_nothing(hospital: Hospital, data: str) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_DAYS)

    await ann.forges(data, ann.last.id)

    assert hospital.scalar("SELECT COUNT(*) FROM appointments") == 0
    assert "Something went wrong" not in chat_of(ann)


async def test_a_label_that_was_never_offered_cannot_be_tapped(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.walks(*TO_TIMES)

    with pytest.raises(NotOffered):
        await ann.taps("12:00")


async def _walk_and_count(hospital: Hospital, ann: Phone) -> dict[str, int]:
    counts = {}
    for step in (*TO_SUMMARY, "✅ Confirm"):
        with hospital.statements() as seen:
            await ann.walks(step)
        counts[step] = len(seen)
    return counts


async def test_a_tap_costs_at_most_ten_statements(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await hospital.patient("Ann")
    await ann.says("/start")

    counts = await _walk_and_count(hospital, ann)

    assert max(counts.values()) <= 10, counts
