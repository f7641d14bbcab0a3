"""Choosing a doctor, a day and a time: shared by booking and by moving a visit, for oneself or for whoever calls.

A `Walk` says where the buttons lead: `book.times:12:20261124`, or `move.times:1042:12:20261124` for visit 1042.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from handlers import dates, paging, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import booking as words
from handlers.turn import Turn
from hospital_bot.errors import NotFound
from hospital_bot.services import availability
from hospital_bot.services.availability import Choice, DayLine, DoctorLine
from hospital_bot.values import Visit, Who

Row = tuple[Button, ...]

SPECIALIZATIONS_PER_PAGE = 12
DAYS_PER_PAGE = 10
DOCTORS_PER_PAGE = 12
TIMES_PER_PAGE = 80
"""Telegram takes a hundred buttons below a message."""
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Walk:
    area: str
    about: tuple[int, ...] = ()
    """What the walk is for: nothing when booking, the number of the visit to move, or of the patient who calls."""

    def to(self, verb: str, *arguments: Any) -> str:
        return link(f"{self.area}.{verb}", *self.about, *arguments)


def anybody(_turn: Turn) -> None:
    """What is free is no secret."""


def steps(area: Area, *, back: Callable[[int], str], allow: Callable[[Turn], object] = anybody) -> None:
    """Register the steps, from the doctor to the time, of a walk about one number. `back` leads out of them, from
    the doctors; `allow` raises what forbids them."""

    def walk(about: int) -> Walk:
        return Walk(area.name, (about,))

    @area.button("doctors")
    def choose_doctor(turn: Turn, about: int, who: Who, page: int) -> Screen:
        allow(turn)
        return doctors(turn, walk(about), who, max(0, page), back=back(about))

    @area.button("days")
    def choose_day(turn: Turn, about: int, who: Who, first: date) -> Screen:
        allow(turn)
        return days(turn, walk(about), who, first)

    @area.button("before")
    def earlier_days(turn: Turn, about: int, who: Who, before: date) -> Screen:
        allow(turn)
        return days_before(turn, walk(about), who, before)

    @area.button("month")
    def show_month(turn: Turn, about: int, who: Who, first: date) -> Screen:
        allow(turn)
        return month(turn, walk(about), who, first)

    @area.button("times")
    def choose_time(turn: Turn, about: int, who: Who, day: date) -> Screen:
        allow(turn)
        return times(turn, walk(about), who, day)

    @area.button("after")
    def later_times(turn: Turn, about: int, who: Who, first: datetime) -> Screen:
        allow(turn)
        return times_from(turn, walk(about), who, first)

    inert(area)


def inert(area: Area) -> None:
    """The cells of a month that can't be chosen, and the headings between times: they say what to tap."""

    @area.button("none")
    def day_without_times(_turn: Turn) -> Screen:
        return Screen(toast=words.NOT_THAT_DAY)

    @area.button("heading")
    def part_of_day(_turn: Turn) -> Screen:
        return Screen(toast=words.PICK_A_TIME)


def specializations(turn: Turn, walk: Walk, page: int, back: Row) -> Screen:
    lines = turn.do(availability.specializations, clinic=turn.clinic)
    if not lines:
        return Screen(words.NO_DOCTORS)
    first, after = page * SPECIALIZATIONS_PER_PAGE, (page + 1) * SPECIALIZATIONS_PER_PAGE
    rows = [(Button(words.specialization(line), walk.to("doctors", line.who, 0)),) for line in lines[first:after]]
    turning = paging.turning(page, lambda other: walk.to("more", other), more=len(lines) > after)
    return Screen(words.WHICH_SPECIALIZATION, (*rows, *turning, back))


def doctors(turn: Turn, walk: Walk, who: Who, page: int, back: str) -> Screen:
    """The doctors of a specialization, anyone of them first, then the soonest free."""
    lines = turn.do(availability.doctor_lines, who=who, clinic=turn.clinic)
    if not lines:
        return Screen(words.NO_DOCTORS, (_leave(back),))
    shown = lines[page * DOCTORS_PER_PAGE : (page + 1) * DOCTORS_PER_PAGE]
    rows: list[Row] = [(_anyone(walk, who, lines[0], turn),)] if page == 0 and len(lines) > 1 else []
    rows += [(Button(words.doctor(line), walk.to("days", Who(line.doctor.doctor_id), _today(turn))),) for line in shown]
    more = len(lines) > (page + 1) * DOCTORS_PER_PAGE
    rows += paging.turning(page, lambda other: walk.to("doctors", who, other), more=more)
    return Screen(words.which_doctor(lines[0].doctor.specialization), _packed(rows, _leave(back)))


def _anyone(walk: Walk, who: Who, soonest: DoctorLine, turn: Turn) -> Button:
    return Button(f"{words.ANY} · {words.moment(soonest.next_start)}", walk.to("days", who, _today(turn)))


def days(turn: Turn, walk: Walk, who: Who, first: date, notice: str = "") -> Screen:
    """A page of days with free times, from `first` on."""
    choice, lines = turn.do(availability.days, who=who, first=first, most=DAYS_PER_PAGE + 1, clinic=turn.clinic)
    return _day_page(turn, walk, choice, lines[:DAYS_PER_PAGE], notice, later=len(lines) > DAYS_PER_PAGE)


