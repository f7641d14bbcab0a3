"""A doctor's leave, and days off sick.

/timeoff ─┬─► first day ─► last day ─► preview ─► leave ─► visits that fall outside
          ├─► off sick today, tomorrow ─► preview ─► off sick ─┬─► undone, within ten minutes, if nobody was told
          │                                                    └─► who has moved, who waits, whom to call
          └─► one leave ─► removed
"""

from __future__ import annotations

from datetime import date, timedelta

from handlers import dates, menu, outside, seen, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import hours as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput, TooLate
from hospital_bot.services import board, hours, leave
from hospital_bot.services.agenda import Entry
from hospital_bot.services.board import Board
from hospital_bot.services.leave import Absence

area = Area("timeoff")


@area.command("timeoff")
@area.button("list")
def list_leave(turn: Turn) -> Screen:
    return _list(turn)


def _list(turn: Turn, notice: str = "") -> Screen:
    absences = turn.do(leave.upcoming, doctor_id=turn.doctor(), clinic=turn.clinic)
    rows = [(Button(words.absence(each), link("timeoff.show", each.time_off_id)),) for each in absences[: words.MOST]]
    today = turn.clinic.today(turn.now)
    new = (
        (Button(words.ADD_LEAVE, link("timeoff.month", today.replace(day=1))),),
        (
            Button(words.SICK_TODAY, link("timeoff.sick", today)),
            Button(words.SICK_TOMORROW, link("timeoff.sick", today + timedelta(days=1))),
        ),
    )
    text = words.YOUR_LEAVE if absences else words.NO_LEAVE
    return Screen(texts.noticed(notice, text), (*rows, *new, (Button(texts.HOURS, link("hours.show")), *menu.BACK)))


@area.button("month")
def choose_first_day(turn: Turn, first: date) -> Screen:
    turn.doctor()
    today = turn.clinic.today(turn.now)
    rows = dates.month(
        first,
        earliest=today,
        last=today + dates.AHEAD,
        pick=lambda day: link("timeoff.from", day, day.replace(day=1)),
        turn_to=lambda month: link("timeoff.month", month),
        none="timeoff.none",
    )
    return Screen(words.FIRST_DAY_OF_LEAVE, (*rows, (Button(texts.BACK, link("timeoff.list")),)))


@area.button("from")
def choose_last_day(turn: Turn, first: date, shown: date) -> Screen:
    turn.doctor()
    today = turn.clinic.today(turn.now)
    if not today <= first <= today + dates.AHEAD:
        return Screen(toast=words.NOT_THAT_DAY)
    rows = dates.month(
        shown,
        earliest=first,
        last=today + dates.AHEAD,
        pick=lambda day: link("timeoff.check", first, day),
        turn_to=lambda month: link("timeoff.from", first, month),
        none="timeoff.none",
    )
    back = (Button(texts.BACK, link("timeoff.month", first.replace(day=1))),)
    return Screen(words.last_day_of_leave(first), (*rows, back))


@area.button("none")
def not_that_day(_turn: Turn) -> Screen:
    return Screen(toast=words.NOT_THAT_DAY)


@area.button("check")
def preview(turn: Turn, first: date, last: date) -> Screen:
    try:
        met = _met(turn, first, last)
    except BadInput:
        return Screen(toast=words.NOT_THAT_DAY)
    rows = ((Button(words.CONFIRM, link("timeoff.yes", first, last)),), (Button(texts.BACK, link("timeoff.list")),))
    return Screen(words.leave_preview(first, last, met), rows)


def _met(turn: Turn, first: date, last: date) -> list[Entry]:
    """The visits that leave would meet; the look is written down. Raises BadInput."""
    doctor_id = turn.doctor()
    met = turn.do(leave.hit, doctor_id=doctor_id, first=first, last=last, clinic=turn.clinic)
    seen.listing(turn, "day", f"doctor:{doctor_id}:{first:%Y%m%d}-{last:%Y%m%d}")
    return met


