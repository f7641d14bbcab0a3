"""Spans, grids and clocks that change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_bot import slots
from hospital_bot.slots import DAY, Span

MONDAY = date(2026, 11, 23)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
KOLKATA, LORD_HOWE = ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")

spans = st.tuples(st.integers(0, DAY - 1), st.integers(1, 240)).map(lambda pair: Span(pair[0], sum(pair)))


@pytest.mark.parametrize(
    ("hours", "step", "starts"),
    [
        (((540, 600),), 30, (540, 570)),
        (((540, 599),), 30, (540,)),
        (((540, 569),), 30, ()),
        (((540, 600), (600, 660)), 45, (540, 600)),
        ((), 30, ()),
    ],
    ids=["whole", "a rest too short", "too short", "each stretch for itself", "closed"],
)
def test_a_grid_holds_whole_visits_only(hours: tuple[tuple[int, int], ...], step: int, starts: tuple[int, ...]) -> None:
    assert slots.grid(tuple(Span(*pair) for pair in hours), step) == starts


@given(starts=st.sets(st.integers(0, DAY)).map(sorted), length=st.integers(1, 240), busy=st.lists(spans))
def test_free_are_those_that_share_no_minute_with_anything_busy(
    starts: list[int], length: int, busy: list[Span]
) -> None:
    minutes = {minute for span in busy for minute in range(*span)}
    assert slots.free(starts, length, busy) == [
        start for start in starts if minutes.isdisjoint(range(start, start + length))
    ]


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("2026-11-23T09:00", "2026-11-23T10:00", (540, 600)),
        ("2026-11-22T09:00", "2026-11-24T10:00", (0, DAY)),
        ("2026-11-23T09:00:30", "2026-11-23T10:00:01", (540, 601)),
        ("2026-11-22T09:00", "2026-11-23T00:00", None),
        ("2026-11-24T00:00", "2026-11-24T10:00", None),
        ("2026-11-23T10:00", "2026-11-23T10:00", None),
    ],
)
def test_the_part_of_a_stretch_that_falls_on_a_day(start: str, end: str, span: tuple[int, int] | None) -> None:
    assert slots.within(MONDAY, datetime.fromisoformat(start), datetime.fromisoformat(end)) == span


@pytest.mark.parametrize(
    ("clock", "length", "spans"),
    [
        ("09:00", 30, [(540, 570)]),
        ("23:30", 30, [(1410, DAY)]),
        ("23:45", 30, [(1425, DAY), (0, 15)]),
        ("09:00:01", 30, [(540, 571)]),
        ("09:00", 0, [(540, 541)]),
    ],
    ids=["plain", "to midnight", "past midnight", "with seconds", "of no length"],
)
def test_a_visit_takes_every_minute_it_touches(clock: str, length: int, spans: list[tuple[int, int]]) -> None:
    assert list(slots.by_day(MONDAY, slots.visit(time.fromisoformat(clock), length)).values()) == spans


@pytest.mark.parametrize(
    ("zone", "wall", "length", "whole"),
    [
        (BERLIN, "2026-03-29T01:30", 30, True),
        (BERLIN, "2026-03-29T01:30", 45, False),
        (BERLIN, "2026-03-29T01:30", 120, False),
        (BERLIN, "2026-03-29T02:00", 30, False),
        (BERLIN, "2026-03-29T02:59", 30, False),
        (BERLIN, "2026-03-29T03:00", 30, True),
        (BERLIN, "2026-10-25T01:30", 120, True),
        (BERLIN, "2026-10-25T02:30", 45, True),
        (NEW_YORK, "2026-03-08T02:30", 15, False),
        (NEW_YORK, "2026-11-01T01:30", 60, True),
        (KOLKATA, "2026-03-29T02:30", 30, True),
        (LORD_HOWE, "2026-10-04T01:45", 15, True),
        (LORD_HOWE, "2026-10-04T01:45", 16, False),
        (LORD_HOWE, "2026-10-04T02:00", 15, False),
        (LORD_HOWE, "2026-10-04T02:30", 15, True),
    ],
)
def test_a_visit_never_meets_a_time_that_the_clock_skips(zone: ZoneInfo, wall: str, length: int, whole: bool) -> None:
    assert slots.whole(datetime.fromisoformat(wall), length, zone) == whole


@pytest.mark.parametrize(
    ("zone", "year", "changes"),
    [
        (BERLIN, 2026, ["2026-03-29", "2026-10-25"]),
        (NEW_YORK, 2026, ["2026-03-08", "2026-11-01"]),
        (LORD_HOWE, 2026, ["2026-04-05", "2026-10-04"]),
        (KOLKATA, 2026, []),
        (ZoneInfo("Asia/Beirut"), 2026, ["2026-03-29", "2026-10-24"]),
        (ZoneInfo("America/Havana"), 2026, ["2026-03-08", "2026-11-01"]),
    ],
    ids=["Berlin", "New York", "Lord Howe", "Kolkata", "Beirut, at midnight", "Havana, at midnight"],
)
def test_the_days_on_which_the_clock_changes(zone: ZoneInfo, year: int, changes: list[str]) -> None:
    days = slots.days(date(year, 1, 1), date(year, 12, 31))
    assert [day.isoformat() for day in days if slots.changes_clock(day, zone)] == changes


@given(day=st.dates(date(2000, 1, 1), date(2050, 1, 1)), minute=st.integers(0, DAY - 1))
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, KOLKATA, LORD_HOWE], ids=str)
def test_on_every_other_day_all_visits_are_whole(zone: ZoneInfo, day: date, minute: int) -> None:
    assert slots.changes_clock(day, zone) or slots.whole(slots.at(day, minute), DAY - minute, zone)


def test_a_repeated_time_means_the_first() -> None:
    wall = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 - a wall time
    assert slots.to_utc(wall.replace(fold=1), BERLIN).isoformat() == "2026-10-25T00:30:00+00:00"


def test_days_are_counted_with_both_ends() -> None:
    assert list(slots.days(MONDAY, MONDAY)) == [MONDAY]
    assert list(slots.days(MONDAY, MONDAY - timedelta(days=1))) == []
