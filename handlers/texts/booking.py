"""The words of booking, and of a patient's visits."""

from __future__ import annotations

from datetime import date, datetime

from handlers.texts import clock, day, esc, long_day, period, plural
from hospital_bot.clinic import Clinic
from hospital_bot.services.availability import Choice, DayLine, DoctorLine, SpecializationLine
from hospital_bot.values import Visit

ANY = "Any doctor"
MONTH = "🗓 Month"
SKIP = "Skip"
CONFIRM = "✅ Confirm"
CONFIRM_MOVE = "✅ Move it"
MOVE = "Move"
CANCEL_VISIT = "Cancel visit"
CALENDAR_FILE = "Calendar file"
PAST = "Past visits"
KEEP = "No, keep it"
BECAUSE = ("I can't come", "I don't need it any more", "Another reason")

WHICH_SPECIALIZATION = "<b>Book a visit</b>\nWhich specialist do you need?"
NO_DOCTORS = "No doctor can be booked here yet. Please call us."
STAFF_DO_NOT_BOOK = (
    "Patients book here, and this is an account of the hospital's staff. "
    "For a visit of your own, log out and register with your private e-mail address."
)
DESK_FINDS = "Find the patient first: then you can book for them."
NO_VISITS = "You have no visits ahead."
NO_PAST = "No past visits."
NOTHING_FREE = "Nothing is free within the next {days} days. Another doctor may be sooner."
NOT_THAT_DAY = "No free times that day"
PICK_A_TIME = "Tap one of the times below"
REASON = "What is it about? A few words help the doctor to prepare.\nWrite them, or skip."
REASON_TOO_LONG = "Please keep it to 500 characters. A few words are enough."
LOG_IN_TO_BOOK = "To book this time, log in or register. I'll keep it in mind for you."
ASKED_FOR = "🕓 <b>Asked for.</b> The time is kept for you; you will hear as soon as the doctor has answered."
NOT_ANSWERED = "🕓 Only asked for: the doctor has not answered yet. The time is kept for you until then."
MARKS = {"pending": " · asked for", "cancelled": " · cancelled"}
ASKS_FIRST = "The doctor has to confirm it first: your old time is given up when you ask."
OLD_VISIT_KEPT = "Your old time is kept until the new one is sure."
PARTS = (("Morning", 12), ("Afternoon", 17), ("Evening", 24))
"""The parts of a day, and the hour at which each ends."""

STATUS = {
    "pending": "waiting for the doctor's answer",
    "confirmed": "booked",
    "arrived": "you have arrived",
    "completed": "done",
    "cancelled": "cancelled",
    "no_show": "missed",
}


def specialization(line: SpecializationLine) -> str:
    free = f"from {day(line.next_day)}" if line.next_day else "nothing free"
    return f"{line.name} · {plural(line.doctors, 'doctor')} · {free}"


def which_doctor(name: str) -> str:
    return f"<b>{esc(name)}</b>\nWhich doctor?"


def doctor(line: DoctorLine) -> str:
    return f"{line.doctor.name} · {moment(line.next_start)}"


def moment(start: datetime | None) -> str:
    return f"{day(start)} {clock(start)}" if start else "nothing free"


def chosen(choice: Choice) -> str:
    who = choice.doctor.name if choice.doctor else ANY
    return f"<b>{esc(choice.specialization)}</b> · {esc(who)}"


def which_day(choice: Choice) -> str:
    return f"{chosen(choice)}\nWhich day?"


def day_button(line: DayLine) -> str:
    return f"{day(line.day)} · {line.free} free"


def month_title(choice: Choice, first: date) -> str:
    return f"{chosen(choice)}\n<b>{first:%B} {first.year}</b>: days with free times have a number."


def which_time(choice: Choice, on: date) -> str:
    return f"{chosen(choice)}\n{long_day(on)}. Which time?"


def no_times(choice: Choice, on: date) -> str:
    return f"{chosen(choice)}\nNothing is free any more on {long_day(on)}. Which other day?"


def reason(choice: Choice, start: datetime) -> str:
    return f"{chosen(choice)}\n{long_day(start)}, {clock(start)}\n\n{REASON}"


def summary(choice: Choice, start: datetime, why: str | None) -> str:
    room = f", room {esc(choice.doctor.room)}" if choice.doctor and choice.doctor.room else ""
    about = f"\nReason: {esc(why)}" if why else ""
    return f"Is this right?\n\n<b>{long_day(start)}, {clock(start)}</b>\n{chosen(choice)}{room}{about}"


def move_summary(choice: Choice, old: Visit, start: datetime) -> str:
    kept = ASKS_FIRST if choice.approval else OLD_VISIT_KEPT
    return (
        f"Move your visit?\n\nFrom: {long_day(old.start)}, {clock(old.start)}, {esc(old.doctor_name)}\n"
        f"To: <b>{long_day(start)}, {clock(start)}</b>, {chosen(choice)}\n\n{kept}"
    )


def booked(visit: Visit, clinic: Clinic) -> str:
    head = ASKED_FOR if visit.status == "pending" else "✅ <b>Booked.</b>"
    return f"{head}\n\n{details(visit, clinic)}"


def moved(visit: Visit, clinic: Clinic) -> str:
    head = ASKED_FOR if visit.status == "pending" else "✅ <b>Moved.</b>"
    return f"{head} Your old time is free again.\n\n{details(visit, clinic)}"


def details(visit: Visit, clinic: Clinic) -> str:
    room = f"\nRoom {esc(visit.room)}" if visit.room else ""
    where = f"\n{esc(clinic.address)}" if clinic.address else ""
    about = f"\nReason: {esc(visit.reason)}" if visit.reason else ""
    return (
        f"<b>{long_day(visit.start)}, {clock(visit.start)}</b> ({visit.minutes} minutes)\n"
        f"{esc(visit.doctor_name)}, {esc(visit.specialization)}{room}{where}{about}\n"
        f"Visit no. {visit.appointment_id}"
    )


def visit_page(visit: Visit, clinic: Clinic, *, ahead: bool) -> str:
    if ahead:
        return details(visit, clinic) + (f"\n\n{NOT_ANSWERED}" if visit.status == "pending" else "")
    return f"{details(visit, clinic)}\nThis visit is {'over' if visit.live else STATUS[visit.status]}."


def too_late(clinic: Clinic) -> str:
    call = f": {esc(clinic.phone)}" if clinic.phone else ""
    return f"Changes end {period(clinic.rules.cut_off)} before the visit. Please call us{call}."


def visit_button(visit: Visit) -> str:
    return f"{day(visit.start)} {clock(visit.start)} · {visit.doctor_name}{MARKS.get(visit.status, '')}"


def visits(count: int) -> str:
    return f"<b>Your visits</b>\n{plural(count, 'visit')} ahead. Tap one for details, to move or to cancel it."


def really_cancel(visit: Visit) -> str:
    return (
        f"Cancel this visit?\n\n<b>{long_day(visit.start)}, {clock(visit.start)}</b>\n{esc(visit.doctor_name)}\n\n"
        "If so, tell us why; the time is free for others then."
    )


def cancelled(visit: Visit) -> str:
    return (
        f"Your visit on <b>{long_day(visit.start)}, {clock(visit.start)}</b> with {esc(visit.doctor_name)} "
        f"is cancelled.\nVisit no. {visit.appointment_id}"
    )


def part_heading(name: str, count: int) -> str:
    return f"— {name} · {count} —"


def calendar_caption(visit: Visit) -> str:
    return f"Open it to put {day(visit.start)} {clock(visit.start)} into your calendar."
