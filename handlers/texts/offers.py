"""The words of what the hospital changes: other times to choose from, a visit that begins later, a request.

A lock screen is public: these messages name the hospital, the day and the time, and nothing else.
"""

from __future__ import annotations

from datetime import datetime

from handlers.texts import clock, day, esc, long_day
from hospital_bot.clinic import Clinic
from hospital_bot.services.delays import Late
from hospital_bot.services.offers import Alternative, Offer

OTHER_TIMES = "Other times"
KEPT_NO_LONGER = "These times are not kept any more. Please choose from what is free now:"
BUSY_THEN = "You have another visit at that time. Please choose another one."

BECAUSE = {
    "sick": "We are sorry: your visit on {when} can't take place.",
    "away": "We are sorry: your visit on {when} can't take place.",
    "declined": "We are sorry: the time you asked for, {when}, is not possible.",
    "expired": "We are sorry: nobody could confirm the time you asked for, {when}.",
}


def offer(told: Offer, clinic: Clinic) -> str:
    because = BECAUSE[told.why].format(when=_moment(told.old_start))
    if not told.alternatives:
        return f"<b>{esc(clinic.name)}</b>\n{because}\nPlease choose another time{_or_call(clinic)}."
    until = clock(clinic.wall(told.until))
    return f"<b>{esc(clinic.name)}</b>\n{because}\n\nThese times are kept for you until {until}. Which one?"


def alternative(each: Alternative) -> str:
    return f"{day(each.start)} {clock(each.start)} · {'same doctor' if each.same_doctor else 'another doctor'}"


def late(told: Late, clinic: Clinic) -> str:
    start = told.visit.start
    if told.expected == start:
        return f"<b>{esc(clinic.name)}</b>\nYour visit today begins on time after all: <b>{clock(start)}</b>."
    return (
        f"<b>{esc(clinic.name)}</b>\nYour visit today begins later than planned: "
        f"about <b>{clock(told.expected)}</b> instead of {clock(start)}. We are sorry for the wait."
    )


def _or_call(clinic: Clinic) -> str:
    return f", or call us: {esc(clinic.phone)}" if clinic.phone else ""


def _moment(start: datetime) -> str:
    return f"<b>{long_day(start)}, {clock(start)}</b>"
