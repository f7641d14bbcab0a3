"""Running late: a doctor's remaining patients of the day are told when to come.

/late ─► how much ─► told, once
"""

from __future__ import annotations

from handlers import texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import hours as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput
from hospital_bot.services import delays

area = Area("late")


@area.command("late")
@area.button("ask")
def ask(turn: Turn) -> Screen:
    turn.doctor()
    later = [Button(words.later(each), link("late.tell", each)) for each in delays.DELAYS if each]
    rows = (
        tuple(later[:3]),
        tuple(later[3:]),
        (Button(words.ON_TIME, link("late.tell", 0)),),
        (Button(texts.BACK, link("doctor.today")),),
    )
    return Screen(words.HOW_LATE, rows)


@area.button("tell")
def tell(turn: Turn, minutes: int) -> Screen:
    facts = {"user_id": turn.logged_in().user_id, "channel": turn.channel, "clinic": turn.clinic}
    try:
        later = turn.do(delays.announce, doctor_id=turn.doctor(), minutes=minutes, **facts)
    except BadInput:
        return ask(turn)
    rows = ((Button(words.CHANGE_DELAY, link("late.ask")), Button(texts.TODAY, link("doctor.today"))),)
    return Screen(words.told_late(later, minutes), rows)
