"""The words of a patient's own details."""

from __future__ import annotations

from datetime import date

from handlers.texts import esc
from hospital_bot.clinic import Clinic
from hospital_bot.services.profiles import Profile

CHANGE_PHONE = "Change phone"
CHANGE_ADDRESS = "Change address"
CHANGE_EMAIL = "Change e-mail"
ADD_BIRTH_DATE = "Add date of birth"
CHANGE_BIRTH_DATE = "Change date of birth"
YOUR_DATA = "Who saw my data, a copy, …"

CHANGED = "✅ Changed."
QUESTIONS = {
    "phone_number": "What is your phone number?\nTap “Share my number”, or type it, such as +49 30 901820.",
    "address": "What is your address?\nStreet, number and town, in one line.",
    "birth_date": "When were you born?\nDay, month, year, such as 23 May 1984. Your doctor sees your age.",
}


def page(profile: Profile, clinic: Clinic) -> str:
    born = _date(profile.birth_date) if profile.birth_date else "–"
    call = f"To change your name, please call us{f': {esc(clinic.phone)}' if clinic.phone else ''}."
    return (
        f"<b>My details</b>\n\nName: <b>{esc(profile.name)}</b>\nE-mail: <b>{esc(profile.email)}</b>\n"
        f"Phone: <b>{esc(profile.phone) or '–'}</b>\nAddress: <b>{esc(profile.address) or '–'}</b>\n"
        f"Born: <b>{born}</b>\n\n{call}"
    )


def _date(value: date) -> str:
    return f"{value.day} {value:%B} {value.year}"
