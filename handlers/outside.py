"""Visits that fall outside a doctor's hours: each is given another time, kept or cancelled.

list ─► one visit ─┬─► offer other times ─┐
                   ├─► keep ──────────────┼─► the list, one shorter
                   └─► cancel, asked once ┘
"""

from __future__ import annotations

from collections.abc import Callable

from handlers import seen, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import hours as words
from handlers.turn import Turn
from hospital_bot.errors import TooLate
from hospital_bot.services import hours, outside
from hospital_bot.services.hours import Hours
from hospital_bot.values import Visit

area = Area("outside")


@area.button("list")
def list_outside(turn: Turn) -> Screen:
    return listing(turn, turn.do(hours.read, doctor_id=turn.doctor(), clinic=turn.clinic))


def listing(turn: Turn, now: Hours, notice: str = "") -> Screen:
    """Every visit that waits for a decision, after what has just been done; the look is written down."""
    seen.listing(turn, "outside", f"doctor:{now.doctor.doctor_id}")
    rows = [
        (Button(words.visit_button(entry), link("outside.open", entry.appointment_id)),)
        for entry in now.outside[: words.MOST]
    ]
    text = words.outside(len(now.outside)) if now.outside else words.NOTHING_OUTSIDE
    return Screen(texts.noticed(notice, text), (*rows, (Button(texts.HOURS, link("hours.show")),)))


@area.button("open")
def decide(turn: Turn, appointment_id: int) -> Screen:
    """What can be done about a visit. Whom the bot can't write to must be called."""
    entry = seen.visit(turn, appointment_id)
    if not entry.live or turn.clinic.instant(entry.start) <= turn.now:
        return list_outside(turn)
    offer = ((Button(words.OFFER, link("outside.offer", appointment_id)),),) if entry.reachable else ()
    rows = (
        *offer,
        (Button(words.KEEP, link("outside.keep", appointment_id)),),
        (Button(words.CANCEL_VISIT, link("outside.cancel", appointment_id)),),
        (Button(texts.BACK, link("outside.list")),),
    )
    return Screen(words.decide(entry), rows)


@area.button("cancel")
def ask_to_cancel(turn: Turn, appointment_id: int) -> Screen:
    entry = seen.visit(turn, appointment_id)
    rows = (
        (Button(words.YES_CANCEL, link("outside.drop", appointment_id)),),
        (Button(texts.BACK, link("outside.open", appointment_id)),),
    )
    return Screen(words.really_cancel(entry), rows)


@area.button("offer")
def offer_other_times(turn: Turn, appointment_id: int) -> Screen:
    return _done(turn, appointment_id, outside.offer, words.OFFERED)


@area.button("keep")
def keep(turn: Turn, appointment_id: int) -> Screen:
    return _done(turn, appointment_id, outside.keep, words.KEPT)


@area.button("drop")
def cancel(turn: Turn, appointment_id: int) -> Screen:
    return _done(turn, appointment_id, outside.cancel, words.CANCELLED)


def _done(turn: Turn, appointment_id: int, decision: Callable[..., Visit], notice: str) -> Screen:
    doctor_id = turn.doctor()
    try:
        turn.do(
            decision,
            appointment_id=appointment_id,
            doctor_id=doctor_id,
            user_id=turn.logged_in().user_id,
            channel=turn.channel,
            clinic=turn.clinic,
        )
    except TooLate:
        notice = words.OVER
    return listing(turn, turn.do(hours.read, doctor_id=doctor_id, clinic=turn.clinic), notice)