def days_again(turn: Turn, walk: Walk, visit: Visit, back: str) -> Screen:
    """Days with the visit's own doctor; the colleagues, when that one can't be booked any more."""
    try:
        return days(turn, walk, Who(visit.doctor_id), _today(turn))
    except NotFound:
        return doctors(turn, walk, Who.any_of(visit.specialization), 0, back)


def days_before(turn: Turn, walk: Walk, who: Who, before: date) -> Screen:
    """The page of days that ends just before this day."""
    today = _today(turn)
    choice, lines = turn.do(availability.days, who=who, first=today, most=MANY, clinic=turn.clinic)
    earlier = [line for line in lines if line.day < before]
    later = len(earlier) < len(lines)
    return _day_page(turn, walk, choice, earlier[-DAYS_PER_PAGE:] or lines[:DAYS_PER_PAGE], "", later=later)


def _day_page(turn: Turn, walk: Walk, choice: Choice, lines: Sequence[DayLine], notice: str, *, later: bool) -> Screen:
    back = _leave(walk.to("doctors", Who.any_of(choice.specialization), 0))
    if not lines:
        text = words.NOTHING_FREE.format(days=turn.clinic.rules.horizon_days)
        return Screen(texts.noticed(notice, f"{words.chosen(choice)}\n{text}"), (back,))
    who = choice.who
    buttons = [Button(words.day_button(line), walk.to("times", who, line.day)) for line in lines]
    turning: list[Button] = []
    if lines[0].day > _today(turn) + timedelta(days=1):
        turning.append(Button(texts.EARLIER, walk.to("before", who, lines[0].day)))
    turning.append(Button(words.MONTH, walk.to("month", who, lines[0].day.replace(day=1))))
    if later:
        turning.append(Button(texts.LATER, walk.to("days", who, lines[-1].day + timedelta(days=1))))
    return Screen(texts.noticed(notice, words.which_day(choice)), _packed([*_by(2, buttons), tuple(turning)], back))


def month(turn: Turn, walk: Walk, who: Who, first: date) -> Screen:
    """A month's calendar, Monday first; only days with free times can be chosen."""
    today, last = _today(turn), turn.clinic.last_day(turn.now)
    first = min(max(first, today), last).replace(day=1)
    end = dates.next_month(first) - timedelta(days=1)
    choice = turn.do(availability.choice, who=who, clinic=turn.clinic)
    lines = turn.do(availability.month, who=who, first=first, last=end, clinic=turn.clinic)
    free = {line.day for line in lines}
    rows = dates.month(
        first,
        earliest=today,
        last=last,
        pick=lambda day: walk.to("times", who, day) if day in free else None,
        turn_to=lambda other: walk.to("month", who, other),
        none=f"{walk.area}.none",
    )
    return Screen(words.month_title(choice, first), _packed(rows, _leave(walk.to("days", who, today))))


def times(turn: Turn, walk: Walk, who: Who, day: date, notice: str = "") -> Screen:
    """The free times of a day, in parts of the day; another page of days when none is left."""
    return times_from(turn, walk, who, datetime.combine(day, time.min), notice)


def times_from(turn: Turn, walk: Walk, who: Who, first: datetime, notice: str = "") -> Screen:
    """A page of them, from `first` on."""
    day = first.date()
    choice, starts = turn.do(availability.times, who=who, day=day, clinic=turn.clinic)
    if not starts:
        return days(turn, walk, who, day, notice=texts.noticed(notice, words.no_times(choice, day)))
    rows: list[Row] = []
    at = min(sum(start < first for start in starts), len(starts) - 1)
    for name, group in _parts(starts[at : at + TIMES_PER_PAGE]):
        rows.append((Button(words.part_heading(name, len(group)), f"{walk.area}.heading"),))
        rows += _by(4, [Button(texts.clock(start), walk.to("time", who, start)) for start in group])
    rows.append(_other_times(walk, who, starts, at))
    return Screen(
        texts.noticed(notice, words.which_time(choice, day)), _packed(rows, _leave(walk.to("days", who, day)))
    )


def _other_times(walk: Walk, who: Who, starts: Sequence[datetime], at: int) -> Row:
    before, after = max(0, at - TIMES_PER_PAGE), at + TIMES_PER_PAGE
    earlier = (Button(texts.EARLIER, walk.to("after", who, starts[before])),) if at else ()
    later = (Button(texts.LATER, walk.to("after", who, starts[after])),) if after < len(starts) else ()
    return earlier + later


def _parts(starts: Iterable[datetime]) -> Iterable[tuple[str, list[datetime]]]:
    left = list(starts)
    for name, ends in words.PARTS:
        group = [start for start in left if start.hour < ends]
        left = left[len(group) :]
        if group:
            yield name, group


def _today(turn: Turn) -> date:
    return turn.clinic.today(turn.now)


def _leave(back: str) -> Row:
    return (Button(texts.BACK, back), Button(texts.CANCEL, link("menu.cancel")))


def _by(size: int, buttons: Sequence[Button]) -> list[Row]:
    return [tuple(buttons[start : start + size]) for start in range(0, len(buttons), size)]


def _packed(rows: Iterable[Row], last: Row) -> tuple[Row, ...]:
    return (*(row for row in rows if row), last)
