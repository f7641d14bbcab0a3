"""The words of a doctor's day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from handlers.texts import clock, day, esc, listed, long_day, plural, shortened
from hospital_bot import errors
from hospital_bot.errors import Refusal
from hospital_bot.services.agenda import Entry
from hospital_bot.services.digests import Day, Digest, Line
from hospital_bot.slots import DAY, Span

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
"""Days that can be looked at."""

MARK = {"arrived": "Arrived", "completed": "Done", "no_show": "No-show"}
NOT_DONE_YET = "↩ Not done yet"
MARKS = {"arrived": " · arrived", "completed": " · done", "no_show": " · did not come", "pending": " · asks for it"}
SIGNS = {"arrived": "● ", "completed": "✓ ", "no_show": "✗ ", "pending": "? "}
STATUS = {
    "pending": "asks for this time",
    "confirmed": "booked",
    "arrived": "has arrived",
    "completed": "done",
    "cancelled": "cancelled",
    "no_show": "did not come",
}
WEEK = "Week"
CHANGE = "Move or cancel"
NOT_NOW = "That can't be said of this visit now."
NOT_MARKED = {
    "not_begun": "The visit has not begun yet.",
    "written": "Its record is written: the visit stays done.",
    errors.SlotTaken.code: "Somebody else has that time now.",
    errors.PatientBusy.code: "The patient has another visit at that time now.",
}


def day_page(digest: Digest, shown: Sequence[Line]) -> str:
    """The whole day, or where it is long some of its visits."""
    count = plural(len(digest.lines), "visit") if digest.lines else "No visits."
    if len(shown) < len(digest.lines):
        count += f", here from {clock(shown[0].start)} to {clock(shown[-1].start)}"
    away = "\n" + "\n".join(f"Leave {spell(span)}" for span in digest.leave) if digest.leave else ""
    lines = "\n" + listed([line(each) for each in shown]) if shown else ""
    gaps = ", ".join(spell(span) for span in digest.gaps)
    free = f"\n\nFree: {gaps}" if gaps and digest.lines else ""
    return f"<b>{long_day(digest.day)}</b>\n{count}{away}\n{lines}{free}".rstrip()


def spell(span: Span) -> str:
    """The hours of a span, or `all day`."""
    if span == (0, DAY):
        return "all day"
    return f"{_minute(span.start)}–{_minute(span.end)}"


def _minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def line(visit: Line) -> str:
    tags = [] if visit.returning else ["new"]
    tags += ["coming"] if visit.coming and visit.status == "confirmed" else []
    about = " · ".join([*tags, *([esc(shortened(visit.reason))] if visit.reason else [])])
    why = f"\n        {about}" if about else ""
    return f"<b>{clock(visit.start)}</b> {patient(visit)}{MARKS.get(visit.status, '')}{why}"


def mark_button(status: str, following: str) -> str:
    """What the button says that takes a visit from one status to another."""
    return NOT_DONE_YET if status == "completed" else MARK[following]


def not_marked(refusal: Refusal) -> str:
    problem = refusal.problem if isinstance(refusal, errors.BadInput) else refusal.code
    return NOT_MARKED.get(problem, NOT_NOW)


def patient(visit: Line | Entry) -> str:
    """`Ann Lee, 42`."""
    return esc(visit.patient_name) + (f", {visit.age}" if visit.age is not None else "")


def visit_button(visit: Line) -> str:
    return f"{SIGNS.get(visit.status, '')}{clock(visit.start)} {visit.patient_name}"


def visit(entry: Entry) -> str:
    late = f"\nTold to come {entry.late_minutes} minutes later" if entry.late_minutes and entry.live else ""
    kept = "\nKept, though outside your hours" if entry.kept and entry.live else ""
    coming = "\nSaid: “I'm coming”" if entry.coming and entry.status == "confirmed" else ""
    about = f"\nReason: {esc(entry.reason)}" if entry.reason else ""
    return (
        f"<b>{clock(entry.start)} {patient(entry)}</b>\n"
        f"{long_day(entry.start)}, {entry.minutes} minutes\n{STATUS[entry.status]}{coming}{late}{kept}{about}"
    )


def week(monday: date) -> str:
    return f"<b>{day(monday)} to {day(monday + timedelta(days=6))}</b>\nTap a day for its visits."


def week_button(line: Day) -> str:
    away = " · leave" if line.away else ""
    if not line.visits or line.first is None or line.end is None:
        return f"{day(line.day)} · –{away}"
    return f"{day(line.day)} · {plural(line.visits, 'visit')}, {clock(line.first)}–{clock(line.end)}{away}"


CONFIRM = "✅ Confirm"
DECLINE = "Decline"
CONFIRMED = "✅ <b>Confirmed.</b> The patient is told, or called if the bot can't reach them."
DECLINED = "<b>Declined.</b> The patient is offered other times, or called if the bot can't reach them."
TOO_LATE_TO_ANSWER = "This request has ended: answered, withdrawn, or too old."
MOST_REQUESTS = 30
THAT_DAY = "The day"


def requests(count: int) -> str:
    return f"<b>{plural(count, 'request')}</b>\nTap one to answer." if count else "Nobody waits for your answer."


def request_button(entry: Entry) -> str:
    return f"{day(entry.start)} {clock(entry.start)} · {entry.patient_name}"
