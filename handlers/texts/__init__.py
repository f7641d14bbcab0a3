"""Every word the bot says. Here what all areas share; the words of one are in its own module.

Texts are Telegram's HTML. Whatever a person typed goes through `esc` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html import escape
from itertools import accumulate

from hospital_bot import errors
from hospital_bot.errors import Refusal

BACK = "‹ Back"
MENU = "‹ Menu"
CANCEL = "Cancel"
EARLIER, LATER = "‹ Earlier", "Later ›"
NEWER, OLDER = "‹ Newer", "Older ›"
BOOK = "📅 Book a visit"
MY_VISITS = "My visits"
LOG_IN = "Log in"
LOG_OUT = "Log out"
REGISTER = "I'm new here: register"
SECURITY = "Security"
MY_RECORDS = "My records"
MY_DETAILS = "My details"
TODAY = "Today's visits"
THIS_WEEK = "This week"
LATE = "Running late"
REQUESTS = "Requests"
HOURS = "Your hours"
LEAVE = "Leave, off sick"
FIND = "🔎 Find a patient"
CALLS = "To call today"
ABSENCES = "Doctors off sick"
STAFF_NOT_FOUND = "That is not there any more. Please use the newest message, or send /start."

PRIVATE_ONLY = "Let's talk in private: what concerns your health is nobody else's business."
OPEN_PRIVATE = "Open a private chat"
TRY_LATER = (
    "We can't reach our records right now. Nothing is lost: your message is kept, "
    "and you'll get the answer as soon as they are back."
)
OLD_BUTTON = "This button is from an older message. Please use the newest one, or send /start."
MAIL_FAILED = "The mail could not be sent. Please tap “Send a new code” in a minute, or call us."
DID_NOT_UNDERSTAND = "I didn't understand that. Here is what I can do:"
UNKNOWN_COMMAND = "I don't know that command. Here is what I can do:"
CANCELLED = "All right, cancelled. Nothing was changed."
NOTHING_TO_CANCEL = "There is nothing to cancel."
DELETE_YOURSELF = "Telegram did not let me delete your last message. Please delete it yourself: it holds a secret."

EMERGENCY = "In an emergency don't write here: call the emergency number."

PATIENT_COMMANDS = (
    ("book", "Book a visit"),
    ("appointments", "Your visits: details, move, cancel"),
    ("records", "Your medical records"),
    ("profile", "Your details: phone, address, date of birth"),
    ("privacy", "Your data: who saw them, a copy, being forgotten"),
    ("security", "Authenticator app and password"),
    ("logout", "Log out on this phone"),
    ("help", "What this bot can do"),
    ("cancel", "Stop what you are doing"),
)
STRANGER_COMMANDS = (
    ("book", "Book a visit"),
    ("register", "Register as a patient"),
    ("login", "Log in"),
    ("help", "What this bot can do"),
    ("cancel", "Stop what you are doing"),
)
STAFF_COMMANDS = (
    ("today", "Your visits today"),
    ("week", "Your visits this week"),
    ("late", "Running late: tell today's patients"),
    ("requests", "Visits that wait for your answer"),
    ("schedule", "Your working hours"),
    ("timeoff", "Leave, and days off sick"),
    ("security", "Authenticator app and password"),
    ("logout", "Log out on this phone"),
    ("help", "What this bot can do"),
    ("cancel", "Stop what you are doing"),
)
ADMIN_COMMANDS = (
    ("find", "Find a patient: book, move or cancel for them"),
    ("calls", "Patients to call: not reached, or no answer"),
    ("absences", "Doctors off sick, and their patients"),
    *STAFF_COMMANDS[-4:],
)
COMMANDS = {
    "stranger": STRANGER_COMMANDS,
    "patient": PATIENT_COMMANDS,
    "doctor": STAFF_COMMANDS,
    "admin": ADMIN_COMMANDS,
}
"""The command menu of each role, in the order shown."""


def esc(text: str) -> str:
    """What a person typed, to be shown literally."""
    return escape(text, quote=False)


def day(value: date) -> str:
    """`Tue 24 Nov`, for buttons."""
    return f"{value:%a} {value.day} {value:%b}"


def long_day(value: date) -> str:
    """`Tuesday, 24 November 2026`."""
    return f"{value:%A}, {value.day} {value:%B} {value.year}"


def clock(value: datetime) -> str:
    return f"{value:%H:%M}"


LONGEST_REASON = 80
"""Characters of a reason in a list; the visit's own page has all of it."""

