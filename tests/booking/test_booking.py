"""Who gets which time, and who is told why not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hospital_bot.errors import (
    BadInput,
    BookingError,
    NotFound,
    NotOffered,
    PatientBusy,
    SlotTaken,
    TooManyVisits,
)
from hospital_bot.services import booking, own_visits
from hospital_bot.values import Visit, Who
from tests.hospital import MONDAY, Hospital, at

CARDIOLOGY = Who.any_of("Cardiology")


def test_a_booked_time_is_offered_to_nobody_else(hospital: Hospital) -> None:
    osei, ann, bob = hospital.doctor(), hospital.patient(), hospital.patient()

    visit = hospital.book(ann, osei, at("09:30"), reason="A cough")

    assert (visit.doctor_name, visit.start, visit.minutes, visit.reason) == ("Dr. Osei", at("09:30"), 30, "A cough")
    assert hospital.clocks(osei) == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    with pytest.raises(SlotTaken):
        hospital.book(bob, osei, at("09:30"))


def test_what_booking_says_is_what_is_read_back(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    visit = hospital.book(ann, osei, at("09:30"), reason="A cough")
    read = hospital.db.run(own_visits.one, appointment_id=visit.appointment_id, patient_id=ann, now=hospital.now)
    assert read == visit


def test_a_reason_of_more_than_five_hundred_characters_is_refused(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    with pytest.raises(BadInput, match="reason: too_long"):
        hospital.book(ann, osei, at("09:00"), reason="x" * 501)
    assert hospital.book(ann, osei, at("09:00"), reason="x" * 500).live


def both(first: Any, second: Any) -> list[Any]:
    with ThreadPoolExecutor(2) as pool:
        return [answer.result() for answer in [pool.submit(first), pool.submit(second)]]


def test_a_double_tap_books_once_and_says_the_same_twice(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()

    one, other = both(lambda: hospital.book(ann, osei, at("09:00")), lambda: hospital.book(ann, osei, at("09:00")))

    assert one == other
    assert hospital.upcoming(ann) == [at("09:00")]


def test_a_double_tap_for_any_doctor_books_one_of_them_once(hospital: Hospital) -> None:
    hospital.doctor()
    hospital.doctor()
    ann = hospital.patient()

    one, other = both(
        lambda: hospital.book(ann, CARDIOLOGY, at("09:00")), lambda: hospital.book(ann, CARDIOLOGY, at("09:00"))
    )

    assert one == other


def test_the_same_request_is_answered_with_its_visit_even_after_it_was_cancelled(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    visit = hospital.book(ann, osei, at("09:00"), request_id="update-7")
    hospital.cancel(visit, ann)

    again = hospital.book(ann, osei, at("09:00"), request_id="update-7")

    assert (again.appointment_id, again.status) == (visit.appointment_id, "cancelled")


def test_a_patient_is_in_one_place_at_a_time(hospital: Hospital) -> None:
    osei, lang, ann = hospital.doctor(), hospital.doctor(minutes=45), hospital.patient()
    hospital.book(ann, osei, at("09:30"))
    with pytest.raises(PatientBusy):
        hospital.book(ann, lang, at("09:00"))
    hospital.book(ann, osei, at("10:00"))


def test_no_more_visits_than_the_rules_allow(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    clocks = ["09:00", "09:30", "10:00", "10:30", "11:00"]
    visits = [hospital.book(ann, osei, at(clock)) for clock in clocks]
    with pytest.raises(TooManyVisits):
        hospital.book(ann, osei, at("11:30"))

    hospital.move(visits[0], ann, osei, at("11:30"))
    hospital.cancel(visits[1], ann)
    hospital.book(ann, osei, at("09:00"))

    assert len(hospital.upcoming(ann)) == 5


def test_visits_that_are_over_do_not_count(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    for clock in ["09:00", "09:30", "10:00", "10:30", "11:00"]:
        hospital.appointment(osei, ann, at(clock, hospital.now.date()))
    hospital.now = at("11:00", hospital.now.date()).replace(tzinfo=UTC)
    assert hospital.book(ann, osei, at("09:00")).live


@pytest.mark.parametrize(
    ("now", "answer"),
    [("07:59:59", "booked"), ("08:00:00", "booked"), ("08:00:01", "too_soon"), ("09:30:00", "too_soon")],
)
def test_the_notice_is_an_hour_to_the_second(hospital: Hospital, now: str, answer: str) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    hospital.now = at(now).replace(tzinfo=UTC)
    offered = at("09:00") in hospital.times(osei)
    assert said(hospital.book, ann, osei, at("09:00")) == answer
    assert offered == (answer == "booked")


@pytest.mark.parametrize(("days", "answer"), [(60, "booked"), (61, "too_far"), (100_000, "too_far"), (-1, "too_soon")])
def test_the_horizon_is_sixty_days_from_today(hospital: Hospital, days: int, answer: str) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    day = hospital.now.date() + timedelta(days=days)
    offered = hospital.clocks(osei, day)
    assert said(hospital.book, ann, osei, at("09:00", day)) == answer
    assert bool(offered) == (answer == "booked")


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_day_at_the_end_of_time_is_refused_like_any_other(hospital: Hospital, day: date) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    assert hospital.times(osei, day) == []
    assert said(hospital.book, ann, osei, at("09:00", day)) in {"too_far", "too_soon"}


@pytest.mark.parametrize("clock", ["09:10", "08:30", "11:45", "12:00", "09:00:01", "09:00:00.5", "00:00"])
def test_a_time_that_is_not_on_the_doctors_grid_is_not_offered(hospital: Hospital, clock: str) -> None:
    with pytest.raises(NotOffered):
        hospital.book(hospital.patient(), hospital.doctor(), at(clock))


def test_dates_replace_the_weekly_hours(hospital: Hospital) -> None:
    dates = {"2026-11-23": [["14:00", "15:00"]], "2026-11-24": []}
    osei, ann = hospital.doctor(dates=dates), hospital.patient()

    assert hospital.clocks(osei) == ["14:00", "14:30"]
    assert list(hospital.days(osei, most=2)) == [MONDAY, MONDAY + timedelta(days=2)]
    assert said(hospital.book, ann, osei, at("09:00")) == "not_offered"
    assert said(hospital.book, ann, osei, at("09:00", MONDAY + timedelta(days=1))) == "not_offered"


def test_leave_takes_the_times_that_it_touches(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    hospital.leave(osei, at("09:40"), at("10:30"))

    assert hospital.clocks(osei) == ["09:00", "10:30", "11:00", "11:30"]
    assert said(hospital.book, ann, osei, at("09:30")) == "not_offered"
    assert said(hospital.book, ann, osei, at("10:30")) == "booked"


def test_leave_over_days_closes_them_and_ends_when_it_says(hospital: Hospital) -> None:
    osei = hospital.doctor()
    hospital.leave(osei, at("11:00"), at("10:00", MONDAY + timedelta(days=3)))

    assert hospital.clocks(osei) == ["09:00", "09:30", "10:00", "10:30"]
    assert list(hospital.days(osei, most=2)) == [MONDAY, MONDAY + timedelta(days=3)]
    assert hospital.clocks(osei, MONDAY + timedelta(days=3)) == ["10:00", "10:30", "11:00", "11:30"]


def test_a_doctor_who_left_is_not_offered(hospital: Hospital) -> None:
    gone, ann = hospital.doctor(active=False), hospital.patient()
    with pytest.raises(NotFound):
        hospital.times(gone)
    for who in (gone, CARDIOLOGY, 999):
        assert said(hospital.book, ann, who, at("09:00")) == "not_offered"


def test_another_patients_visit_is_refused_exactly_as_one_that_never_was(hospital: Hospital) -> None:
    osei, ann, eve = hospital.doctor(), hospital.patient(), hospital.patient()
    visit = hospital.book(ann, osei, at("09:00"))
    for number in (visit.appointment_id, 999):
        for verb, more in ((hospital.cancel, ()), (hospital.move, (osei, at("10:00")))):
            with pytest.raises(NotFound) as refusal:
                verb(number, eve, *more)
            assert refusal.value.args == ()
    assert hospital.upcoming(ann) == [at("09:00")]


@pytest.mark.parametrize(("now", "answer"), [("07:00:00", "done"), ("07:00:01", "too_late"), ("09:15:00", "too_late")])
@pytest.mark.parametrize("verb", ["cancel", "move"])
def test_changes_end_two_hours_before_to_the_second(hospital: Hospital, verb: str, now: str, answer: str) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    visit = hospital.book(ann, osei, at("09:00"))
    hospital.now = at(now).replace(tzinfo=UTC)
    more = (osei, at("11:00")) if verb == "move" else ()

    assert own_visits.may_change(visit, hospital.clinic, hospital.now) == (answer == "done")
    assert said(getattr(hospital, verb), visit, ann, *more).replace("booked", "done") == answer


def test_a_cancelled_time_can_be_booked_again(hospital: Hospital) -> None:
    osei, ann, bob = hospital.doctor(), hospital.patient(), hospital.patient()
    visit = hospital.book(ann, osei, at("09:00"))

    assert hospital.cancel(visit, ann, why="better now").status == "cancelled"
    assert hospital.cancel(visit, ann).status == "cancelled"

    assert hospital.book(bob, osei, at("09:00")).live
    assert hospital.scalar("SELECT cancel_reason FROM appointments WHERE status = 'cancelled'") == "better now"


def test_a_visit_that_took_place_is_neither_cancelled_nor_moved(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    over = hospital.appointment(osei, ann, at("09:00", MONDAY - timedelta(days=30)), status="completed")
    missed = hospital.appointment(osei, ann, at("09:00", MONDAY - timedelta(days=31)))
    assert [said(hospital.cancel, each, ann) for each in (over, missed)] == ["too_late", "too_late"]
    assert [said(hospital.move, each, ann, osei, at("09:00")) for each in (over, missed)] == ["not_found", "too_late"]


def test_moving_gives_the_old_time_back_and_links_the_two(hospital: Hospital) -> None:
    osei, lang, ann = hospital.doctor(), hospital.doctor(name="Dr. Lang", minutes=45), hospital.patient()
    old = hospital.book(ann, osei, at("09:00"), reason="A cough")

    new = hospital.move(old, ann, lang, at("09:45"))

    assert (new.doctor_name, new.minutes, new.reason, new.moved_from) == ("Dr. Lang", 45, "A cough", old.appointment_id)
    assert hospital.upcoming(ann) == [at("09:45")]
    assert "09:00" in hospital.clocks(osei)


def test_moving_into_ones_own_time_with_another_doctor(hospital: Hospital) -> None:
    osei, lang, ann = hospital.doctor(), hospital.doctor(), hospital.patient()
    old = hospital.book(ann, osei, at("09:00"))
    assert hospital.move(old, ann, lang, at("09:00")).doctor_id == lang


def test_a_double_tap_moves_once(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    old = hospital.book(ann, osei, at("09:00"))

    one, other = both(
        lambda: hospital.move(old, ann, osei, at("10:00")), lambda: hospital.move(old, ann, osei, at("10:00"))
    )

    assert one == other
    assert hospital.upcoming(ann) == [at("10:00")]


def test_moving_to_the_same_time_changes_nothing(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    old = hospital.book(ann, osei, at("09:00"))
    assert hospital.move(old, ann, CARDIOLOGY, at("09:00")) == old


def test_a_visit_that_was_moved_away_can_not_be_moved_once_more(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    old = hospital.book(ann, osei, at("09:00"))
    hospital.move(old, ann, osei, at("10:00"))
    assert said(hospital.move, old, ann, osei, at("11:00")) == "not_found"
    assert hospital.upcoming(ann) == [at("10:00")]


@pytest.mark.parametrize(
    ("clock", "answer"),
    [("10:00", "slot_taken"), ("10:10", "not_offered"), ("11:00", "patient_busy"), ("08:00", "not_offered")],
)
def test_the_old_time_is_kept_when_the_new_one_is_refused_in_a_transaction_that_commits(
    hospital: Hospital, clock: str, answer: str
) -> None:
    osei, lang, ann, bob = hospital.doctor(), hospital.doctor(), hospital.patient(), hospital.patient()
    old = hospital.book(ann, osei, at("09:00"))
    hospital.book(ann, lang, at("11:00"))
    hospital.book(bob, osei, at("10:00"))

    def step(session: Session, /, **asked: Any) -> str:
        return said(booking.move, session, **asked)

    asked = {"appointment_id": old.appointment_id, "patient_id": ann, "who": Who(osei), "start": at(clock)}
    more = {"request_id": "r", "user_id": 1, "clinic": hospital.clinic, "now": hospital.now}
    assert hospital.db.run(step, **asked | more) == answer
    assert hospital.upcoming(ann) == [at("09:00"), at("11:00")]


def test_any_doctor_means_the_least_busy_that_day_and_then_the_next(hospital: Hospital) -> None:
    osei, lang = hospital.doctor(), hospital.doctor()
    hospital.doctor(specialization="Dermatology")
    hospital.book(hospital.patient(), osei, at("11:00"))

    chosen = [hospital.book(hospital.patient(), CARDIOLOGY, at("09:00")).doctor_id for _ in range(2)]

    assert chosen == [lang, osei]
    assert said(hospital.book, hospital.patient(), CARDIOLOGY, at("09:00")) == "slot_taken"
    assert hospital.clocks(CARDIOLOGY) == ["09:30", "10:00", "10:30", "11:00", "11:30"]


def test_any_doctor_is_one_who_need_not_be_asked_however_busy(hospital: Hospital) -> None:
    osei, lang = hospital.doctor(), hospital.doctor()
    hospital.sql("UPDATE doctors SET approval = TRUE WHERE doctor_id = :id", id=osei)
    hospital.book(hospital.patient(), lang, at("11:00"))

    chosen = [hospital.book(hospital.patient(), CARDIOLOGY, at("09:00")) for _ in range(2)]

    assert [(visit.doctor_id, visit.status) for visit in chosen] == [(lang, "confirmed"), (osei, "pending")]


def test_an_appointment_of_other_software_holds_its_half_hour(hospital: Hospital) -> None:
    osei, ann, bob = hospital.doctor(minutes=15), hospital.patient(), hospital.patient()
    hospital.appointment(osei, ann, at("09:10"), status="pending")

    assert hospital.clocks(osei)[:2] == ["09:45", "10:00"]
    assert said(hospital.book, bob, osei, at("09:30")) == "slot_taken"


def test_a_date_with_a_time_of_day_in_it_counts_as_that_day(hospital: Hospital) -> None:
    osei, ann, bob = hospital.doctor(), hospital.patient(), hospital.patient()
    today = hospital.now.date()
    hospital.appointment(osei, ann, at("09:30"), appointment_date=at("09:30"))
    hospital.appointment(osei, ann, at("07:00", today), appointment_date=at("07:00", today))

    assert hospital.clocks(osei)[:2] == ["09:00", "10:00"]
    assert said(hospital.book, bob, osei, at("09:30")) == "slot_taken"
    assert hospital.upcoming(ann) == [at("09:30")]


def test_a_visit_that_runs_past_midnight_holds_the_next_morning(hospital: Hospital) -> None:
    night, ann, bob = hospital.doctor([("00:00", "01:00")]), hospital.patient(), hospital.patient()
    hospital.appointment(night, ann, at("23:45", MONDAY - timedelta(days=1)))
    other = hospital.doctor([("00:00", "01:00")])

    assert hospital.clocks(night) == ["00:30"]
    assert said(hospital.book, bob, night, at("00:00")) == "slot_taken"
    assert said(hospital.book, ann, other, at("00:00")) == "patient_busy"


def test_past_visits_come_page_by_page_the_latest_first(hospital: Hospital) -> None:
    osei, ann = hospital.doctor(), hospital.patient()
    for days in range(1, 8):
        hospital.appointment(osei, ann, at("09:00", hospital.now.date() - timedelta(days=days)))
    hospital.cancel(hospital.book(ann, osei, at("09:00")), ann)

    pages = [
        hospital.db.run(own_visits.past, patient_id=ann, page=page, clinic=hospital.clinic, now=hospital.now)
        for page in (-1, 0, 1)
    ]

    assert pages[0] == pages[1]
    assert [visit.status for visit in pages[1][0]] == ["cancelled", *["confirmed"] * 4]
    assert (pages[1][1], len(pages[2][0]), pages[2][1]) == (True, 3, False)


def said(ask: Any, *args: Any, **facts: Any) -> str:
    """`booked`, `cancelled`, or the refusal's code."""
    try:
        answer = ask(*args, **facts)
    except (BookingError, NotFound) as refusal:
        return refusal.code
    assert isinstance(answer, Visit)
    return "done" if answer.status == "cancelled" else "booked"
