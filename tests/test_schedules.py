"""What counts as working hours, and what broken ones do."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_bot import schedules
from hospital_bot.errors import BadInput
from hospital_bot.schedules import CLOSED, Schedule, check, parse_weekly, read, weekly_text
from hospital_bot.slots import Span

MONDAY = date(2026, 11, 23)
PAIR = ["09:00", "12:00"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["09:00", "24:00", "mon"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(schedules.WEEKDAYS), inner),
)
nearly = st.fixed_dictionaries(
    {}, optional={"slot_minutes": anything, "weekly": anything, "dates": anything, "other": anything}
)


@st.composite
def hours(draw: st.DrawFn) -> list[list[str]]:
    edges = sorted(draw(st.sets(st.integers(0, 1439), max_size=6)))
    clocks = [f"{edge // 60:02}:{edge % 60:02}" for edge in edges]
    return [list(pair) for pair in zip(clocks[::2], clocks[1::2], strict=False)]


good = st.fixed_dictionaries(
    {"slot_minutes": st.integers(5, 240)},
    optional={
        "weekly": st.dictionaries(st.sampled_from(schedules.WEEKDAYS), hours()),
        "dates": st.dictionaries(st.dates().map(date.isoformat), hours(), max_size=5),
    },
)


@given(stored=st.none() | st.text() | (anything | nearly | good).map(json.dumps))
def test_whatever_is_stored_can_be_read(stored: str | None) -> None:
    schedule = read(stored)
    assert all(start >= 0 for day in range(7) for start in schedule.starts(MONDAY + timedelta(days=day)))


@pytest.mark.parametrize("stored", ["", "null", "{", "[" * 100_000, "9" * 5000, '{"weekly": {"mon": [["24:00"]]}}'])
def test_what_can_not_be_understood_is_closed(stored: str) -> None:
    assert read(stored) == CLOSED


@given(raw=anything | nearly)
def test_checking_refuses_in_words_or_agrees(raw: Any) -> None:
    with suppress(BadInput):
        assert isinstance(check(raw), Schedule)


@given(raw=good)
def test_a_schedule_survives_being_stored(raw: dict[str, Any]) -> None:
    assert read(json.dumps(check(raw).to_json())) == check(raw)


@given(weekly=st.dictionaries(st.sampled_from(schedules.WEEKDAYS), hours().filter(bool), min_size=1))
def test_a_week_survives_being_typed(weekly: dict[str, Any]) -> None:
    schedule = check({"weekly": weekly})
    assert check({"weekly": parse_weekly(weekly_text(schedule))}) == schedule


@pytest.mark.parametrize(
    ("raw", "problem", "detail"),
    [
        ([], "shape", "expected slot_minutes, weekly and dates"),
        ({"week": {}}, "shape", "expected slot_minutes, weekly and dates"),
        ({"slot_minutes": 4}, "slot_minutes", "a whole number from 5 to 240"),
        ({"slot_minutes": 241}, "slot_minutes", "a whole number from 5 to 240"),
        ({"slot_minutes": True}, "slot_minutes", "a whole number from 5 to 240"),
        ({"slot_minutes": 30.0}, "slot_minutes", "a whole number from 5 to 240"),
        ({"weekly": []}, "weekly", "days are mon, tue, wed, thu, fri, sat, sun"),
        ({"weekly": {"monday": []}}, "weekly", "days are mon, tue, wed, thu, fri, sat, sun"),
        ({"dates": []}, "dates", "a list of at most 1000 dates"),
        ({"dates": {str(n): [] for n in range(1001)}}, "dates", "a list of at most 1000 dates"),
        ({"dates": {"2026-02-30": []}}, "date", "2026-02-30"),
        ({"dates": {"20261224": []}}, "date", "20261224"),
        ({"dates": {"2026-12-24": [PAIR, PAIR]}}, "overlap", "2026-12-24"),
        ({"weekly": {"mon": "09:00-12:00"}}, "hours", "mon"),
        ({"weekly": {"mon": ["09:00"]}}, "range", "mon"),
        ({"weekly": {"mon": [["09:00", "12:00", "13:00"]]}}, "range", "mon"),
        ({"weekly": {"mon": [["12:00", "12:00"]]}}, "backwards", "mon 12:00-12:00"),
        ({"weekly": {"mon": [["09:00", "24:00"]]}}, "time", "mon 24:00"),
        ({"weekly": {"mon": [["9:00", "12:00"]]}}, "time", "mon 9:00"),
        ({"weekly": {"mon": [["٠٩:٠٠", "12:00"]]}}, "time", "mon ٠٩:٠٠"),
        ({"weekly": {"mon": [["09:00", None]]}}, "time", "mon None"),
        ({"weekly": {"mon": [["11:00", "13:00"], PAIR]}}, "overlap", "mon"),
    ],
)
def test_a_wrong_schedule_is_refused_with_the_place_that_is_wrong(raw: Any, problem: str, detail: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check(raw)
    assert (refusal.value.problem, refusal.value.detail) == (problem, detail)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        (" ; ", "empty"),
        ("mon", "no_hours"),
        ("mon 09:00-12:00; mon 13:00-14:00", "day_twice"),
        ("mon,mon-tue 09:00-12:00", "day_twice"),
        ("moon 09:00-12:00", "unknown_day"),
        ("mon- 09:00-12:00", "unknown_day"),
        ("-mon 09:00-12:00", "unknown_day"),
        ("fri-mon 09:00-12:00", "backwards"),
        ("mon 09:00", "range"),
        ("mon -12:00", "time"),
        ("mon 09:00-", "time"),
        ("mon 12:00-09:00", "backwards"),
        ("mon 09:00-12:00 11:00-13:00", "overlap"),
    ],
)
def test_a_wrong_week_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_weekly(typed)
    assert refusal.value.problem == problem


def test_a_week_is_typed_as_people_write_it() -> None:
    weekly = parse_weekly("Mon-Wed,Fri 9:00-13:00  14:00-17:00; sat 9:00-12:00;")
    assert weekly["wed"] == weekly["fri"] == [["09:00", "13:00"], ["14:00", "17:00"]]
    assert weekly_text(check({"weekly": weekly})) == (
        "mon-wed 09:00-13:00 14:00-17:00; fri 09:00-13:00 14:00-17:00; sat 09:00-12:00"
    )


def test_a_date_stands_above_its_weekday() -> None:
    schedule = check({"weekly": {"mon": [PAIR]}, "dates": {"2026-11-23": [["14:00", "15:00"]], "2026-11-30": []}})
    days = [MONDAY + timedelta(weeks=week) for week in range(3)]
    assert [schedule.hours(day) for day in days] == [(Span(840, 900),), (), (Span(540, 720),)]