ROOM = 3000
"""Characters of a list. A message takes 4,096, and what follows the list must have its place."""


def shortened(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1].rstrip() + "…"


def listed(lines: Sequence[str], elsewhere: str = "") -> str:
    """As many lines as have room, how many more there are, and where to see them."""
    shown = sum(length <= ROOM for length in accumulate(len(line) + 1 for line in lines))
    rest = len(lines) - shown
    return "\n".join([*lines[:shown], *([f"<b>… and {rest} more.</b> {elsewhere}".rstrip()] if rest else [])])


def noticed(notice: str, text: str) -> str:
    return f"{notice}\n\n{text}" if notice else text


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def period(length: timedelta) -> str:
    """`1 hour 30 minutes`; nothing shorter than a minute is said."""
    minutes = length // timedelta(minutes=1)
    counts = {"day": minutes // 1440, "hour": minutes // 60 % 24, "minute": minutes % 60}
    return " ".join(plural(count, unit) for unit, count in counts.items() if count) or "0 minutes"


def hello(clinic: str, name: str | None) -> str:
    if name:
        return f"Hello {esc(name)}, this is <b>{esc(clinic)}</b>.\nWhat would you like to do?"
    return (
        f"Hello, this is <b>{esc(clinic)}</b>.\n"
        "Here you can book, move and cancel visits, at any hour. What would you like to do?"
    )


def describes(clinic: str) -> str:
    """What an empty chat shows. Plain text, not HTML."""
    return f"Book, move and cancel your visits at {clinic}, at any hour, and be reminded in time."


def about(clinic: str, address: str, phone: str, role: str) -> str:
    """What this person can do here, by the menu of their role."""
    where = "".join(f"\n{esc(line)}" for line in (address, phone) if line)
    commands = "\n".join(f"/{command} – {what}" for command, what in COMMANDS[role])
    return f"<b>{esc(clinic)}</b>{where}\n\n{commands}\n\n{EMERGENCY}"


def broken(reference: int) -> str:
    return (
        "Something went wrong on our side, and we could not do what you asked. "
        f"Please try again from /start. If it happens again, call us and name the reference {reference}."
    )


REFUSALS: dict[type[Refusal], str] = {
    errors.NotLoggedIn: "Please log in first. New here? Register: it takes two minutes.",
    errors.NotAllowed: "That is not possible with your account.",
    errors.NotFound: "That is not there any more. /appointments shows your visits, /book books a new one.",
    errors.Busy: "That was too much at once. Please wait a minute, then try it again.",
    errors.WrongCredentials: (
        "That didn't work. Please check the e-mail address and the password. "
        "After several wrong tries you have to wait a little."
    ),
    errors.WrongCode: "That is not the code. Please look again and type its six digits.",
    errors.CodeSpent: "That code can't be used any more. Please ask for a new one.",
    errors.SlotTaken: "Someone just took that time.",
    errors.NotOffered: "That time is not offered any more.",
    errors.TooSoon: "That time is too close now.",
    errors.TooFar: "That day is too far ahead: it can't be booked yet.",
    errors.PatientBusy: "You have another visit at that time.",
    errors.TooManyVisits: (
        "You hold as many visits as one person may. Cancel one under /appointments, then book again."
    ),
    errors.TooLate: "It is too late to change this visit here. Please call us.",
}


def refused(refusal: Refusal) -> str:
    """What a refusal means for the person, and what to do next."""
    if isinstance(refusal, errors.WaitForCode):
        return f"You can have a new code in {wait(refusal.seconds)}. Please look for the last one, also in spam."
    found = next((REFUSALS[kind] for kind in type(refusal).__mro__ if kind in REFUSALS), None)
    return found or "That is not possible right now. /start shows what is."


def wait(seconds: int) -> str:
    if seconds < 120:
        return plural(max(1, seconds), "second")
    minutes = -(-seconds // 60)
    return plural(minutes, "minute") if minutes < 120 else plural(-(-minutes // 60), "hour")
