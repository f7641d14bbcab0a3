"""The words of medical records."""

from __future__ import annotations

from collections.abc import Iterator

from handlers.screen import beginning, units
from handlers.texts import esc, long_day
from hospital_bot.clinic import Clinic
from hospital_bot.services.records import MAX_TEXT, Note, Record

CONFIRM = "✅ Keep it"
AGAIN = "Write again"
SKIP = "Skip"
CLOSE = "Close"
READ_ON = "Read on ›"
READ_BACK = "‹ Read back"
TO_VISIT = "The visit"
WRITE = "Write the record"
REWRITE = "Write the record anew"
HISTORY = "Records"

ASK = {
    "description": "<b>Record</b> (1 of 3)\nWhat did you find? I take your message from the chat at once.",
    "diagnosis": "(2 of 3) The diagnosis, in a few words?",
    "treatment_plan": "(3 of 3) The treatment plan?",
}
MORE = {
    "description": "I have it. Is there more of the findings? Send it now.",
    "treatment_plan": "I have it. Is there more of the treatment plan? Send it now.",
    "summary": f"It is in the treatment plan. Tap “{CONFIRM}” below the summary to read all of it once more.",
}
THAT_IS_ALL = "That is all"
TOO_LONG = (
    "That is too long here: a diagnosis has 60 to 120 letters. "
    "I keep it: put it into the findings, or write it shorter."
)
TO_FINDINGS = "Put it into the findings"
PUT = "It is in the findings now."
FULL = {
    "description": "The findings are full",
    "treatment_plan": "The treatment plan is full",
    "rejected": "That is more than I can keep",
}
LETS_GO_ON = "Let's go on where you stopped."
ROOM = 3600
"""UTF-16 units of a page of a record. A message takes 4,096, and the headings must have their place."""
HEADINGS = (("diagnosis", "Diagnosis"), ("description", "Findings"), ("treatment_plan", "Treatment"))

NO_RECORDS = "There are no records yet."
NOTHING_WRITTEN = "Nothing was written, so there is nothing to keep."
KEPT = "✅ The record is kept."
CLOSED = "Closed. /records opens them again."
SHOWN_BEFORE = "This record was shown already. For your safety it is not kept here: /records shows it again."
SUMMARY_SHOWN_BEFORE = "Your summary was shown already. For safety it is not kept here."
GONE = "This record was not finished in time, and nothing was kept. Please begin again from the visit."


def full(part: str) -> str:
    return f"{FULL[part]}: there is room for {MAX_TEXT:,} characters, and what comes after them is left out."


def summary(note: Note) -> list[str]:
    """As many pages as it takes."""
    return [f"<b>Is this right?</b>\n\n{page}" for page in _pages(note)]


def record(each: Record, clinic: Clinic) -> list[str]:
    """As many pages as it takes: other software writes records of any length."""
    when = f"{long_day(clinic.wall(each.created_at))}, " if each.created_at else ""
    return [f"<b>{when}{esc(each.doctor_name)}</b>\n\n{page}" for page in _pages(each)]


def _pages(of: Note | Record) -> list[str]:
    pages = [""]
    for name, title in HEADINGS:
        for piece in _pieces(getattr(of, name) or ""):
            block = f"<b>{title}</b>\n{esc(piece)}\n\n"
            if units(pages[-1] + block) <= ROOM:
                pages[-1] += block
            else:
                pages.append(block)
    return [page.rstrip() for page in pages if page] or [""]


def _pieces(text: str) -> Iterator[str]:
    """What is too long for a page is cut between words, or else between letters."""
    while units(text) > ROOM:
        most = len(beginning(text, ROOM))
        space = max(text.rfind(sign, 0, most) for sign in " \n")
        end = space if space > 0 else most
        yield text[:end]
        text = text[end:].lstrip()
    if text:
        yield text
