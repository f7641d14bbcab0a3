"""A doctor writes a record of a visit; patient and doctor read it; nobody else does, and nothing of it lies about."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hospital_bot.errors import Unavailable
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Visit
from tests.chat.conftest import Hospital, chat_of
from tests.chat.practice import visit

MONDAY = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
FOUND, NAMED, PLANNED = "Ears <red> & swollen", "Otitis media", "Drops, three times a day"


async def _done(hospital: Hospital) -> tuple[Phone, Phone, Visit, Added]:
    """Ann's visit on Monday at nine is done: her phone, her doctor's, the visit, and the doctor."""
    osei = hospital.doctor()
    ann = await hospital.patient("Ann")
    booked = visit(hospital, ann, osei, "2026-11-23 09:00")
    hospital.clock.now = MONDAY
    phone = await hospital.staff(osei)
    await phone.walks("/today", "09:00 Ann", "Done")
    return ann, phone, booked, osei


async def _types(phone: Phone) -> None:
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    for part in (FOUND, NAMED, PLANNED):
        await phone.says(part)


async def _written(hospital: Hospital) -> tuple[Phone, Phone, Visit, Added]:
    facts = await _done(hospital)
    await _types(facts[1])
    await facts[1].taps("✅ Keep it")
    return facts


async def _reads(hospital: Hospital, ann: Phone) -> None:
    await ann.says("/records")
    await ann.says(hospital.code("Ann"))


def _count(hospital: Hospital, action: str) -> int:
    return int(hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = :action", action=action))


async def test_a_record_is_typed_in_three_parts_confirmed_and_kept(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)

    await _types(phone)
    assert phone.last.text == (f"Is this right?\n\nDiagnosis\n{NAMED}\n\nFindings\n{FOUND}\n\nTreatment\n{PLANNED}")
    assert hospital.scalar("SELECT COUNT(*) FROM medical_records") == 0

    await phone.taps("✅ Keep it")
    assert phone.last.text == "✅ The record is kept."
    assert hospital.scalar("SELECT COUNT(*) FROM medical_records") == 1
    assert _count(hospital, "records.write") == 1


async def test_nothing_of_a_record_stays_in_the_chat_or_in_clear_on_the_disk(hospital: Hospital) -> None:
    ann, phone, _, _ = await _done(hospital)
    await _types(phone)
    typed = hospital.stored()
    await phone.taps("✅ Keep it")
    await _reads(hospital, ann)
    await phone.walks("/today", "✓ 09:00 Ann", "Records")

    for canary in (FOUND, NAMED, PLANNED):
        assert canary.encode() not in typed + hospital.stored()
    await phone.taps("‹ Back")
    assert NAMED not in chat_of(phone)


async def test_a_record_cannot_be_forwarded(hospital: Hospital) -> None:
    ann, phone, _, _ = await _written(hospital)

    await phone.walks("/today", "✓ 09:00 Ann", "Records")
    await _reads(hospital, ann)

    for each in (phone, ann):
        shown = next(message for message in each.messages if NAMED in message.text)
        assert shown.json["has_protected_content"]


async def test_parts_can_be_skipped_but_not_all(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", "Skip", "Skip", "Skip")
    assert phone.last.text.startswith("Nothing was written")

    await phone.taps("Write again", "Skip")
    await phone.says(NAMED)
    await phone.taps("Skip", "✅ Keep it")
    assert hospital.scalar("SELECT description FROM medical_records") is None


async def test_a_diagnosis_too_long_is_kept_and_goes_into_the_findings(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says(FOUND)
    for typed in ("ü" * 64, "y" * 128):
        await phone.says(typed)
        assert phone.last.text.startswith("That is too long here")
        assert typed not in chat_of(phone)
        assert typed.encode() not in hospital.stored()

    await phone.taps("Put it into the findings")
    await phone.says(NAMED)
    await phone.taps("Skip")

    assert phone.last.text.endswith(f"Diagnosis\n{NAMED}\n\nFindings\n{FOUND}\n{'ü' * 64}\n{'y' * 128}")


async def test_what_is_too_long_for_the_findings_too_fills_them_and_the_doctor_hears_it(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says("x" * 4000)
    await phone.taps("That is all")
    for sign in "yz":
        await phone.says(sign * 4000)
        assert phone.last.text.startswith("That is too long here")
    await phone.says("w" * 4000)
    assert phone.last.text.startswith("That is more than I can keep: there is room for 8,192 characters")

    await phone.taps("Put it into the findings")
    assert phone.last.text.startswith("The findings are full: there is room for 8,192 characters")

    await phone.taps("Skip", "Skip", "✅ Keep it")
    kept = hospital.keys.unseal(hospital.scalar("SELECT description FROM medical_records"))
    assert kept == "\n".join(("x" * 4000, "y" * 4000, "z" * 190))


async def test_a_diagnosis_written_shorter_takes_the_place_of_the_long_one(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", "Skip")
    await phone.says("ü" * 64)

    await phone.says(NAMED)
    await phone.taps("Skip")

    assert phone.last.text == f"Is this right?\n\nDiagnosis\n{NAMED}"


async def test_findings_as_long_as_a_message_are_kept_whole(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says("x" * 4000 + " the end")
    await phone.taps("That is all", "Skip", "Skip", "Read on ›")
    assert "the end" in phone.last.text

    await phone.taps("✅ Keep it", "The visit", "Records", "Read on ›")

    assert "the end" in phone.last.text


@pytest.mark.parametrize("end", [["the end"], ["y" * 4000, "the end"], ["the end " + "y" * 4000, "That is all"]])
@pytest.mark.parametrize("skipped", [0, 2])
async def test_a_text_that_telegram_cuts_into_pieces_is_one_part(
    hospital: Hospital, skipped: int, end: list[str]
) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", *["Skip"] * skipped)
    await phone.says("x" * 4000)
    assert "Is there more of the" in phone.last.text

    for piece in end:
        await (phone.taps(piece) if piece == "That is all" else phone.says(piece))
    await phone.taps(*["Skip"] * (2 - skipped), "✅ Keep it")

    part = "treatment_plan" if skipped else "description"
    kept = hospital.keys.unseal(hospital.scalar(f"SELECT {part} FROM medical_records"))  # noqa: S608 - one of the two
    assert kept == "\n".join(["x" * 4000, *(piece for piece in end if piece != "That is all")])
    assert "the end" not in chat_of(phone)
    assert not phone.last.text.startswith("I didn't")


async def test_what_is_typed_below_the_summary_goes_into_the_plan_and_is_read_before_it_is_kept(
    hospital: Hospital,
) -> None:
    _, phone, _, _ = await _done(hospital)
    await _types(phone)

    await phone.says("Rest for a week")
    assert phone.last.text.startswith("It is in the treatment plan.")
    assert "Rest for a week" not in chat_of(phone)

    await phone.taps("✅ Keep it")
    assert phone.last.text.endswith(f"Treatment\n{PLANNED}\nRest for a week")
    await phone.taps("✅ Keep it")
    assert phone.last.text == "✅ The record is kept."
    assert not [word for word in (FOUND, NAMED, PLANNED, "Rest") if word in chat_of(phone)]


async def test_what_is_typed_after_nothing_was_written_is_the_plan(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", "Skip", "Skip", "Skip")

    await phone.says(PLANNED)

    assert phone.last.text == f"Is this right?\n\nTreatment\n{PLANNED}"


async def test_a_plan_that_is_full_says_so_and_keeps_what_fits(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", "Skip", "Skip")
    for sign in "xyz":
        await phone.says(sign * 4000)
    assert phone.last.text.startswith("The treatment plan is full: there is room for 8,192 characters")

    await phone.says("and so on")
    assert phone.last.text.startswith("The treatment plan is full")
    await phone.taps("✅ Keep it")

    kept = hospital.keys.unseal(hospital.scalar("SELECT treatment_plan FROM medical_records"))
    assert kept == "\n".join(("x" * 4000, "y" * 4000, "z" * 190))


@pytest.mark.parametrize("interrupted", [("Records", "‹ Back"), ("/start",)])
async def test_a_record_half_written_is_gone_on_with(hospital: Hospital, interrupted: tuple[str, ...]) -> None:
    _, phone, booked, osei = await _done(hospital)
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO medical_records (patient_id, doctor_id, diagnosis) VALUES (?, ?, 'Older one')",
            (booked.patient_id, osei.doctor_id),
        )
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says(FOUND)

    await phone.walks("/today", "✓ 09:00 Ann", *interrupted, "/today", "✓ 09:00 Ann", "Write the record")
    assert phone.last.text.startswith("Let's go on where you stopped.\n\n(2 of 3)")

    await phone.taps("Skip", "Skip", "✅ Keep it")
    sealed = hospital.scalar("SELECT description FROM medical_records WHERE diagnosis IS NULL")
    assert hospital.keys.unseal(sealed) == FOUND


async def test_a_record_half_written_is_begun_anew_on_demand(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says(FOUND)

    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", "Write again")
    assert "(1 of 3)" in phone.last.text

    await phone.taps("Skip", "Skip", "Skip")
    assert phone.last.text.startswith("Nothing was written")


async def test_a_record_given_up_at_its_summary_is_dropped(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await _types(phone)

    await phone.taps("Cancel", "Write the record")

    assert phone.last.text.startswith("Record (1 of 3)")


async def test_the_longest_diagnosis_fits_its_column(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record", "Skip")

    await phone.says("ü" * 63 + "x")
    await phone.taps("Skip", "✅ Keep it")

    assert hospital.scalar("SELECT LENGTH(diagnosis) FROM medical_records") <= 255


async def test_written_again_a_record_takes_the_place_of_the_former(hospital: Hospital) -> None:
    ann, phone, _, _ = await _written(hospital)

    await phone.walks("/today", "✓ 09:00 Ann", "Write the record anew", "Skip")
    await phone.says("Something else")
    await phone.taps("Skip", "✅ Keep it")
    await _reads(hospital, ann)

    assert hospital.scalar("SELECT COUNT(*) FROM medical_records") == 1
    assert _count(hospital, "records.change") == 1
    assert "Something else" in chat_of(ann)
    assert NAMED not in chat_of(ann)


async def test_a_visit_that_is_not_done_has_no_record(hospital: Hospital) -> None:
    osei = hospital.doctor()
    booked = visit(hospital, await hospital.patient("Ann"), osei, "2026-11-23 09:00")
    phone = await hospital.staff(osei)
    await phone.says("/today")

    await phone.forges(f"record.write:{booked.appointment_id}", phone.last.id)

    assert phone.last.text.startswith("That is not there any more.")


@pytest.mark.parametrize("data", ["record.of:{id}:0:0", "record.write:{id}", "record.back:{id}", "record.stop:{id}"])
async def test_a_colleague_sees_and_writes_no_record_of_anothers_patient(hospital: Hospital, data: str) -> None:
    _, _, booked, _ = await _written(hospital)
    novak = await hospital.staff(hospital.doctor("Dr. Novak", "Orthopaedics"))

    answers = []
    for number in (booked.appointment_id, 999):
        await novak.says("/today")
        await novak.forges(data.format(id=number), novak.last.id)
        answers.append((novak.last.text, novak.toast))

    assert answers[0] == answers[1]
    assert NAMED not in chat_of(novak)


async def test_a_colleague_who_forges_the_last_tap_writes_nothing(hospital: Hospital) -> None:
    _, phone, booked, _ = await _done(hospital)
    await _types(phone)
    weber = hospital.doctor("Dr. Weber")
    visit(hospital, await hospital.patient("Bob"), weber, "2026-11-23 11:30")
    other = await hospital.staff(weber)
    await other.says("/today")

    await other.forges(f"record.yes:{booked.appointment_id}", other.last.id)
    await phone.forges("record.yes:2", phone.last.id)

    assert hospital.scalar("SELECT COUNT(*) FROM medical_records") == 0


async def _two_done(hospital: Hospital) -> tuple[Phone, list[Visit]]:
    """Ann's visits at nine and half past are done: her doctor's phone, and the visits."""
    osei = hospital.doctor()
    ann = await hospital.patient("Ann")
    visits = [visit(hospital, ann, osei, f"2026-11-23 {clock}") for clock in ("09:00", "09:30")]
    hospital.clock.now = MONDAY
    phone = await hospital.staff(osei)
    await phone.walks("/today", "09:00 Ann", "Done", "‹ Back", "09:30 Ann", "Arrived", "Done")
    return phone, visits


async def test_what_was_typed_for_one_visit_is_not_kept_for_another(hospital: Hospital) -> None:
    phone, visits = await _two_done(hospital)
    await _types(phone)

    await phone.forges(f"record.yes:{visits[1].appointment_id}", phone.last.id)

    assert hospital.scalar("SELECT COUNT(*) FROM medical_records") == 0


@pytest.mark.parametrize("ended", ["✅ Keep it", "Cancel", "/cancel"])
async def test_a_record_half_written_waits_while_another_visits_is_written(hospital: Hospital, ended: str) -> None:
    phone, _ = await _two_done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says(FOUND)

    await phone.walks("/today", "✓ 09:30 Ann", "Write the record", "Skip")
    await phone.says(NAMED)
    await phone.walks("Skip", ended, "/today", "✓ 09:00 Ann", "Write the record")

    assert phone.last.text.startswith("Let's go on where you stopped.\n\n(2 of 3)")
    await phone.taps("Skip", "Skip")
    assert phone.last.text == f"Is this right?\n\nFindings\n{FOUND}"


async def test_an_older_button_goes_on_with_the_record_of_its_own_visit(hospital: Hospital) -> None:
    phone, _ = await _two_done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says(FOUND)
    first = phone.last
    await phone.walks("/today", "✓ 09:30 Ann", "Write the record", "Skip")
    await phone.says(NAMED)
    second = phone.last

    await phone.taps_in(first.id, first.data_of("Skip"))
    await phone.says(PLANNED)
    assert phone.last.text == f"Is this right?\n\nFindings\n{FOUND}\n\nTreatment\n{PLANNED}"

    await phone.taps_in(second.id, second.data_of("Skip"))
    assert phone.last.text == f"Is this right?\n\nDiagnosis\n{NAMED}"


async def test_an_older_button_of_a_record_that_is_kept_leaves_another_as_it_is(hospital: Hospital) -> None:
    phone, _ = await _two_done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    first = phone.last
    for part in (FOUND, NAMED, PLANNED):
        await phone.says(part)
    await phone.walks("✅ Keep it", "/today", "✓ 09:30 Ann", "Write the record")

    await phone.taps_in(first.id, first.data_of("Skip"))
    await phone.says(FOUND)

    assert phone.last.text.startswith("(2 of 3)")
    assert FOUND not in chat_of(phone)


async def test_records_that_wait_are_gone_after_a_logout(hospital: Hospital) -> None:
    phone, _ = await _two_done(hospital)
    await phone.walks("/today", "✓ 09:00 Ann", "Write the record")
    await phone.says(FOUND)
    await phone.walks("/today", "✓ 09:30 Ann", "Write the record", "/logout")

    assert "description" not in hospital.scalar("SELECT data FROM conversations WHERE chat_id = :id", id=phone.id)


async def test_a_cancelled_visit_opens_no_records(hospital: Hospital) -> None:
    ann, _, _, _ = await _written(hospital)
    weber = hospital.doctor("Dr. Weber")
    later = visit(hospital, ann, weber, "2026-11-24 09:00")
    other = await hospital.staff(weber)
    await other.says("/today")
    await other.forges(f"record.of:{later.appointment_id}:0:0", other.last.id)
    assert NAMED in chat_of(other)
    await other.taps("‹ Back")

    await ann.starts()
    await ann.forges(f"visits.drop:{later.appointment_id}:0", ann.last.id)
    await other.forges(f"record.of:{later.appointment_id}:0:0", other.last.id)

    assert NAMED not in chat_of(other)


async def test_a_patient_reads_records_after_a_fresh_code_alone(hospital: Hospital) -> None:
    ann, _, _, _ = await _written(hospital)

    await ann.says("/records")
    assert NAMED not in chat_of(ann)

    await ann.says(hospital.code("Ann"))
    assert f"Monday, 23 November 2026, Dr. Osei\n\nDiagnosis\n{NAMED}" in chat_of(ann)
    assert _count(hospital, "records.read") == 1


@pytest.mark.parametrize(("minutes", "seen"), [(15, True), (15.1, False)])
async def test_a_code_opens_records_for_a_quarter_of_an_hour(hospital: Hospital, minutes: float, seen: bool) -> None:
    ann, _, _, _ = await _written(hospital)
    await _reads(hospital, ann)
    await ann.taps("Close")

    hospital.clock.turn(minutes=minutes)
    await ann.says("/records")

    assert (NAMED in chat_of(ann)) is seen


async def test_a_wrong_code_opens_nothing(hospital: Hospital) -> None:
    ann, _, _, _ = await _written(hospital)
    await ann.says("/records")

    await ann.says("000000" if hospital.code("Ann") != "000000" else "111111")

    assert NAMED not in chat_of(ann)
    assert _count(hospital, "records.read") == 0


async def test_another_patient_has_records_of_their_own_only(hospital: Hospital) -> None:
    await _written(hospital)
    bob = await hospital.patient("Bob")

    await bob.says("/records")

    assert bob.last.text == "There are no records yet."


async def test_a_read_whose_audit_fails_shows_nothing(hospital: Hospital) -> None:
    ann, phone, booked, _ = await _written(hospital)
    await _reads(hospital, ann)
    await ann.taps("Close")
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_log RENAME TO elsewhere")

    with pytest.raises(Unavailable):
        await ann.says("/records")
    with pytest.raises(Unavailable):
        await phone.forges(f"record.of:{booked.appointment_id}:0:0", phone.last.id)

    assert NAMED not in chat_of(ann) + chat_of(phone)


async def test_a_repeated_delivery_does_not_show_a_record_again(hospital: Hospital) -> None:
    ann, _, _, _ = await _written(hospital)
    await _reads(hospital, ann)

    stored = hospital.scalar("SELECT screen FROM telegram_updates ORDER BY update_id DESC LIMIT 1")

    assert "This record was shown already." in stored
    assert NAMED not in stored


async def test_records_in_clear_from_other_software_are_read_as_they_are(hospital: Hospital) -> None:
    _, _, booked, osei = await _done(hospital)
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO medical_records (patient_id, doctor_id, diagnosis, description)"
            " VALUES (?, ?, 'Old', 'gAAAAbroken')",
            (booked.patient_id, osei.doctor_id),
        )
    phone = await hospital.staff(osei)

    await phone.walks("/today", "✓ 09:00 Ann", "Records")

    assert "Diagnosis\nOld" in phone.last.text
    assert "(can't be read: sealed with another key)" in phone.last.text


async def test_a_record_too_long_for_a_message_is_read_page_by_page(hospital: Hospital) -> None:
    ann, phone, booked, osei = await _done(hospital)
    found = " ".join(f"finding{number}" for number in range(600))
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO medical_records (patient_id, doctor_id, description, treatment_plan) VALUES (?, ?, ?, ?)",
            (booked.patient_id, osei.doctor_id, found, PLANNED),
        )

    await phone.walks("/today", "✓ 09:00 Ann", "Records")
    await _reads(hospital, ann)
    for each in (phone, ann):
        read = each.last.text
        await each.taps("Read on ›")
        assert (found[:40] in chat_of(each), PLANNED in chat_of(each)) == (False, True)
        read += f" {each.last.text}"
        await each.taps("‹ Read back")
        assert found[:40] in chat_of(each)
        assert [word for word in found.split() if word not in read.split()] == []


@pytest.mark.parametrize("sign", ["😷", "𝟚 ", "&"])
async def test_no_sign_is_lost_between_two_pages(hospital: Hospital, sign: str) -> None:
    """Telegram counts two units where a rarer sign stands."""
    _, phone, booked, osei = await _done(hospital)
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO medical_records (patient_id, doctor_id, description) VALUES (?, ?, ?)",
            (booked.patient_id, osei.doctor_id, sign * 5000),
        )

    await phone.walks("/today", "✓ 09:00 Ann", "Records")
    read = phone.last.text
    while "Read on ›" in phone.last.buttons:
        await phone.taps("Read on ›")
        read += phone.last.text

    assert read.count(sign.strip()) == 5000


async def test_records_turn_one_by_one_and_leave_one_message(hospital: Hospital) -> None:
    ann, phone, booked, osei = await _written(hospital)
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO medical_records (patient_id, doctor_id, diagnosis, date_created)"
            " VALUES (?, ?, 'Older one', '2020-01-01 00:00:00')",
            (booked.patient_id, osei.doctor_id),
        )
    await _reads(hospital, ann)

    await ann.taps("Older ›")
    assert ("Older one" in chat_of(ann), NAMED in chat_of(ann)) == (True, False)
    await ann.taps("‹ Newer")
    assert ("Older one" in chat_of(ann), NAMED in chat_of(ann)) == (False, True)

    await phone.walks("/today", "✓ 09:00 Ann", "Records", "Older ›")
    assert "Older one" in phone.last.text


async def test_reading_and_writing_cost_at_most_ten_statements(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)
    await _types(phone)
    counts = []
    for act in ("✅ Keep it", "The visit", "Records"):
        with hospital.statements() as seen:
            await phone.taps(act)
        counts.append(len(seen))

    assert max(counts) <= 10, counts


async def test_a_doctor_has_no_records_of_their_own(hospital: Hospital) -> None:
    _, phone, _, _ = await _done(hospital)

    await phone.says("/records")

    assert phone.last.text == "That is not possible with your account."


async def test_a_record_half_written_is_shown_to_nobody_after_the_session_ended(hospital: Hospital) -> None:
    osei = await hospital.staff(hospital.doctor())
    sealed = hospital.keys.seal("a cough")
    hospital.clock.turn(hours=23)
    await osei.says("/start")
    draft = json.dumps({"record": {"of": 1, "description": sealed, "diagnosis": ""}})
    with hospital.db.engine.begin() as connection:
        connection.execute(text("UPDATE conversations SET data = :draft"), {"draft": draft})
        connection.execute(text("UPDATE conversations SET expires_at = '2026-12-01 00:00:00'"))

    hospital.clock.turn(hours=2)
    await osei.forges("record.skip:1:treatment_plan", osei.last.id)

    assert osei.last.text.startswith("Please log in first.")
    assert "a cough" not in chat_of(osei)
