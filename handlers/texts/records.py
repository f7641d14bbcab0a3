"""The words of medical records."""

from __future__ import annotations

from handlers.texts import esc, long_day
from hospital_bot.clinic import Clinic
from hospital_bot.services.records import Note, Record

CONFIRM = "✅ Keep it"
AGAIN = "Write again"
SKIP = "Skip"
CLOSE = "Close"
NEWER = "‹ Newer"
OLDER = "Older ›"
TO_VISIT = "The visit"
WRITE = "Write the record"
REWRITE = "Write the record anew"
HISTORY = "Records"

ASK = {
    "description": "<b>Record</b> (1 of 3)\nWhat did you find? I take your message from the chat at once.",
    "diagnosis": "(2 of 3) The diagnosis, in a few words?",
    "treatment_plan": "(3 of 3) The treatment plan?",
}
TOO_LONG = {
    "description": "Please keep it to 1500 characters.",
    "diagnosis": "Please keep the diagnosis shorter, 60 to 120 letters; details go into the description.",
    "treatment_plan": "Please keep it to 1500 characters.",
}
HEADINGS = (("diagnosis", "Diagnosis"), ("description", "Findings"), ("treatment_plan", "Treatment"))

NO_RECORDS = "There are no records yet."
NOTHING_WRITTEN = "Nothing was written, so there is nothing to keep."
KEPT = "✅ The record is kept."
CLOSED = "Closed. /records opens them again."
SHOWN_BEFORE = "This record was shown already. For your safety it is not kept here: /records shows it again."
SUMMARY_SHOWN_BEFORE = "Your summary was shown already. For safety it is not kept here."
GONE = "This record was not finished in time, and nothing was kept. Please begin again from the visit."


def noticed(notice: str, text: str) -> str:
    return f"{notice}\n\n{text}" if notice else text


def summary(note: Note) -> str:
    return f"<b>Is this right?</b>\n\n{_parts(note)}"


def record(each: Record, clinic: Clinic) -> str:
    when = f"{long_day(clinic.wall(each.created_at))}, " if each.created_at else ""
    return f"<b>{when}{esc(each.doctor_name)}</b>\n\n{_parts(each)}"


def _parts(of: Note | Record) -> str:
    return "\n\n".join(f"<b>{title}</b>\n{esc(text)}" for name, title in HEADINGS if (text := getattr(of, name)))
