"""The words of the hospital's desk, which does for a patient on the telephone what the patient could do here."""

from __future__ import annotations

from datetime import date, datetime

from handlers.texts import clock, day, esc, long_day, plural
from handlers.texts.booking import chosen, details
from hospital_bot import people
from hospital_bot.clinic import Clinic
from hospital_bot.services.availability import Choice
from hospital_bot.services.reception import Found
from hospital_bot.values import Visit

WHO_IS_IT = "<b>Find a patient</b>\nType their phone number, their e-mail address, or the beginning of their name."
NOBODY = "I find nobody like that. Patients register here themselves; perhaps it is written in another way?"
TOO_MANY = "Too many begin like that. Please type more of the name, or the phone number."
WHO_OF_THEM = "Who is it? Ask for the date of birth or the phone number before you go on."
ANOTHER_PATIENT = "Another patient"
MOVE = "Move"
CANCEL_VISIT = "Cancel visit"
YES_CANCEL = "Yes, cancel it"
YES_BOOK = "✅ Book it"
YES_MOVE = "✅ Move it"
KEEP = "No, keep it"
OVER = "That visit is over, or was cancelled meanwhile."
ASKS = "The doctor confirms visits first: this is a request."
TOLD = "The patient gets a message about it."
TELL_THEM = "The bot can't write to this patient: please tell them the day and the time."


def found(each: Found) -> str:
    """A button."""
    return f"{each.name} · {_date(each.birth_date)}"


def page(each: Found, count: int, today: date) -> str:
    born = f"{_date(each.birth_date)} ({people.age(each.birth_date, today)})" if each.birth_date else "–"
    reach = "The bot writes to them." if each.reachable else "The bot can't write to them."
    ahead = f"{plural(count, 'visit')} ahead. Tap one to move or to cancel it." if count else "No visits ahead."
    known = f"Born: {born}\nPhone: {esc(each.phone) or '–'}\nE-mail: {esc(each.email)}"
    return f"<b>{esc(each.name)}</b>\n{known}\n{reach}\n\n{ahead}"


def _date(value: date | None) -> str:
    return f"{value.day} {value:%b} {value.year}" if value else "born ?"


def visit_button(visit: Visit) -> str:
    return f"{day(visit.start)} {clock(visit.start)} · {visit.doctor_name}"


def visit(found: Found, booked: Visit, clinic: Clinic) -> str:
    return f"<b>{esc(found.name)}</b>\n\n{details(booked, clinic)}"


def really_book(found: Found, choice: Choice, start: datetime) -> str:
    asks = f"\n\n{ASKS}" if choice.approval else ""
    return f"Book this for <b>{esc(found.name)}</b>?\n\n<b>{_moment(start)}</b>\n{chosen(choice)}{asks}"


def really_move(found: Found, old: Visit, choice: Choice, start: datetime) -> str:
    asks = f"\n\n{ASKS} The old time is given up at once." if choice.approval else ""
    return (
        f"Move the visit of <b>{esc(found.name)}</b>?\n\nFrom: {_moment(old.start)}, {esc(old.doctor_name)}\n"
        f"To: <b>{_moment(start)}</b>, {chosen(choice)}{asks}"
    )


def really_cancel(found: Found, booked: Visit) -> str:
    return (
        f"Cancel this visit of <b>{esc(found.name)}</b>?\n\n<b>{_moment(booked.start)}</b>\n{esc(booked.doctor_name)}"
    )


def done(what: str, found: Found, booked: Visit, clinic: Clinic) -> str:
    """`what` was done with the visit: Booked, Moved or Cancelled."""
    asked = " The doctor has to confirm it." if booked.status == "pending" else ""
    told = TOLD if found.reachable else TELL_THEM
    return f"✅ <b>{what}</b> for {esc(found.name)}.{asked}\n\n{details(booked, clinic)}\n\n{told}"


def _moment(start: datetime) -> str:
    return f"{long_day(start)}, {clock(start)}"
