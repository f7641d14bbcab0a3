"""Booking a visit.

    /book ─► specialization ─► doctor ─► day ─► time ─► (log in) ─► reason ─► summary ─► booked
                                ▲        ▲ │     ▲                                │
                 ?start=d_12 ───┴────────┘ └month┘◄──── taken meanwhile ──────────┘

Everything up to the time needs no login: what is free is no secret. Each button carries the whole choice,
so an old one still means what it says; only the typed reason waits in the chat's draft.
"""

from __future__ import annotations

from datetime import date, datetime

from handlers import menu, pickers, texts
from handlers.area import Area, link, press
from handlers.pickers import Walk
from handlers.screen import Button, File, Screen
from handlers.texts import account as account_words
from handlers.texts import booking as words
from handlers.turn import Turn
from hospital_bot import calendars, people
from hospital_bot.errors import BadInput, BookingError, NotFound, TooManyVisits
from hospital_bot.services import availability, booking, own_visits
from hospital_bot.values import Visit, Who

area = Area("book")
walk = Walk("book")


@area.command("book")
@area.button("start")
def choose_specialization(turn: Turn) -> Screen:
    return _only_patients(turn) or _specializations(turn, page=0)


def _only_patients(turn: Turn) -> Screen | None:
    """Staff hear at once that they can't book here, and what they can do; strangers may look."""
    if turn.user is None or turn.user.is_patient:
        return None
    return menu.home(turn, notice=words.DESK_FINDS if turn.user.is_admin else words.STAFF_DO_NOT_BOOK)


@area.button("more")
def more_specializations(turn: Turn, page: int) -> Screen:
    return _specializations(turn, page=max(0, page))


def _specializations(turn: Turn, page: int) -> Screen:
    return pickers.specializations(turn, walk, page, back=(Button(texts.CANCEL, link("menu.cancel")),))


@area.button("doctors")
def choose_doctor(turn: Turn, who: Who, page: int) -> Screen:
    return pickers.doctors(turn, walk, who, max(0, page), back=walk.to("start"))


@area.button("days")
def choose_day(turn: Turn, who: Who, first: date) -> Screen:
    return pickers.days(turn, walk, who, first)


@area.button("before")
def earlier_days(turn: Turn, who: Who, before: date) -> Screen:
    return pickers.days_before(turn, walk, who, before)


@area.button("month")
def show_month(turn: Turn, who: Who, first: date) -> Screen:
    return pickers.month(turn, walk, who, first)


pickers.inert(area)


@area.button("times")
def choose_time(turn: Turn, who: Who, day: date) -> Screen:
    return pickers.times(turn, walk, who, day)


@area.button("after")
def later_times(turn: Turn, who: Who, first: datetime) -> Screen:
    return pickers.times_from(turn, walk, who, first)


def open_doctor(turn: Turn, rest: str) -> Screen:
    """The deep link `?start=d_12`, from a web page or a poster: straight to that doctor's days."""
    if not rest.isdecimal() or len(rest) > 9:
        return menu.home(turn)
    if screen := _only_patients(turn):
        return screen
    try:
        return pickers.days(turn, walk, Who(int(rest)), turn.clinic.today(turn.now))
    except NotFound:
        return _specializations(turn, page=0)


menu.deep_links["d"] = open_doctor


@area.button("time")
def ask_reason(turn: Turn, who: Who, start: datetime) -> Screen:
    """The time is chosen. Somebody who isn't logged in does that now, and comes back here. A reason that was typed for
    another time is offered again."""
    choice = turn.do(availability.choice, who=who, clinic=turn.clinic)
    if turn.user is None:
        return _log_in_first(turn, who, start)
    turn.patient()
    former = turn.data.get("book", {})
    kept = former.get("reason") or former.get("kept")
    turn.data["book"] = {"next": walk.to("check", who, start)} | ({"kept": kept} if kept else {})
    turn.expect("book.reason")
    rows = (
        *([(Button(account_words.keep(kept), walk.to("keep", who, start)),)] if kept else []),
        (Button(words.SKIP, walk.to("check", who, start)),),
        (Button(texts.BACK, walk.to("times", who, start.date())), Button(texts.CANCEL, link("menu.cancel"))),
    )
    return Screen(words.reason(choice, start), rows)


