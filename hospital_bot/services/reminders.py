"""Reminders: one message for all of a patient's visits of a day, so long before the first of them.

A reminder's row stands for a day, not for a visit: whatever was booked, moved or cancelled since, its text and
its time are made from the visits that are there when it is sent. Nobody is written to in the quiet hours: what
would come then comes on the evening before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.models import Appointment, Notification, Patient, TelegramAccount, User, midnight
from hospital_bot.services import outbox
from hospital_bot.services.outbox import Draft, Pointless, TooEarly
from hospital_bot.values import Visit

QUIET = (time(21), time(8))
LAST_CALL = time(20, 45)
"""When what the quiet hours hold back is sent: a little before them, for a long queue takes its time."""
NUDGE = timedelta(hours=3)
"""Whoever was asked and has not answered so long before the visit is asked once more."""


WITHDRAWN = select(User.withdrawn_at).where(User.user_id == bindparam("whose"))
OF_DAY = (
    queries.visits()
    .join(Patient, Patient.patient_id == Appointment.patient_id)
    .where(Patient.user_id == bindparam("whose"), Appointment.live == 1, Appointment.status != "pending")
    .where(Appointment.appointment_date == bindparam("day"))
    .order_by(Appointment.appointment_time)
)
LATER_ONES = select(func.count()).where(
    Notification.user_id == bindparam("whose"),
    Notification.kind.in_(bindparam("kinds", expanding=True)),
    Notification.about.startswith(bindparam("day")),
    Notification.state.in_(["waiting", "sent"]),
    Notification.due_at <= bindparam("now"),
    or_(
        Notification.due_at > bindparam("due"),
        and_(Notification.due_at == bindparam("due"), Notification.notification_id > bindparam("row")),
    ),
)


@dataclass(frozen=True, slots=True)
class Reminder:
    """The visits of one day that are still ahead, the first one first."""

    visits: tuple[Visit, ...]
    asks: bool
    """The patient has not said yet that they are coming."""
    again: bool
    """They were asked before."""


def due(start: datetime, before: timedelta, clinic: Clinic) -> datetime:
    """The instant `before` a visit at `start` (the clinic's clock), or the evening before when that is quiet."""
    instant = clinic.instant(start) - before
    wall = clinic.wall(instant)
    if wall.time() >= QUIET[0]:
        return clinic.instant(datetime.combine(wall.date(), LAST_CALL))
    if wall.time() < QUIET[1]:
        return clinic.instant(datetime.combine(wall.date() - timedelta(days=1), LAST_CALL))
    return instant


def drafts(visit: Visit, *, clinic: Clinic, now: datetime) -> list[Draft]:
    """Those that are still ahead: a visit booked later than its reminder would come has none."""
    planned = [
        _draft("reminder", f"{before // timedelta(minutes=1)}", before, visit, clinic)
        for before in clinic.rules.reminders
    ]
    found = [draft for draft in planned if draft.due_at > now]
    nudge = _draft("nudge", "", NUDGE, visit, clinic)
    return [*found, nudge] if any(draft.due_at < nudge.due_at for draft in found) else found


def _draft(kind: str, which: str, before: timedelta, visit: Visit, clinic: Clinic) -> Draft:
    day = visit.start.date()
    facts = {"day": day.isoformat(), "seconds": int(before.total_seconds())}
    about, due_at = f"{day:%Y%m%d}:{which}", due(visit.start, before, clinic)
    return Draft(outbox.patients_user(visit.patient_id), kind, about, due_at, facts=facts)


def check(session: Session, row: Notification, *, clinic: Clinic, now: datetime) -> Reminder:
    """What to remind of now. Raises Pointless, or TooEarly when the day's first visit is later than it was."""
    if session.connection().scalar(WITHDRAWN, {"whose": row.user_id}):
        raise Pointless("the patient wants none")
    facts = outbox.facts_of(row)
    day, before = date.fromisoformat(facts["day"]), timedelta(seconds=facts["seconds"])
    visits = _ahead(session, row.user_id, day, clinic, now)
    if not visits:
        raise Pointless("no visit ahead that day")
    due_at = due(visits[0].start, before, clinic)
    if due_at > now:
        raise TooEarly(due_at)
    asks = not all(visit.coming for visit in visits)
    if row.kind == "nudge" and not asks:
        raise Pointless("answered")
    if _is_outdone(session, row, day, now, asks=asks):
        raise Pointless("another reminder of that day is due")
    return Reminder(tuple(visits), asks, again=row.kind == "nudge")


def _ahead(session: Session, user_id: int, day: date, clinic: Clinic, now: datetime) -> list[Visit]:
    rows = session.connection().execute(OF_DAY, {"whose": user_id, "day": midnight(day)})
    visits = [queries.as_visit(row) for row in rows]
    return [visit for visit in visits if clinic.instant(visit.start) > now]


def _is_outdone(session: Session, row: Notification, day: date, now: datetime, *, asks: bool) -> bool:
    """After hours of trouble several are due at once: only the last is sent. A nudge that nobody needs is none."""
    facts = {
        "whose": row.user_id,
        "kinds": ["reminder", "nudge"] if asks else ["reminder"],
        "day": f"{day:%Y%m%d}",
        "now": now,
        "due": row.due_at,
        "row": row.notification_id,
    }
    return bool(session.connection().scalar(LATER_ONES, facts))


def coming(session: Session, *, telegram_id: int, day: date, clinic: Clinic, now: datetime) -> Reminder:
    """The patient whom this Telegram account belongs to says that they come that day.

    Whoever can read the reminder may answer it, logged in or not. Raises NotFound when there is no visit any more.
    """
    user_id = session.scalar(select(TelegramAccount.user_id).where(TelegramAccount.telegram_id == telegram_id))
    visits = _ahead(session, user_id, day, clinic, now) if user_id else []
    if not visits:
        raise NotFound
    session.connection().execute(
        update(Appointment)
        .where(
            Appointment.appointment_id.in_([visit.appointment_id for visit in visits]),
            Appointment.live == 1,
            Appointment.coming_at.is_(None),
        )
        .values(coming_at=now)
    )
    return Reminder(tuple(visits), asks=False, again=False)
