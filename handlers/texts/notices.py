"""The words of what is sent without being asked for.

A lock screen is public: a patient's message names the hospital, the day and the time, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from handlers.texts import clock, day, esc, listed, long_day, plural, shortened
from handlers.texts.doctor import MARK, patient
from handlers.texts.privacy import cannot_erase
from hospital_bot import slots
from hospital_bot.clinic import Clinic
from hospital_bot.services.calls import Call, CallSheet
from hospital_bot.services.digests import Day, Digest, Line, Week
from hospital_bot.services.insiders import ManyLooks
from hospital_bot.services.news import VisitNews
from hospital_bot.services.notifications import Guessed, LoggedOut, NotErased
from hospital_bot.services.reminders import Reminder
from hospital_bot.slots import Span
from hospital_bot.values import Visit

COMING = "✅ I'm coming"
MOVE = "Move"
CANCEL = "Cancel visit"
DETAILS = "Details"
REFRESH = "🔄 Refresh"
WHOLE_DAY = "The whole day"
LIST_NOW = "The list as it is now"
STATUS = {
    "pending": "waits for your answer",
    "arrived": "arrived",
    "completed": "done",
    "no_show": "did not come",
}
NO_VISIT_LEFT = "There is no visit ahead that day any more. /appointments shows your visits."
NOTED = "Noted"

HEADINGS = {
    "booked": "📅 <b>Visit booked</b>",
    "moved": "🔁 <b>Visit moved</b>",
    "cancelled": "❌ <b>Visit cancelled</b>",
    "request": "❓ <b>Visit asked for</b>",
}
DONE_FOR_YOU = {
    "booked": "We booked a visit for you:",
    "request": "We asked for a visit for you; the doctor will answer:",
    "confirmed": "Your visit is confirmed:",
    "moved": "We moved your visit. It is now:",
    "cancelled": "We cancelled your visit:",
}

DONE_ELSEWHERE = {
    "booked": "A visit was booked with your account:",
    "request": "A visit was asked for with your account; the doctor will answer:",
    "moved": "Your visit was moved with your account. It is now:",
    "cancelled": "Your visit was cancelled with your account:",
}
NOT_YOU = "If that was not you, set a new password at once (/reset), and call us."


def reminder(told: Reminder, clinic: Clinic, *, too_late: bool) -> str:
    times = " and ".join(f"<b>{clock(visit.start)}</b>" for visit in told.visits)
    when = f"<b>{long_day(told.visits[0].start)}</b>, {times}"
    what = "your visit" if len(told.visits) == 1 else f"your {plural(len(told.visits), 'visit')}"
    ask = ""
    if told.asks:
        ask = "\nWe have not heard from you yet: are you coming?" if told.again else "\nAre you coming?"
    call = f"\n\n{call_us(clinic)}" if too_late and told.asks else ""
    return f"🔔 <b>{esc(clinic.name)}</b>\nA reminder of {what}: {when}.{ask}{call}"


def thanks(told: Reminder, clinic: Clinic) -> str:
    times = " and ".join(clock(visit.start) for visit in told.visits)
    return f"✅ <b>{esc(clinic.name)}</b>\nThank you. We expect you on {long_day(told.visits[0].start)}, {times}."


def call_us(clinic: Clinic) -> str:
    return f"To move or cancel it now, please call us{f': {esc(clinic.phone)}' if clinic.phone else ''}."


def at(label: str, visit: Visit, *, alone: bool) -> str:
    """A button's label; the time tells several visits of a day apart."""
    return label if alone else f"{label} {clock(visit.start)}"


def to_patient(news: VisitNews, clinic: Clinic) -> str:
    old = f"\n(It was {_moment(news.old_start)}.)" if news.old_start else ""
    what = DONE_ELSEWHERE[news.kind] if news.elsewhere else DONE_FOR_YOU[news.kind]
    warning = f"\n\n{NOT_YOU}" if news.elsewhere else ""
    return f"<b>{esc(clinic.name)}</b>\n{what}\n<b>{_moment(news.visit.start)}</b>{old}{warning}"


def to_doctor(news: VisitNews) -> str:
    old = f"\nIt was {_moment(news.old_start)}." if news.old_start else ""
    by = f"By {esc(news.by)}." if news.by else "By the patient."
    return f"{HEADINGS[news.kind]}\n{_moment(news.visit.start)}\n{esc(news.patient_name)}{old}\n{by}"


def _moment(start: datetime) -> str:
    return f"{long_day(start)}, {clock(start)}"


