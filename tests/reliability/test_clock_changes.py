"""Nights on which the clock jumps, and zones with odd offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hospital_bot.errors import NotOffered, TooLate, TooSoon
from hospital_bot.services import own_visits
from tests.hospital import Hospital, at

Open = Callable[..., Hospital]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """A hospital in some zone, at some wall time."""
    made: list[Hospital] = []

    def open_it(zone: str, now: datetime) -> Hospital:
        hospital = Hospital.build(f"sqlite:///{tmp_path}/{len(made)}.db", zone=zone)
        hospital.now = now.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        made.append(hospital)
        return hospital

    yield open_it
    for hospital in made:
        hospital.close()


@pytest.mark.parametrize(
    ("zone", "day", "length", "offered"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 30, "01:00 01:30 03:00 03:30"),
        ("Europe/Berlin", date(2026, 3, 29), 45, "01:00 03:15"),
        ("Europe/Berlin", date(2026, 10, 25), 60, "01:00 02:00 03:00"),
        ("America/New_York", date(2026, 3, 8), 30, "01:00 01:30 03:00 03:30"),
        ("America/New_York", date(2026, 11, 1), 60, "01:00 02:00 03:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), 30, "01:00 01:30 02:30 03:00 03:30"),
        ("Australia/Lord_Howe", date(2026, 4, 5), 60, "01:00 02:00 03:00"),
        ("Asia/Kolkata", date(2026, 3, 29), 60, "01:00 02:00 03:00"),
    ],
)
def test_skipped_times_are_not_offered_and_repeated_ones_once(
    opened: Open, zone: str, day: date, length: int, offered: str
) -> None:
    hospital = opened(zone, at("12:00", day - timedelta(days=3)))
    night = hospital.doctor([("01:00", "04:00")], minutes=length)

    assert " ".join(hospital.clocks(night, day)) == offered
    assert hospital.days(night, day, most=1) == {day: len(offered.split())}


@pytest.mark.parametrize("clock", ["01:30", "02:15"])
def test_a_visit_that_meets_the_gap_can_not_be_booked(opened: Open, clock: str) -> None:
    hospital = opened("Europe/Berlin", at("12:00", date(2026, 3, 26)))
    night, ann = hospital.doctor([("00:00", "04:00")], minutes=45), hospital.patient()
    with pytest.raises(NotOffered):
        hospital.book(ann, night, at(clock, date(2026, 3, 29)))


def test_what_is_offered_over_a_change_never_meets_in_real_time(opened: Open) -> None:
    hospital = opened("Australia/Lord_Howe", at("12:00", date(2026, 10, 2)))
    night, zone = hospital.doctor([("00:00", "05:00")], minutes=20), hospital.clinic.zone
    starts = [start for day in hospital.days(night) for start in hospital.times(night, day)]
    begins = [start.replace(tzinfo=zone).astimezone(UTC) for start in starts]
    assert all(later - earlier >= timedelta(minutes=20) for earlier, later in pairwise(begins))
    assert hospital.book(hospital.patient(), night, starts[1]).start == starts[1]


def test_in_the_repeated_hour_what_is_over_is_not_offered_again(opened: Open) -> None:
    day = date(2026, 10, 25)
    hospital = opened("Europe/Berlin", at("02:10", day).replace(fold=1))
    night, ann = hospital.doctor([("02:00", "05:00")]), hospital.patient()

    assert hospital.clocks(night, day) == ["03:30", "04:00", "04:30"]
    with pytest.raises(TooSoon):
        hospital.book(ann, night, at("03:00", day))


@pytest.mark.parametrize(("now", "kept"), [("00:59", True), ("01:00", True), ("01:01", False)])
def test_the_cut_off_counts_real_hours_over_a_gap(opened: Open, now: str, kept: bool) -> None:
    day = date(2026, 3, 29)
    hospital = opened("Europe/Berlin", at("12:00", day - timedelta(days=2)))
    night, ann = hospital.doctor([("04:00", "05:00")]), hospital.patient()
    visit = hospital.book(ann, night, at("04:00", day))
    hospital.now = at(now, day).replace(tzinfo=hospital.clinic.zone).astimezone(UTC)

    assert own_visits.may_change(visit, hospital.clinic, hospital.now) == kept
    if kept:
        assert hospital.cancel(visit, ann).status == "cancelled"
    else:
        with pytest.raises(TooLate):
            hospital.cancel(visit, ann)


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [
        ("America/New_York", "2026-11-21T04:59:00+00:00", date(2026, 11, 20)),
        ("America/New_York", "2026-11-21T05:00:00+00:00", date(2026, 11, 21)),
        ("Asia/Kolkata", "2026-11-20T18:29:00+00:00", date(2026, 11, 20)),
        ("Asia/Kolkata", "2026-11-20T18:30:00+00:00", date(2026, 11, 21)),
    ],
)
def test_the_day_begins_at_the_clinics_midnight(opened: Open, zone: str, now: str, today: date) -> None:
    hospital = opened(zone, at("12:00"))
    hospital.now = datetime.fromisoformat(now)
    always = hospital.doctor([("00:00", "23:59")])

    assert hospital.clinic.today(hospital.now) == today
    assert hospital.times(always, today - timedelta(days=1)) == []
    assert list(hospital.days(always, today))[-1] == today + timedelta(days=60)


def test_the_notice_reaches_over_midnight(opened: Open) -> None:
    hospital = opened("Asia/Kolkata", at("23:20"))
    always = hospital.doctor([("00:00", "23:59")])
    assert hospital.times(always) == []
    assert hospital.clocks(always, at("00:00").date() + timedelta(days=1))[0] == "00:30"
