"""A patient's visits.

/appointments ─► upcoming ─► one visit ─┬─► move: day ─► time ─► summary ─► moved
                    │                   ├─► cancel, asked once ─► cancelled
                  past                  └─► calendar file
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handlers import booking as booked
from handlers import menu, paging, pickers, texts
from handlers.area import Area, link
from handlers.pickers import Walk
from handlers.screen import Button, Screen
from handlers.texts import booking as words
from handlers.turn import Turn
from hospital_bot.errors import BookingError, TooLate, TooManyVisits
from hospital_bot.services import availability, booking, own_visits
from hospital_bot.values import Visit, Who

area = Area("visits")
moving = Area("move")


@area.command("appointments")
@area.button("list")
def list_visits(turn: Turn) -> Screen:
    _, patient_id = turn.patient()
    visits = turn.do(own_visits.upcoming, patient_id=patient_id, clinic=turn.clinic)
    rows = [(Button(words.visit_button(visit), link("visits.show", visit.appointment_id)),) for visit in visits]
    last = (Button(words.PAST, link("visits.past", 0)), Button(texts.BOOK, link("book.start")))
    return Screen(words.visits(len(visits)) if visits else words.NO_VISITS, (*rows, last, menu.BACK))


@area.button("past")
def list_past(turn: Turn, page: int) -> Screen:
    _, patient_id = turn.patient()
    page = max(0, page)
    visits, more = turn.do(own_visits.past, patient_id=patient_id, page=page, clinic=turn.clinic)
    rows = [(Button(words.visit_button(visit), link("visits.show", visit.appointment_id)),) for visit in visits]
    turning = paging.turning(page, lambda other: link("visits.past", other), texts.NEWER, texts.OLDER, more=more)
    back = (Button(texts.BACK, link("visits.list")),)
    return Screen(f"<b>{words.PAST}</b>" if visits else words.NO_PAST, (*rows, *turning, back))


@area.button("show")
def show_visit(turn: Turn, appointment_id: int) -> Screen:
    visit = _own(turn, appointment_id)
    ahead = visit.live and turn.clinic.instant(visit.start) > turn.now
    rows = [_change_row(visit)] if own_visits.may_change(visit, turn.clinic, turn.now) else []
    text = words.visit_page(visit, turn.clinic, ahead=ahead)
    if ahead:
        rows.append((Button(words.CALENDAR_FILE, link("visits.file", appointment_id)),))
        text += "" if rows[:-1] else f"\n\n{words.too_late(turn.clinic)}"
    return Screen(text, (*rows, (Button(texts.BACK, link("visits.list")),)))


def _change_row(visit: Visit) -> tuple[Button, ...]:
    return (
        Button(words.MOVE, link("move.start", visit.appointment_id)),
        Button(words.CANCEL_VISIT, link("visits.cancel", visit.appointment_id)),
    )


@area.button("open")
def ask_below_receipt(turn: Turn, appointment_id: int) -> Screen:
    return replace(ask_to_cancel(turn, appointment_id), new=True)


@area.button("file")
def send_file(turn: Turn, appointment_id: int) -> Screen:
    visit = _own(turn, appointment_id)
    return Screen(file=booked.calendar_file(turn, visit), new=True)


@area.button("cancel")
def ask_to_cancel(turn: Turn, appointment_id: int) -> Screen:
    """The one question before a visit is given back; its answer is the reason that is kept."""
    visit = _own(turn, appointment_id)
    if not own_visits.may_change(visit, turn.clinic, turn.now):
        return show_visit(turn, appointment_id)
    rows = [(Button(why, link("visits.drop", appointment_id, number)),) for number, why in enumerate(words.BECAUSE)]
    return Screen(words.really_cancel(visit), (*rows, (Button(words.KEEP, link("visits.show", appointment_id)),)))


@area.button("drop")
def cancel_visit(turn: Turn, appointment_id: int, why: int) -> Screen:
    user, patient_id = turn.patient()
    because = words.BECAUSE[why] if why in range(len(words.BECAUSE)) else None
    try:
        visit = turn.do(
            booking.cancel,
            appointment_id=appointment_id,
            patient_id=patient_id,
            user_id=user.user_id,
            why=because,
            channel=turn.channel,
            clinic=turn.clinic,
        )
    except TooLate:
        return show_visit(turn, appointment_id)
    rows = ((Button(texts.BOOK, link("book.start")), Button(texts.MY_VISITS, link("visits.list"))),)
    return Screen(words.cancelled(visit), rows)


@moving.button("open")
def choose_below_receipt(turn: Turn, appointment_id: int) -> Screen:
    return replace(choose_new_day(turn, appointment_id), new=True)


@moving.button("start")
def choose_new_day(turn: Turn, appointment_id: int) -> Screen:
    """Another day with the same doctor; another doctor is one step back."""
    visit = _own(turn, appointment_id)
    if not own_visits.may_change(visit, turn.clinic, turn.now):
        return show_visit(turn, appointment_id)
    walk, back = Walk("move", (appointment_id,)), link("visits.show", appointment_id)
    return pickers.days_again(turn, walk, visit, back)


pickers.steps(moving, back=lambda appointment_id: link("visits.show", appointment_id))


@moving.button("time")
def check_summary(turn: Turn, appointment_id: int, who: Who, start: datetime) -> Screen:
    visit = _own(turn, appointment_id)
    choice = turn.do(availability.choice_at, who=who, start=start, clinic=turn.clinic)
    walk = Walk("move", (appointment_id,))
    rows = (
        (Button(words.CONFIRM_MOVE, walk.to("ask" if choice.approval else "yes", who, start)),),
        (
            Button(texts.BACK, walk.to("times", who, start.date())),
            Button(words.KEEP, link("visits.show", appointment_id)),
        ),
    )
    return Screen(words.move_summary(choice, visit, start), rows)


@moving.button("yes")
def move_visit(turn: Turn, appointment_id: int, who: Who, start: datetime) -> Screen:
    """The old time is kept until the new one is sure, as the summary said."""
    return _move(turn, appointment_id, who, start, sure=True)


@moving.button("ask")
def ask_for_time(turn: Turn, appointment_id: int, who: Who, start: datetime) -> Screen:
    """The old time is given up for a request, as the summary said."""
    return _move(turn, appointment_id, who, start, sure=False)


def _move(turn: Turn, appointment_id: int, who: Who, start: datetime, *, sure: bool) -> Screen:
    user, patient_id = turn.patient()
    try:
        visit = turn.do(
            booking.move,
            appointment_id=appointment_id,
            patient_id=patient_id,
            user_id=user.user_id,
            who=who,
            start=start,
            request_id=turn.request_id,
            sure=sure,
            clinic=turn.clinic,
        )
    except (TooLate, TooManyVisits) as refusal:
        return Screen(texts.refused(refusal), ((Button(texts.MY_VISITS, link("visits.list")),),))
    except BookingError as refusal:
        walk = Walk("move", (appointment_id,))
        return pickers.times(turn, walk, who, start.date(), notice=texts.refused(refusal))
    return booked.receipt(turn, visit, words.moved(visit, turn.clinic))


def _own(turn: Turn, appointment_id: int) -> Visit:
    _, patient_id = turn.patient()
    return turn.do(own_visits.one, appointment_id=appointment_id, patient_id=patient_id)
