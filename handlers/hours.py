"""A doctor's working hours.

/schedule ─┬─► a weekday ─► its times, typed, or off ─┐
           ├─► slot length ───────────────────────────┼─► preview ─► changed ─► visits that fall outside
           ├─► a single day ─► its times, or off ─────┘
           ├─► approval on, off
           └─► visits that fall outside
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date

from handlers import dates, menu, outside, seen, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import hours as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput
from hospital_bot.schedules import WEEKDAYS
from hospital_bot.services import hours
from hospital_bot.services.hours import Change

area = Area("hours")

LENGTHS = (10, 15, 20, 30, 45, 60)


@area.command("schedule")
@area.button("show")
def show(turn: Turn) -> Screen:
    turn.drop("hours")
    now = turn.do(hours.read, doctor_id=turn.doctor(), clinic=turn.clinic)
    approval = Button(words.approval(on=now.doctor.approval), link("hours.approval", int(not now.doctor.approval)))
    outstanding = ((Button(words.outside_button(len(now.outside)), link("outside.list")),),) if now.outside else ()
    rows = (
        *outstanding,
        (Button(words.WEEK, link("hours.week")), Button(words.LENGTH, link("hours.length"))),
        (
            Button(words.ONE_DAY, link("hours.month", _today(turn).replace(day=1))),
            Button(words.LEAVE, link("timeoff.list")),
        ),
        (approval,),
        menu.BACK,
    )
    return Screen(words.hours(now.doctor, _today(turn)), rows)


def _today(turn: Turn) -> date:
    return turn.clinic.today(turn.now)


@area.button("approval")
def set_approval(turn: Turn, on: int) -> Screen:
    turn.do(
        hours.approve,
        doctor_id=turn.doctor(),
        user_id=turn.logged_in().user_id,
        on=bool(on),
        channel=turn.channel,
    )
    return show(turn)


@area.button("week")
def choose_weekday(turn: Turn) -> Screen:
    turn.doctor()
    turn.expect("hours.line")
    buttons = [Button(words.WEEKDAY_NAMES[name], link("hours.weekday", name)) for name in WEEKDAYS]
    return Screen(words.WHICH_WEEKDAY, (tuple(buttons[:4]), tuple(buttons[4:]), _back()))


def _back() -> tuple[Button, ...]:
    return (Button(texts.BACK, link("hours.show")),)


@area.answer("hours.line")
def take_line(turn: Turn, text: str) -> Screen:
    """A line for several days at once: `mon-fri 09:00-13:00; sat off`."""
    return _preview(turn, Change("week", text))


@area.button("weekday")
def ask_weekday_times(turn: Turn, name: str) -> Screen:
    if name not in WEEKDAYS:
        return choose_weekday(turn)
    return _ask_times(turn, {"weekday": name}, words.WEEKDAY_NAMES[name])


@area.button("month")
def choose_day(turn: Turn, first: date) -> Screen:
    turn.doctor()
    rows = dates.month(
        first,
        earliest=_today(turn),
        last=_today(turn) + dates.AHEAD,
        pick=lambda day: link("hours.day", day),
        turn_to=lambda month: link("hours.month", month),
        none="hours.none",
    )
    return Screen(words.WHICH_DAY, (*rows, _back()))


@area.button("none")
def not_that_day(_turn: Turn) -> Screen:
    return Screen(toast=words.NOT_THAT_DAY)


@area.button("day")
def ask_day_times(turn: Turn, day: date) -> Screen:
    if not _today(turn) <= day <= _today(turn) + dates.AHEAD:
        return Screen(toast=words.NOT_THAT_DAY)
    return _ask_times(turn, {"day": day.isoformat()}, texts.long_day(day))


def _ask_times(turn: Turn, draft: dict[str, str], what: str, notice: str = "") -> Screen:
    turn.doctor()
    turn.data["hours"] = draft
    turn.expect("hours.times")
    rows = ((Button(words.OFF, link("hours.off")),), _back())
    return Screen(texts.noticed(notice, words.which_times(what)), rows)


@area.answer("hours.times")
def take_times(turn: Turn, text: str) -> Screen:
    draft = turn.draft("hours")
    if "weekday" in draft:
        return _preview(turn, Change("week", f"{draft['weekday']} {text}"))
    if "day" in draft:
        return _preview(turn, Change("date", text, date.fromisoformat(draft["day"])))
    return show(turn)


@area.button("off")
def day_off(turn: Turn) -> Screen:
    return take_times(turn, "off")


@area.button("length")
def choose_length(turn: Turn) -> Screen:
    turn.doctor()
    buttons = tuple(Button(words.minutes(each), link("hours.slot", each)) for each in LENGTHS)
    return Screen(words.WHICH_LENGTH, (buttons[:3], buttons[3:], _back()))


@area.button("slot")
def take_length(turn: Turn, minutes: int) -> Screen:
    return _preview(turn, Change("minutes", str(minutes)))


def _preview(turn: Turn, change: Change) -> Screen:
    """What it would mean; nothing is changed yet."""
    doctor_id = turn.doctor()
    try:
        new = turn.do(hours.preview, doctor_id=doctor_id, change=change, clinic=turn.clinic)
    except BadInput:
        return Screen(words.WRONG_TIMES, (_back(),))
    seen.listing(turn, "outside", f"doctor:{doctor_id}")
    turn.expect("")
    turn.data["hours"] = {"kind": change.kind, "text": change.text, "on": str(change.day or "")}
    rows = ((Button(words.CONFIRM, link("hours.yes", _digest(turn))),), _back())
    return Screen(words.preview(new, _today(turn)), rows)


def _digest(turn: Turn) -> str:
    """Names the change that waits, in a button's few bytes."""
    return f"{zlib.crc32(repr(_waiting(turn)).encode()):08x}"


def _waiting(turn: Turn) -> Change | None:
    """The change that was shown last, if it still waits for its answer."""
    draft = turn.data.get("hours", {})
    if "kind" not in draft:
        return None
    return Change(draft["kind"], draft["text"], date.fromisoformat(draft["on"]) if draft["on"] else None)


@area.button("yes")
def confirm(turn: Turn, digest: str) -> Screen:
    """Only what stands above the button: below another change the one that waits is shown, or the hours as they are."""
    doctor_id, change = turn.doctor(), _waiting(turn)
    if change is None:
        return replace(show(turn), toast=words.NOT_WAITING, alert=True)
    if digest != _digest(turn):
        return replace(_preview(turn, change), toast=words.ANOTHER_WAITS, alert=True)
    new = turn.do(
        hours.change,
        doctor_id=doctor_id,
        user_id=turn.logged_in().user_id,
        change=change,
        channel=turn.channel,
        clinic=turn.clinic,
    )
    turn.drop("hours")
    return outside.listing(turn, new, words.CHANGED)
