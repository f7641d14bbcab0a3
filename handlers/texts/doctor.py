"""The words of a doctor's side of the chat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from handlers.texts import clock, esc, long_day, plural
from hospital_bot.services.agenda import Entry

MARKS = {"arrived": " · arrived", "completed": " · done", "no_show": " · did not come", "pending": " · asks for it"}


def day(on: date, entries: Sequence[Entry]) -> str:
    if not entries:
        return f"<b>{long_day(on)}</b>\nNo visits."
    lines = "\n".join(entry(each) for each in entries)
    return f"<b>{long_day(on)}</b>\n{plural(len(entries), 'visit')}\n\n{lines}"


def entry(visit: Entry) -> str:
    why = f"\n        {esc(visit.reason)}" if visit.reason else ""
    return f"<b>{clock(visit.start)}</b> {esc(visit.patient_name)}{MARKS.get(visit.status, '')}{why}"
