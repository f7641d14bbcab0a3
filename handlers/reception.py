"""The hospital's desk does for a patient on the telephone what the patient could do here.

/find ─► what is known of them, typed ─► who it may be ─► one patient
    one patient ─┬─► specialization ─► doctor ─► day ─► time ─► booked
                 └─► a visit ─┬─► day ─► time ─► moved
                              └─► cancelled

Each is asked once before it is done. The desk keeps to no notice and no cut-off; the patient is told by the bot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from handlers import menu, pickers, texts
from handlers.area import Area, link
from handlers.pickers import Walk
from handlers.screen import Button, Screen
from handlers.texts import reception as words
from handlers.turn import Turn
from hospital_bot.errors import BookingError, NotFound, TooLate, TooManyVisits
from hospital_bot.services import availability, booking, own_visits, reception
from hospital_bot.services.reception import Found
from hospital_bot.values import Visit, Who

finding = Area("find")
booking_for = Area("for")
moving_for = Area("movefor")

OTHERS = (Button(words.ANOTHER_PATIENT, link("find.start")), *menu.BACK)


@finding.command("find")
@finding.button("start")
def start(turn: Turn) -> Screen:
    return _ask(turn)


def _ask(turn: Turn, notice: str = "") -> Screen:
    turn.take_desk()
    turn.expect("find.who")
    return Screen(texts.noticed(notice, words.WHO_IS_IT), (menu.BACK,))


@finding.answer("find.who")
def find(turn: Turn, text: str) -> Screen:
    """What is typed next looks again: the first try is often misspelt."""
    user = turn.take_desk()
    facts = {"user_id": user.user_id, "channel": turn.channel}
    found = turn.do(reception.search, typed=text, region=turn.clinic.region, **facts)
    if not found:
        return _ask(turn, words.NOBODY if found is not None else words.TOO_MANY)
    if len(found) == 1:
        return _page(turn, found[0].patient_id)
    rows = [(Button(words.found(each), link("find.open", each.patient_id)),) for each in found]
    return Screen(words.WHO_OF_THEM, (*rows, OTHERS))


@finding.button("open")
def open_patient(turn: Turn, patient_id: int) -> Screen:
    return _page(turn, patient_id)


@finding.button("after")
def open_below(turn: Turn, patient_id: int) -> Screen:
    """Below what was done, which stays."""
    return replace(_page(turn, patient_id), new=True)


def _page(turn: Turn, patient_id: int, notice: str = "") -> Screen:
    found = _patient(turn, patient_id)
    visits = turn.do(own_visits.upcoming, patient_id=patient_id, clinic=turn.clinic)
    rows = [(Button(words.visit_button(each), link("find.visit", each.appointment_id)),) for each in visits]
    text = words.page(found, len(visits), turn.clinic.today(turn.now))
    return Screen(texts.noticed(notice, text), (*rows, (Button(texts.BOOK, link("for.start", patient_id)),), OTHERS))


def _patient(turn: Turn, patient_id: int) -> Found:
    user_id = turn.take_desk().user_id
    return turn.do(reception.read, patient_id=patient_id, user_id=user_id, channel=turn.channel)


def _ahead(turn: Turn, appointment_id: int, show: Callable[[Found, Visit], Screen]) -> Screen:
    """What is shown of a visit that can be changed; of another, that it can't, and the patient's page."""
    user_id = turn.take_desk().user_id
    facts = {"appointment_id": appointment_id, "user_id": user_id, "channel": turn.channel}
    found, visit = turn.do(reception.visit, **facts)
    if not own_visits.may_change(visit, turn.clinic, turn.now):
        return _page(turn, visit.patient_id, words.OVER)
    try:
        return show(found, visit)
    except (TooLate, NotFound):  # at this very moment
        return _page(turn, visit.patient_id, words.OVER)


@finding.button("visit")
def show_visit(turn: Turn, appointment_id: int) -> Screen:
    def show(found: Found, visit: Visit) -> Screen:
        rows = (
            (
                Button(words.MOVE, link("movefor.start", appointment_id)),
                Button(words.CANCEL_VISIT, link("find.cancel", appointment_id)),
            ),
            (Button(texts.BACK, link("find.open", visit.patient_id)),),
        )
        return Screen(words.visit(found, visit, turn.clinic), rows)

    return _ahead(turn, appointment_id, show)


@finding.button("cancel")
def ask_to_cancel(turn: Turn, appointment_id: int) -> Screen:
    rows = (
        (Button(words.YES_CANCEL, link("find.drop", appointment_id)),),
        (Button(words.KEEP, link("find.visit", appointment_id)),),
    )
    return _ahead(turn, appointment_id, lambda found, visit: Screen(words.really_cancel(found, visit), rows))


@finding.button("drop")
def cancel(turn: Turn, appointment_id: int) -> Screen:
    def show(found: Found, visit: Visit) -> Screen:
        facts = {"appointment_id": appointment_id, "why": reception.BY_TELEPHONE, "channel": turn.channel}
        return _done(turn, "Cancelled", found, _act(turn, booking.cancel, visit.patient_id, **facts))

    return _ahead(turn, appointment_id, show)


@booking_for.button("start")
def choose_specialization(turn: Turn, patient_id: int) -> Screen:
    return more_specializations(turn, patient_id, 0)


@booking_for.button("more")
def more_specializations(turn: Turn, patient_id: int, page: int) -> Screen:
    turn.take_desk()
    back = (Button(texts.BACK, link("find.open", patient_id)),)
    return pickers.specializations(turn, Walk("for", (patient_id,)), max(0, page), back=back)


pickers.steps(booking_for, allow=Turn.take_desk, back=lambda patient_id: link("for.start", patient_id))


@booking_for.button("time")
def check_booking(turn: Turn, patient_id: int, who: Who, start: datetime) -> Screen:
    found = _patient(turn, patient_id)
    choice = turn.do(availability.choice_at, who=who, start=start, clinic=turn.clinic)
    walk = Walk("for", (patient_id,))
    rows = ((Button(words.YES_BOOK, walk.to("yes", who, start)),), _back_to_times(walk, who, start))
    return Screen(words.really_book(found, choice, start), rows)


@booking_for.button("yes")
def book(turn: Turn, patient_id: int, who: Who, start: datetime) -> Screen:
    found = _patient(turn, patient_id)
    try:
        visit = _act(turn, booking.book, patient_id, who=who, start=start, request_id=turn.request_id)
    except TooManyVisits as refusal:
        return _page(turn, patient_id, texts.refused(refusal))
    except BookingError as refusal:
        return pickers.times(turn, Walk("for", (patient_id,)), who, start.date(), notice=texts.refused(refusal))
    return _done(turn, "Booked", found, visit)


@moving_for.button("start")
def choose_new_day(turn: Turn, appointment_id: int) -> Screen:
    walk, back = Walk("movefor", (appointment_id,)), link("find.visit", appointment_id)
    return _ahead(turn, appointment_id, lambda _, visit: pickers.days_again(turn, walk, visit, back))


pickers.steps(moving_for, allow=Turn.take_desk, back=lambda appointment_id: link("find.visit", appointment_id))


@moving_for.button("time")
def check_move(turn: Turn, appointment_id: int, who: Who, start: datetime) -> Screen:
    walk = Walk("movefor", (appointment_id,))

    def show(found: Found, visit: Visit) -> Screen:
        choice = turn.do(availability.choice_at, who=who, start=start, clinic=turn.clinic)
        yes = Button(words.YES_MOVE, walk.to("ask" if choice.approval else "yes", who, start))
        return Screen(words.really_move(found, visit, choice, start), ((yes,), _back_to_times(walk, who, start)))

    return _ahead(turn, appointment_id, show)


@moving_for.button("yes")
def move(turn: Turn, appointment_id: int, who: Who, start: datetime) -> Screen:
    """Not to a doctor who would have to confirm it first: the question did not say so."""
    return _move(turn, appointment_id, who, start, sure=True)


@moving_for.button("ask")
def ask_for_time(turn: Turn, appointment_id: int, who: Who, start: datetime) -> Screen:
    return _move(turn, appointment_id, who, start, sure=False)


def _move(turn: Turn, appointment_id: int, who: Who, start: datetime, *, sure: bool) -> Screen:
    facts = {"appointment_id": appointment_id, "who": who, "start": start, "request_id": turn.request_id, "sure": sure}

    def show(found: Found, visit: Visit) -> Screen:
        try:
            return _done(turn, "Moved", found, _act(turn, booking.move, visit.patient_id, **facts))
        except TooLate:
            raise
        except TooManyVisits as refusal:
            return _page(turn, visit.patient_id, texts.refused(refusal))
        except BookingError as refusal:
            walk = Walk("movefor", (appointment_id,))
            return pickers.times(turn, walk, who, start.date(), notice=texts.refused(refusal))

    return _ahead(turn, appointment_id, show)


def _act(turn: Turn, deed: Callable[..., Visit], patient_id: int, **facts: Any) -> Visit:
    """Done in the patient's stead, by whoever sits at the desk."""
    who = {"patient_id": patient_id, "user_id": turn.take_desk().user_id, "in_stead": True}
    return turn.do(deed, **who, clinic=turn.clinic, **facts)


def _done(turn: Turn, what: str, found: Found, visit: Visit) -> Screen:
    """What was done is found again in the chat: what follows goes below it."""
    text = words.done(what, found, replace(visit, reason=None), turn.clinic)
    return Screen(text, ((Button(found.name, link("find.after", found.patient_id)),),), new=True, retire=True)


def _back_to_times(walk: Walk, who: Who, start: datetime) -> tuple[Button, ...]:
    return (Button(texts.BACK, walk.to("times", who, start.date())), Button(texts.CANCEL, link("menu.cancel")))
