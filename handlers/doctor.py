"""A doctor's side of the chat.

/today ─► the day's visits ─► the day before, the day after
"""

from __future__ import annotations

from datetime import date, timedelta

from handlers import texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import doctor as words
from handlers.turn import Turn
from hospital_bot.services import agenda

area = Area("doctor")


@area.command("today")
@area.button("today")
def today(turn: Turn) -> Screen:
    return show_day(turn, turn.clinic.today(turn.now))


@area.button("day")
def show_day(turn: Turn, on: date) -> Screen:
    doctor_id = turn.doctor()
    entries = turn.do(agenda.day, doctor_id=doctor_id, on=on)
    before, after = on - timedelta(days=1), on + timedelta(days=1)
    turning = tuple(Button(texts.day(each), link("doctor.day", each)) for each in (before, after))
    return Screen(words.day(on, entries), (turning,))
