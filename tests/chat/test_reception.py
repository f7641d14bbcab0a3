"""The hospital's desk, on the telephone: finds the patient, books, moves and cancels in their stead."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from handlers import texts
from handlers.texts import booking as booking_words
from handlers.texts import reception as words
from hospital_bot.errors import NotAllowed
from hospital_bot.services import accounts, calls, hours
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital, email_of
from tests.chat.practice import administrator, deliver, heard, visit


async def _patient(hospital: Hospital, name: str = "Ann") -> Phone:
    phone = await hospital.patient(name)
    await phone.starts()
    return phone


async def _asks(hospital: Hospital, typed: str = "Ann") -> Phone:
    """Nora has typed what she knows of the patient."""
    nora = await administrator(hospital)
    await nora.walks("/start", "🔎 Find a patient")
    await nora.says(typed)
    return nora


async def _taps(phone: Phone, beginning: str) -> None:
    """The first button whose label begins so."""
    await phone.taps(next(label for label in [*phone.last.buttons, beginning] if label.startswith(beginning)))


@pytest.mark.parametrize("typed", ["ann b", "ANN BERG", email_of("Ann Berg").upper(), "030 123456", "+49 30 123456"])
async def test_a_patient_is_found_by_what_they_say_on_the_telephone(hospital: Hospital, typed: str) -> None:
    await _patient(hospital, "Ann Berg")
    nora = await _asks(hospital, typed)

    assert nora.last.text.startswith("Ann Berg\nBorn: –\nPhone: +4930123456\n")
    assert "No visits ahead." in nora.last.text


@pytest.mark.parametrize("typed", ["zoe", "a", "%", "_nn", "nobody@people.example", "@", "999", "Berg"])
async def test_nobody_is_found_by_what_fits_nobody_and_it_can_be_typed_again(hospital: Hospital, typed: str) -> None:
    await _patient(hospital, "Ann Berg")
    nora = await _asks(hospital, typed)
    assert nora.last.text.startswith(words.NOBODY)

    await nora.says("Ann")

    assert nora.last.text.startswith("Ann Berg")


async def test_of_several_the_right_one_is_chosen(hospital: Hospital) -> None:
    ann = await _patient(hospital, "Ann A")
    await _patient(hospital, "Ann B")
    nora = await _asks(hospital, "Ann")
    assert nora.last.text == words.WHO_OF_THEM
    await nora.taps("Ann A · born ?")

    assert nora.last.text.startswith("Ann A\n")
    await ann.walks("/privacy", "Who saw my data")
    assert "Nora saw your name and date of birth in a search" in ann.last.text


async def test_the_register_can_not_be_leafed_through(hospital: Hospital) -> None:
    for letter in "ABCDEFGHI":
        await _patient(hospital, f"Ann {letter}")
    nora = await _asks(hospital, "Ann")
    assert nora.last.text.startswith(words.TOO_MANY)
    assert "Ann A" not in str(nora.last.buttons)

    await nora.says("Ann B")

    assert nora.last.text.startswith("Ann B\n")


async def test_the_desk_books_and_the_patient_is_told(hospital: Hospital) -> None:
    hospital.doctor()
    ann = await _patient(hospital)
    nora = await _asks(hospital)
    await nora.taps("📅 Book a visit")
    for beginning in ("Cardiology", "Dr. Osei", "Mon 23 Nov", "10:00"):
        await _taps(nora, beginning)
    assert "Book this for Ann?\n\nMonday, 23 November 2026, 10:00\nCardiology · Dr. Osei" in nora.last.text
    await nora.taps(words.YES_BOOK)
    await deliver(hospital)

    assert nora.last.text.startswith("✅ Booked for Ann.")
    assert words.TOLD in nora.last.text
    assert heard(ann, "We booked a visit for you:\nMonday, 23 November 2026, 10:00") == 1
    await nora.taps("Ann")
    assert "1 visit ahead." in nora.last.text
    assert heard(nora, "✅ Booked for Ann.") == 1


async def test_whom_the_bot_can_not_write_to_is_told_on_the_telephone(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    await ann.blocks()
    nora = await _asks(hospital)
    assert "The bot can't write to them." in nora.last.text
    await nora.forges(f"for.yes:1:{osei.doctor_id}:202611231000", nora.last.id)

    assert words.TELL_THEM in nora.last.text


async def test_the_desk_moves_and_cancels_up_to_the_last_minute(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    visit(hospital, ann, osei, "2026-11-23 10:00", "a cough")
    hospital.clock.now = datetime(2026, 11, 23, 8, 50, tzinfo=UTC)  # 09:50 in the hospital
    nora = await _asks(hospital)
    await nora.taps("Mon 23 Nov 10:00 · Dr. Osei")
    assert "a cough" not in nora.last.text
    await nora.taps(words.MOVE)
    for beginning in ("Mon 23 Nov", "10:30"):
        await _taps(nora, beginning)
    assert "From: Monday, 23 November 2026, 10:00, Dr. Osei\nTo: Monday, 23 November 2026, 10:30" in nora.last.text
    await nora.taps(words.YES_MOVE)
    assert nora.last.text.startswith("✅ Moved for Ann.")
    await deliver(hospital)
    assert heard(ann, "We moved your visit.") == 1

    await nora.taps("Ann", "Mon 23 Nov 10:30 · Dr. Osei", words.CANCEL_VISIT, words.YES_CANCEL)
    assert nora.last.text.startswith("✅ Cancelled for Ann.")
    await deliver(hospital)

    assert heard(ann, "We cancelled your visit:") == 1
    assert hospital.scalar("SELECT count(*) FROM appointments WHERE live = 1") == 0
    assert hospital.scalar("SELECT count(*) FROM appointments WHERE reason = 'a cough'") == 2


async def test_a_patient_is_bound_where_the_desk_is_not(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    booked = visit(hospital, ann, osei, "2026-11-23 10:00")
    hospital.clock.now = datetime(2026, 11, 23, 8, 50, tzinfo=UTC)
    await ann.forges(f"visits.drop:{booked.appointment_id}:0", ann.last.id)
    assert "Changes end 2 hours before the visit." in ann.last.text

    nora = await _asks(hospital)
    await nora.forges(f"find.drop:{booked.appointment_id}", nora.last.id)

    assert nora.last.text.startswith("✅ Cancelled for Ann.")


async def test_what_has_begun_can_not_be_changed_any_more(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    booked = visit(hospital, ann, osei, "2026-11-23 10:00")
    hospital.clock.now = datetime(2026, 11, 23, 9, 1, tzinfo=UTC)
    nora = await _asks(hospital)
    for data in (
        f"find.visit:{booked.appointment_id}",
        f"find.drop:{booked.appointment_id}",
        f"movefor.yes:{booked.appointment_id}:{osei.doctor_id}:202611241000",
    ):
        await nora.forges(data, nora.last.id)
        assert nora.last.text.startswith(words.OVER), data

    assert hospital.scalar("SELECT count(*) FROM appointments WHERE live = 1") == 1


async def test_a_time_that_was_taken_meanwhile_is_chosen_anew(hospital: Hospital) -> None:
    osei = hospital.doctor()
    ann, bob = await _patient(hospital), await _patient(hospital, "Bob")
    moved = visit(hospital, ann, osei, "2026-11-24 10:00")
    visit(hospital, bob, osei, "2026-11-23 10:00")
    nora = await _asks(hospital)
    for data in (f"for.yes:1:{osei.doctor_id}", f"movefor.yes:{moved.appointment_id}:{osei.doctor_id}"):
        await nora.forges(f"{data}:202611231000", nora.last.id)
        assert nora.last.text.startswith("Someone just took that time."), data
        assert "10:30" in nora.last.buttons


async def test_a_patient_with_enough_visits_gets_no_more(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    for day in range(23, 28):
        visit(hospital, ann, osei, f"2026-11-{day} 10:00")
    nora = await _asks(hospital)
    await nora.forges(f"for.yes:1:{osei.doctor_id}:202611281000", nora.last.id)

    assert "5 visits ahead." in nora.last.text
    assert hospital.scalar("SELECT count(*) FROM appointments WHERE live = 1") == 5


async def test_the_patient_sees_who_looked_and_what_was_done(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    nora = await _asks(hospital)
    await nora.forges(f"for.yes:1:{osei.doctor_id}:202611231000", nora.last.id)
    await ann.walks("/privacy", "Who saw my data")

    assert "Nora looked at your details" in ann.last.text
    assert "Nora booked a visit" in ann.last.text


async def test_doctors_and_patients_find_nobody(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    doctor = await hospital.staff(osei)
    for phone in (doctor, ann):
        await phone.says("/find")
        assert phone.last.text == texts.refused(NotAllowed())
        await phone.says("Ann")
        assert "+4930123456" not in phone.last.text


async def test_an_administrator_who_wants_to_book_is_shown_the_way(hospital: Hospital) -> None:
    nora = await administrator(hospital)
    await nora.says("/book")

    assert nora.last.text == booking_words.DESK_FINDS
    assert "🔎 Find a patient" in nora.last.buttons


async def test_the_forgotten_are_not_found(hospital: Hospital) -> None:
    await _patient(hospital)
    hospital.product.db.run(
        lambda session: session.connection().exec_driver_sql(
            "UPDATE users SET email = 'erased-1@account.invalid' WHERE name = 'Ann'"
        )
    )

    assert (await _asks(hospital)).last.text.startswith(words.NOBODY)


async def test_an_unlinked_patient_is_found_and_not_reachable(hospital: Hospital) -> None:
    await _patient(hospital)
    hospital.db.run(accounts.unlink, user_id=1)

    assert "The bot can't write to them." in (await _asks(hospital)).last.text


async def test_whoever_cancelled_by_telephone_is_not_called_about_it(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    booked = visit(hospital, ann, osei, "2026-11-23 10:00")
    await ann.blocks()
    nora = await _asks(hospital)
    await nora.forges(f"find.drop:{booked.appointment_id}", nora.last.id)
    await deliver(hospital)
    await nora.says("/calls")

    assert "Nobody." in nora.last.text
    assert hospital.do(calls.call_list, day=date(2026, 11, 23), clinic=hospital.clinic) == []


async def test_the_desk_gives_up_no_visit_for_a_request_unasked(hospital: Hospital) -> None:
    osei, lang = hospital.doctor(), hospital.doctor("Dr. Lang")
    hospital.do(hours.approve, doctor_id=lang.doctor_id, user_id=lang.user_id, on=True, channel="test")
    ann = await _patient(hospital)
    booked = visit(hospital, ann, osei, "2026-11-24 10:00")
    nora = await _asks(hospital)
    await nora.forges(f"movefor.time:{booked.appointment_id}:{lang.doctor_id}:202611231000", nora.last.id)
    assert f"{words.ASKS} The old time is given up at once." in nora.last.text
    await nora.forges(f"movefor.yes:{booked.appointment_id}:{lang.doctor_id}:202611231000", nora.last.id)
    assert nora.last.text.startswith("That time is not offered any more.")
    assert hospital.scalar("SELECT status FROM appointments WHERE live = 1") == "confirmed"

    await nora.forges(f"movefor.ask:{booked.appointment_id}:{lang.doctor_id}:202611231000", nora.last.id)

    assert nora.last.text.startswith("✅ Moved for Ann. The doctor has to confirm it.")


async def test_a_visit_withdrawn_meanwhile_is_said_to_be_over(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), await _patient(hospital)
    booked = visit(hospital, ann, osei, "2026-11-24 10:00")
    nora = await _asks(hospital)
    await ann.forges(f"visits.drop:{booked.appointment_id}:0", ann.last.id)
    for verb in ("visit", "cancel", "drop"):
        await nora.forges(f"find.{verb}:{booked.appointment_id}", nora.last.id)
        assert nora.last.text.startswith(words.OVER), verb
    for verb in ("start", "time", "yes", "ask"):
        rest = "" if verb == "start" else f":{osei.doctor_id}:202611251000"
        await nora.forges(f"movefor.{verb}:{booked.appointment_id}{rest}", nora.last.id)
        assert nora.last.text.startswith(words.OVER), verb

    assert hospital.scalar("SELECT count(*) FROM audit_log WHERE outcome != 'ok'") == 0
