"""The words about a patient's data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from handlers import texts
from handlers.texts import esc
from hospital_bot.clinic import Clinic
from hospital_bot.services.audit import Look
from hospital_bot.services.erasure import Kept, Wish
from hospital_bot.services.privacy import Agreement

WHO_SAW = "Who saw my data"
MY_DATA = "Give me a copy of my data"
NO_REMINDERS = "Send me no reminders"
REMINDERS_AGAIN = "Send me reminders again"
ERASE = "Erase my data"
TAKE_BACK = "Don't erase my data after all"
REALLY_ERASE = "Yes, erase my data"
DONT_ERASE = "No, keep them"

PROVE = "This needs a fresh code, to be sure that it is you."
COPY = "All that we hold about you. Keep the file to yourself, and delete it here when you have read it."
COPY_GONE = "The file was sent only once. /mydata sends a new one."
WITHDRAWN = "✅ You get no reminders any more. Your visits stay as they are."
AGREED = "✅ You get reminders again."
TAKEN_BACK = "✅ Nothing is erased."
NOBODY_LOOKED = "Nobody but you has looked at your data so far."

DEEDS = {
    "patient.find": "saw your name and date of birth in a search",
    "patient.read": "looked at your details",
    "visit.read": "looked at a visit",
    "visit.book": "booked a visit",
    "visit.move": "moved a visit",
    "visit.cancel": "cancelled a visit",
    "visit.confirm": "confirmed a visit",
    "visit.decline": "declined a visit",
    "visit.keep": "kept a visit outside the working hours",
    "visit.offer": "offered other times for a visit",
    "visit.arrived": "noted that you arrived",
    "visit.completed": "noted that a visit is done",
    "visit.no_show": "noted that you did not come",
    "records.read": "read your medical records",
    "records.write": "wrote your medical record",
    "records.change": "changed your medical record",
    "name.change": "changed your name",
    "email.change": "changed your e-mail address",
    "totp.disable": "took your authenticator app away",
    "erasure.refuse": "refused to erase your data",
}


def page(agreed: Agreement, wish: Wish | None, clinic: Clinic) -> str:
    return "\n\n".join(filter(None, ("<b>Your data</b>", _agreed(agreed, clinic), _wished(wish, clinic))))


def _agreed(agreed: Agreement, clinic: Clinic) -> str:
    reminders = "You get no reminders." if agreed.withdrawn_at else "We remind you of your visits."
    if agreed.at is None:
        return f"The hospital registered you. {reminders}"
    when = texts.long_day(clinic.wall(agreed.at))
    wording = esc(agreed.version or "")
    return f"On {when} you agreed that we keep your details, to arrange your visits (wording {wording}). {reminders}"


def _wished(wish: Wish | None, clinic: Clinic) -> str:
    if wish is None:
        return ""
    if wish.refused_at:
        return cannot_erase(clinic)
    return (
        f"You asked us to erase your data. That happens after {_day(wish.due_at, clinic)}, and not before your last "
        "visit. Until then you can take it back."
    )


def cannot_erase(clinic: Clinic) -> str:
    return f"The hospital can't erase your data now. Please call us{_phone(clinic)}."


def really_erase(kept: Kept, clinic: Clinic) -> str:
    done = (
        f"In {texts.period(clinic.rules.erasure_window)} we take your name, e-mail, phone and address out of our "
        "records, and forget this chat. "
        "You can't log in any more then, and we won't write to you again."
    )
    return "\n\n".join(filter(None, ("<b>Erase my data</b>", done, _ahead(kept), _kept(kept))))


def _ahead(kept: Kept) -> str:
    if not kept.ahead:
        return ""
    return (
        f"You have {texts.plural(kept.ahead, 'visit')} ahead: we wait until then. What you don't need, please cancel."
    )


def _kept(kept: Kept) -> str:
    if kept.until is None:
        return "Nothing of you stays."
    held = [texts.plural(kept.visits, "visit")] if kept.visits else []
    held += [texts.plural(kept.records, "medical record")] if kept.records else []
    return (
        f"The law wants us to keep {' and '.join(held)}, without your name, until {texts.long_day(kept.until)}. "
        "Then they go, too."
    )


def looks(found: Iterable[Look], clinic: Clinic) -> str:
    lines = [f"{_moment(look.at, clinic)}: {_by(look)} {DEEDS.get(look.action, esc(look.action))}" for look in found]
    return f"<b>{WHO_SAW}</b>\n\n" + ("\n".join(lines) or NOBODY_LOOKED)


def _by(look: Look) -> str:
    if not look.by:
        return "The hospital"
    return esc(look.by)


def _moment(at: datetime, clinic: Clinic) -> str:
    wall = clinic.wall(at)
    return f"{texts.day(wall.date())} {wall.year}, {texts.clock(wall)}"


def _day(at: datetime, clinic: Clinic) -> str:
    day: date = clinic.wall(at).date()
    return texts.long_day(day)


def _phone(clinic: Clinic) -> str:
    return f": {esc(clinic.phone)}" if clinic.phone else ""