@area.button("yes")
def confirm(turn: Turn, first: date, last: date) -> Screen:
    doctor_id, user = turn.doctor(), turn.logged_in()
    try:
        turn.do(
            leave.add,
            doctor_id=doctor_id,
            user_id=user.user_id,
            first=first,
            last=last,
            channel=turn.channel,
            clinic=turn.clinic,
        )
    except BadInput:
        return Screen(toast=words.NOT_THAT_DAY)
    now = turn.do(hours.read, doctor_id=doctor_id, clinic=turn.clinic)
    return outside.listing(turn, now, words.leave_added(first, last))


@area.button("show")
def show_absence(turn: Turn, time_off_id: int) -> Screen:
    found = turn.do(leave.own, time_off_id=time_off_id, doctor_id=turn.doctor())
    if found.tell_at:
        return show_board(turn, time_off_id)
    rows = (
        (Button(words.REMOVE_LEAVE, link("timeoff.drop", time_off_id)),),
        (Button(texts.BACK, link("timeoff.list")),),
    )
    return Screen(words.absence_page(found), rows)


@area.button("drop")
def remove(turn: Turn, time_off_id: int) -> Screen:
    doctor_id, user = turn.doctor(), turn.logged_in()
    facts = {"user_id": user.user_id, "channel": turn.channel, "clinic": turn.clinic}
    try:
        turn.do(leave.remove, time_off_id=time_off_id, doctor_id=doctor_id, **facts)
    except TooLate:
        return Screen(toast=words.ALREADY_TOLD, alert=True)
    return _list(turn, words.REMOVED)


@area.button("sick")
def preview_sick(turn: Turn, day: date) -> Screen:
    try:
        met = _met(turn, day, day)
    except BadInput:
        return Screen(toast=words.NOT_THAT_DAY)
    rows = ((Button(words.CONFIRM_SICK, link("timeoff.ill", day)),), (Button(texts.BACK, link("timeoff.list")),))
    at_once = leave.telling(met, turn.clinic, turn.now) == turn.now
    return Screen(words.sick_preview(day, met, at_once=at_once), rows)


@area.button("ill")
def confirm_sick(turn: Turn, day: date) -> Screen:
    doctor_id, user = turn.doctor(), turn.logged_in()
    facts = {"user_id": user.user_id, "channel": turn.channel, "clinic": turn.clinic}
    try:
        absence, met = turn.do(leave.report_sick, doctor_id=doctor_id, day=day, **facts)
    except BadInput:
        return Screen(toast=words.NOT_THAT_DAY)
    rows = (*_undo(turn, absence), (Button(words.BOARD, link("timeoff.board", absence.time_off_id)),))
    return Screen(words.sick(absence, met, turn.clinic, turn.now), rows)


def _undo(turn: Turn, absence: Absence | Board) -> tuple[tuple[Button, ...], ...]:
    """While nobody has been told."""
    if absence.tell_at is None or absence.tell_at <= turn.now:
        return ()
    return ((Button(words.UNDO, link("timeoff.drop", absence.time_off_id)),),)


@area.command("absences")
@area.button("absences")
def list_sick_days(turn: Turn) -> Screen:
    """For the hospital's desk."""
    turn.take_desk()
    days = turn.do(board.sick_days, clinic=turn.clinic)
    rows = tuple(
        (Button(words.sick_day(name, starts), link("timeoff.board", time_off_id)),)
        for time_off_id, name, starts in days[: words.MOST]
    )
    return Screen(words.SICK_DAYS if days else words.NOBODY_SICK, (*rows, menu.BACK))


@area.button("board")
def show_board(turn: Turn, time_off_id: int) -> Screen:
    """Who has moved, who waits, whom to call: for the doctor, and for the hospital's desk."""
    user = turn.logged_in()
    doctor_id = None if user.is_admin else turn.doctor()
    now = turn.do(board.read, time_off_id=time_off_id, doctor_id=doctor_id)
    seen.listing(turn, "board", f"time_off:{time_off_id}")
    undo = _undo(turn, now) if doctor_id else ()
    back = link("timeoff.absences") if user.is_admin else link("timeoff.list")
    leave_or_stay = (Button(texts.BACK, back), Button(words.REFRESH, link("timeoff.board", time_off_id)))
    return Screen(words.board(now), (*undo, leave_or_stay))