def _log_in_first(turn: Turn, who: Who, start: datetime) -> Screen:
    menu.want(turn, walk.to("time", who, start))
    rows = (
        (Button(texts.LOG_IN, link("login.start")), Button(texts.REGISTER, link("register.start"))),
        (Button(texts.BACK, walk.to("times", who, start.date())), Button(texts.CANCEL, link("menu.cancel"))),
    )
    return Screen(words.LOG_IN_TO_BOOK, rows)


@area.answer("book.reason")
def take_reason(turn: Turn, text: str) -> Screen:
    draft = turn.draft("book")
    if "next" not in draft:
        return choose_specialization(turn)
    try:
        draft["reason"] = people.line("reason", text, limit=people.MAX_REASON)
    except BadInput as bad:
        again = words.REASON if bad.problem == "empty" else words.REASON_TOO_LONG
        return Screen(again, ((Button(words.SKIP, draft["next"]), Button(texts.CANCEL, link("menu.cancel"))),))
    return press(turn, draft["next"])


@area.button("keep")
def keep_reason(turn: Turn, who: Who, start: datetime) -> Screen:
    """What was typed for another time, for this one too."""
    draft = turn.draft("book")
    if draft.get("next") == walk.to("check", who, start) and "kept" in draft:
        draft["reason"] = draft["kept"]
    return check_summary(turn, who, start)


@area.button("check")
def check_summary(turn: Turn, who: Who, start: datetime) -> Screen:
    turn.patient()
    choice = turn.do(availability.choice, who=who, clinic=turn.clinic)
    rows = (
        (Button(words.CONFIRM, walk.to("yes", who, start)),),
        (Button(texts.BACK, walk.to("time", who, start)), Button(texts.CANCEL, link("menu.cancel"))),
    )
    return Screen(words.summary(choice, start, _reason(turn, who, start)), rows)


@area.button("yes")
def confirm(turn: Turn, who: Who, start: datetime) -> Screen:
    """The patient said yes: book it, or explain and offer what is left."""
    _, patient_id = turn.patient()
    try:
        visit = turn.do(
            booking.book,
            patient_id=patient_id,
            who=who,
            start=start,
            reason=_reason(turn, who, start),
            request_id=turn.request_id,
            clinic=turn.clinic,
        )
    except (TooManyVisits, NotFound) as refusal:
        return Screen(texts.refused(refusal), ((Button(texts.MY_VISITS, link("visits.list")),),))
    except BookingError as refusal:
        return pickers.times(turn, walk, who, start.date(), notice=texts.refused(refusal))
    turn.drop("book")
    return receipt(turn, visit, words.booked(visit, turn.clinic))


def _reason(turn: Turn, who: Who, start: datetime) -> str | None:
    """The reason typed or kept for this very choice; another choice has not got one."""
    draft = turn.data.get("book", {})
    return draft.get("reason") if draft.get("next") == walk.to("check", who, start) else None


def receipt(turn: Turn, visit: Visit, text: str) -> Screen:
    """What the patient will want to find again: a message of its own, with the calendar file. Who may never change the
    visit, because it is so soon, is told so, and shown no buttons that would say no."""
    may_change = own_visits.may_change(visit, turn.clinic, turn.now)
    said = text if may_change else f"{text}\n\n{words.too_late(turn.clinic)}"
    rows = (change_row(visit),) if may_change else ()
    return Screen(said, rows, file=calendar_file(turn, visit), new=True, retire=True)


def calendar_file(turn: Turn, visit: Visit) -> File:
    content = calendars.ics(visit, turn.clinic, now=turn.now)
    return File("document", f"visit-{visit.appointment_id}.ics", content, words.calendar_caption(visit))


def change_row(visit: Visit) -> tuple[Button, ...]:
    """Under a receipt, which stays: both begin a message of their own."""
    return (
        Button(words.MOVE, link("move.open", visit.appointment_id)),
        Button(words.CANCEL_VISIT, link("visits.open", visit.appointment_id)),
    )
