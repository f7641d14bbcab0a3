"""The hospital's desk: whom to call today, or on another day.

/calls ─► the day's list, page by page ─► the day before, the day after
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from handlers import menu, seen, texts
from handlers.area import Area, link
from handlers.paging import turning
from handlers.screen import Button, Screen
from handlers.texts import notices as words
from handlers.texts.doctor import FIRST_DAY, LAST_DAY
from handlers.turn import Turn
from hospital_bot.errors import NotFound
from hospital_bot.services import calls

area = Area("desk")

PER_PAGE = 25
"""Patients to call; a line for each."""


@area.command("calls")
@area.button("today")
def todays_calls(turn: Turn) -> Screen:
    return show_calls(turn, turn.clinic.today(turn.now))


@area.button("open")
def open_calls(turn: Turn, day: date) -> Screen:
    """Below the morning's message, which stays."""
    return replace(show_calls(turn, day), new=True)


@area.button("calls")
def show_calls(turn: Turn, day: date) -> Screen:
    return turn_calls(turn, day, 0)


@area.button("page")
def turn_calls(turn: Turn, day: date, page: int) -> Screen:
    turn.take_desk()
    if not FIRST_DAY <= day <= LAST_DAY:
        raise NotFound
    seen.listing(turn, "calls", f"day:{day:%Y%m%d}")
    found = turn.do(calls.call_list, day=day, clinic=turn.clinic)
    first, after = max(0, page) * PER_PAGE, (max(0, page) + 1) * PER_PAGE
    pages = turning(max(0, page), lambda other: link("desk.page", day, other), more=len(found) > after)
    around = (day - timedelta(days=1), day + timedelta(days=1))
    days = tuple(Button(texts.day(each), link("desk.calls", each)) for each in around)
    refresh = (Button(words.REFRESH, link("desk.page", day, max(0, page))),)
    return Screen(words.call_page(day, found[first:after], len(found)), (*pages, days, refresh, menu.BACK))
