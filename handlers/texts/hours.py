"""The words of a doctor's working hours, leave, sick days and delays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from handlers import texts
from handlers.texts import clock, day, esc, long_day, plural
from handlers.texts.doctor import spell
from hospital_bot import schedules
from hospital_bot.clinic import Clinic
from hospital_bot.schedules import Schedule
from hospital_bot.services.agenda import Entry
from hospital_bot.services.board import Board, BoardLine
from hospital_bot.services.hours import Hours
from hospital_bot.services.leave import Absence
from hospital_bot.values import DoctorFacts

MOST = 40
"""Lines or buttons of one list."""

WEEK = "Week"
LENGTH = "Slot length"
ONE_DAY = "A single day"
LEAVE = "Leave"
OFF = "Off that day"
CONFIRM = "✅ Confirm"
WEEKDAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
WHICH_WEEKDAY = (
    "Which day of the week? Tap it, or write several at once:\n"
    "<code>mon-fri 09:00-13:00 14:00-17:00; sat off</code>\nDays you don't name stay as they are."
)
WHICH_DAY = "Which day differs from the week?"
WHICH_LENGTH = "How long is a visit? Visits that are booked keep their length."
NOT_THAT_DAY = "That day can't be chosen."
WRONG_TIMES = "I can't read these times. Please write them like <code>09:00-13:00 14:00-17:00</code>."
NOT_WAITING = "That change does not wait for you any more. These are your hours now."
ANOTHER_WAITS = "Not changed: you asked for another change after that one. Here it is."
CHANGED = "✅ <b>Your hours are changed.</b>"

OFFER = "Offer other times"
KEEP = "Keep it"
CANCEL_VISIT = "Cancel visit"
YES_CANCEL = "Yes, cancel it"
OFFERED = "✅ The patient is offered other times."
KEPT = "✅ The visit stays."
CANCELLED = "✅ Cancelled. The patient is told, or called if the bot can't reach them."
OVER = "That visit is over, or was cancelled meanwhile."
NOTHING_OUTSIDE = "No visit falls outside your hours."

ADD_LEAVE = "Add leave"
REMOVE_LEAVE = "Remove this leave"
SICK_TODAY = "🤒 Off sick today"
SICK_TOMORROW = "🤒 Off sick tomorrow"
YOUR_LEAVE = "<b>Your leave</b>"
NO_LEAVE = "<b>Your leave</b>\nNone ahead."
FIRST_DAY_OF_LEAVE = "The first day of your leave?"
REMOVED = "✅ Removed: you can be booked again."
ALREADY_TOLD = "Too late: your patients have been told. Please call the hospital."
CONFIRM_SICK = "✅ Yes, I'm off sick"
UNDO = "↩ Undo"
BOARD = "Who has moved?"
REFRESH = "🔄 Refresh"
SICK_DAYS = "<b>Doctors off sick</b>"
NOBODY_SICK = "No doctor is off sick."

HOW_LATE = "<b>Running late</b>\nHow much later than planned? Today's remaining patients are told when to come."
ON_TIME = "On time again"
CHANGE_DELAY = "Change it"


def hours(doctor: DoctorFacts, today: date) -> str:
    away = "\n".join(f"Leave: {_span(starts, ends)}" for starts, ends in doctor.leave[:MOST])
    parts = [f"<b>{texts.HOURS}</b>\n{week(doctor.schedule)}", f"{doctor.schedule.slot_minutes} minutes each"]
    return "\n\n".join(part for part in [*parts, exceptions(doctor.schedule, today), away] if part)


def week(schedule: Schedule) -> str:
    return esc(schedules.weekly_text(schedule).replace("; ", "\n")) or "No hours: nobody can book you."


def exceptions(schedule: Schedule, today: date) -> str:
    ahead = sorted((on, spans) for on, spans in schedule.dates.items() if on >= today)
    lines = (f"{day(on)}: {', '.join(spell(span) for span in spans) or 'off'}" for on, spans in ahead[:MOST])
    return "\n".join(lines)


def approval(*, on: bool) -> str:
    return f"Bookings wait for my answer: {'yes' if on else 'no'}"


def outside_button(count: int) -> str:
    return f"⚠ {plural(count, 'visit')} outside your hours"


def which_times(what: str) -> str:
    return f"<b>{what}</b>\nWrite the times, for example <code>09:00-13:00 14:00-17:00</code>."


def minutes(count: int) -> str:
    return f"{count} min"


def preview(new: Hours, today: date) -> str:
    hours = f"{week(new.doctor.schedule)}\n{new.doctor.schedule.slot_minutes} minutes each"
    parts = ["<b>Is this right?</b>", hours, exceptions(new.doctor.schedule, today), _falling_outside(new.outside)]
    return "\n\n".join(part for part in parts if part)


def _falling_outside(entries: Sequence[Entry]) -> str:
    if not entries:
        return "No booked visit falls outside."
    return (
        f"⚠ {plural(len(entries), 'booked visit')} would fall outside. None is dropped: you decide about each.\n"
        f"{_list(entries)}"
    )


def _list(entries: Sequence[Entry]) -> str:
    more = f"\n… and {len(entries) - MOST} more" if len(entries) > MOST else ""
    return (
        "\n".join(f"{day(each.start)} {clock(each.start)} {esc(each.patient_name)}" for each in entries[:MOST]) + more
    )


def outside(count: int) -> str:
    return f"⚠ <b>{plural(count, 'visit')} outside your hours</b>\nTap each: offer other times, keep it, or cancel it."


def visit_button(entry: Entry) -> str:
    return f"{day(entry.start)} {clock(entry.start)} · {entry.patient_name}"


def decide(entry: Entry) -> str:
    call = "" if entry.reachable else f"\n\nThe bot can't reach this patient. Please call: {esc(entry.phone) or '–'}"
    return f"<b>{clock(entry.start)} {esc(entry.patient_name)}</b>\n{long_day(entry.start)}{call}"


def really_cancel(entry: Entry) -> str:
    return f"Cancel the visit of {esc(entry.patient_name)} on {long_day(entry.start)}, {clock(entry.start)}?"


def absence(each: Absence) -> str:
    return f"{'🤒 ' if each.tell_at else ''}{_span(each.starts, each.ends)}"


def absence_page(each: Absence) -> str:
    return f"<b>Leave</b>\n{_span(each.starts, each.ends)}"


def _span(starts: datetime, ends: datetime) -> str:
    """Days, with the clock where leave does not begin or end at midnight."""
    last = ends - timedelta(minutes=1)
    since = day(starts) if starts.time() == datetime.min.time() else f"{day(starts)} {clock(starts)}"
    until = day(last) if ends.time() == datetime.min.time() else f"{day(ends)} {clock(ends)}"
    return since if since == until else f"{since} to {until}"


def last_day_of_leave(first: date) -> str:
    return f"From {long_day(first)}. The last day of your leave?"


def leave_preview(first: date, last: date, met: Sequence[Entry]) -> str:
    return f"<b>Leave from {day(first)} to {day(last)}?</b>\n\n{_falling_outside(met)}"


def leave_added(first: date, last: date) -> str:
    return f"✅ <b>Leave from {day(first)} to {day(last)}.</b> Nothing more can be booked then."


def sick_preview(on: date, met: Sequence[Entry], *, at_once: bool) -> str:
    if not met:
        return f"<b>Off sick on {long_day(on)}?</b>\nNo visits are booked."
    soon = (
        "\n\nThe first visit is about to begin: everybody is told at once, and it can't be undone." if at_once else ""
    )
    return (
        f"<b>Off sick on {long_day(on)}?</b>\n{plural(len(met), 'visit')}; each patient is offered three other times:\n"
        f"{_list(met)}{soon}"
    )


def sick(absence: Absence, met: Sequence[Entry], clinic: Clinic, now: datetime) -> str:
    until = "now"
    if absence.tell_at and absence.tell_at > now:
        until = f"at {clock(clinic.wall(absence.tell_at))}; until then you can undo it"
    told = sum(entry.reachable for entry in met)
    parts = [f"{plural(told, 'patient')} will be told {until}."] if told else []
    if to_call := len(met) - told:
        parts.append(f"The bot can't reach {plural(to_call, 'patient')}: “{BOARD}” says whom to call.")
    news = " ".join(parts) or "No patient has to be told."
    return f"🤒 <b>Noted. Get well soon.</b>\nNothing more can be booked. {news}"


def sick_day(name: str, starts: datetime) -> str:
    return f"{day(starts)} · {name}"


def board(now: Board) -> str:
    counts = ", ".join(f"{sum(line.state == state for line in now.lines)} {label}" for state, label in STATES.items())
    lines = "\n".join(_board_line(line) for line in now.lines[:MOST])
    return f"🤒 <b>{esc(now.doctor_name)}, {long_day(now.starts)}</b>\n{counts}\n\n{lines}".rstrip()


STATES = {"moved": "moved", "waiting": "waiting", "unreachable": "to call", "gave up": "cancelled"}


def _board_line(line: BoardLine) -> str:
    what = {
        "moved": f"✓ {day(line.moved_to)} {clock(line.moved_to)}" if line.moved_to else "✓ has another visit",
        "waiting": "no answer yet",
        "unreachable": f"☎ {esc(line.phone) or 'no number'}",
        "gave up": "cancelled it",
    }
    return f"{clock(line.start)} {esc(line.patient_name)} · {what[line.state]}"


def later(count: int) -> str:
    return f"+{count} min"


def told_late(entries: Sequence[Entry], delay: int) -> str:
    if not entries:
        return "Nobody has to be told: no patient is left, or all know already."
    when = f"{delay} minutes later" if delay else "on time again"
    told = sum(entry.reachable for entry in entries)
    parts = [f"✅ {plural(told, 'patient')} told: {when}."] if told else []
    to_call = [entry for entry in entries if not entry.reachable]
    return "\n\n".join([*parts, _to_call(to_call)] if to_call else parts)


def _to_call(entries: Sequence[Entry]) -> str:
    lines = "\n".join(
        f"{clock(each.start)} {esc(each.patient_name)}, {esc(each.phone) or 'no number'}" for each in entries
    )
    return f"☎ The bot can't reach {plural(len(entries), 'patient')}. Please call:\n{lines}"