def alarm(told: LoggedOut | Guessed | NotErased, clinic: Clinic) -> str:
    if isinstance(told, NotErased):
        return f"<b>{esc(clinic.name)}</b>\nYou asked us to erase your data. {cannot_erase(clinic)}"
    return _logged_out(told, clinic) if isinstance(told, LoggedOut) else _guessed(told, clinic)


def _logged_out(told: LoggedOut, clinic: Clinic) -> str:
    return (
        f"<b>{esc(clinic.name)}</b>\nYou logged in with another Telegram account at {clock(clinic.wall(told.at))}, "
        "so this chat is logged out and gets no more messages.\n"
        "If that was not you, set a new password at once: /reset"
    )


def _guessed(told: Guessed, clinic: Clinic) -> str:
    return (
        f"Somebody tried to log in as you, and failed several times until {clock(clinic.wall(told.at))}. "
        "They have to wait now; you can go on here as always. If it wasn't you, you need not do anything."
    )


def digest(told: Digest, clinic: Clinic) -> str:
    parts = [f"🗓 <b>{long_day(told.day)}</b>\n{_total(told)}"]
    if told.due_at:
        parts[0] += f"\n<i>This list should have come at {clock(clinic.wall(told.due_at))}; we are sorry.</i>"
    parts += [listed([_line(line) for line in told.lines], f"“{WHOLE_DAY}” lists them all.")] if told.lines else []
    parts += [f"Free: {_spans(told.gaps, told.day)}"] if told.gaps else []
    parts += [f"Away: {_spans(told.leave, told.day)}"] if told.leave else []
    return "\n\n".join(parts)


def _total(told: Digest) -> str:
    if not told.lines:
        return "No visits."
    coming = sum(line.coming for line in told.lines)
    return plural(len(told.lines), "visit") + (f", {coming} confirmed by the patient" if coming else "")


def _line(line: Line) -> str:
    answer = "coming" if line.coming else "no answer yet"
    facts = ("returning" if line.returning else "new", STATUS.get(line.status, answer))
    why = f"\n        {esc(shortened(line.reason))}" if line.reason else ""
    return f"<b>{clock(line.start)}</b> {patient(line)} · {' · '.join(facts)}{why}"


def _spans(spans: tuple[Span, ...], on: date) -> str:
    if spans == (Span(0, slots.DAY),):
        return "all day"
    return ", ".join(f"{clock(slots.at(on, span.start))}–{_end(span.end, on)}" for span in spans)


def _end(minute: int, on: date) -> str:
    return "24:00" if minute == slots.DAY else clock(slots.at(on, minute))


def mark_button(line: Line, status: str, *, first: bool) -> str:
    return f"{clock(line.start)} {MARK[status]}" if first else MARK[status]


def evening_button(*, on: bool) -> str:
    return f"On the evening before: {'yes' if on else 'no'}"


def weekly_button(*, on: bool) -> str:
    return f"Week on Sundays: {'yes' if on else 'no'}"


def week(told: Week) -> str:
    first = told.days[0].day
    lines = "\n".join(_day(each) for each in told.days if each.visits or each.away)
    return f"🗓 <b>Your week from {long_day(first)}</b>\n\n{lines}"


def call_sheet(told: CallSheet, clinic: Clinic) -> str:
    return "\n\n".join(part for part in (_calls(told), _looks(told.looks, clinic)) if part)


def _calls(told: CallSheet) -> str:
    return call_page(told.day, told.calls, len(told.calls))


def call_page(on: date, shown: Sequence[Call], count: int) -> str:
    """Some of the `count` calls of a day."""
    head = f"📞 <b>To call: {long_day(on)}</b>\n"
    if not count:
        return f"{head}Nobody."
    lines = listed([_call(call, on) for call in shown], f"“{LIST_NOW}” has them all.")
    return f"{head}{plural(count, 'patient')}\n\n{lines}"


def _looks(looks: Iterable[ManyLooks], clinic: Clinic) -> str:
    lines = [
        f"{esc(each.name)}: data of {each.patients} patients within an hour, from {clock(clinic.wall(each.since))}"
        for each in looks
    ]
    return "\n".join(("👁 <b>Unusually many looks: please ask why</b>", *lines)) if lines else ""


def _call(call: Call, on: date) -> str:
    phone = esc(call.phone) or "no number"
    when = clock(call.start) if call.start.date() == on else f"{day(call.start)} {clock(call.start)}"
    return f"<b>{when}</b> {esc(call.patient_name)}, {phone} · {esc(call.doctor_name)} · {call.why}"


def _day(each: Day) -> str:
    visits = f"{plural(each.visits, 'visit')}, {clock(each.first)}–{clock(each.end)}" if each.first and each.end else ""
    return f"<b>{day(each.day)}</b>: " + "; ".join(part for part in (visits, "away" if each.away else "") if part)
