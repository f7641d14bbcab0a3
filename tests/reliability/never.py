"""What must be true of the hospital's tables whatever anybody does, and of every message that is sent."""

# ruff: noqa: S608 - the statements are made of this file's own parts

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, text

from hospital_bot.models import Instant
from hospital_bot.services import reminders
from hospital_bot.services.delays import Late
from hospital_bot.services.digests import Digest
from hospital_bot.services.news import VisitNews
from hospital_bot.services.notifications import Message
from hospital_bot.services.reminders import Reminder
from tests.hospital import OVERLAPS, Hospital

SAME_MINUTE = """
    AND TIME_TO_SEC({a}_time) < TIME_TO_SEC({b}_time) + 60 * b.minutes
    AND TIME_TO_SEC({b}_time) < TIME_TO_SEC({a}_time) + 60 * a.minutes
"""
NOT_ERASED = "JOIN patients p ON p.patient_id = a.patient_id JOIN users u ON u.user_id = p.user_id AND u.verified_at"
NO_NEWS = "NOT EXISTS (SELECT 1 FROM notifications n WHERE n.appointment_id = a.appointment_id AND n.user_id = {who}"

NEVER = {
    "a doctor in two rooms at once": OVERLAPS.format(who="doctor_id"),
    "a patient in two rooms at once": OVERLAPS.format(who="patient_id"),
    "a time kept for one and booked by another": """
        SELECT COUNT(*) FROM holds a JOIN appointments b
            ON a.doctor_id = b.doctor_id AND a.hold_date = b.appointment_date AND a.patient_id <> b.patient_id
            AND b.live = 1 AND a.expires_at > :now
    """
    + SAME_MINUTE.format(a="a.hold", b="b.appointment"),
    "a time kept twice": """
        SELECT COUNT(*) FROM holds a JOIN holds b
            ON a.hold_id < b.hold_id AND a.doctor_id = b.doctor_id AND a.hold_date = b.hold_date
            AND a.expires_at > :now AND b.expires_at > :now
    """
    + SAME_MINUTE.format(a="a.hold", b="b.hold"),
    "a visit that has moved and is still there": """
        SELECT COUNT(*) FROM appointments a JOIN appointments b ON b.moved_from = a.appointment_id WHERE a.live = 1
    """,
    "a visit that its doctor never hears of": f"""
        SELECT COUNT(*) FROM appointments a JOIN doctors d ON d.doctor_id = a.doctor_id
        WHERE {NO_NEWS.format(who="d.user_id")} AND n.kind IN ('booked', 'moved', 'request'))
    """,
    "a request that was granted in silence": f"""
        SELECT COUNT(*) FROM appointments a {NOT_ERASED} JOIN doctors d ON d.doctor_id = a.doctor_id
        WHERE a.status NOT IN ('pending', 'cancelled') AND NOT {NO_NEWS.format(who="d.user_id")} AND n.kind = 'request')
            AND {NO_NEWS.format(who="p.user_id")} AND n.kind = 'confirmed')
    """,
    "a visit that ended in silence": f"""
        SELECT COUNT(*) FROM appointments a {NOT_ERASED} JOIN doctors d ON d.doctor_id = a.doctor_id
        WHERE a.status = 'cancelled'
            AND NOT EXISTS (SELECT 1 FROM appointments b WHERE b.moved_from = a.appointment_id)
            AND {NO_NEWS.format(who="d.user_id")} AND n.kind = 'cancelled')
            AND {NO_NEWS.format(who="p.user_id")} AND n.kind = 'offer')
    """,
    "a request that waits for ever": """
        SELECT COUNT(*) FROM appointments WHERE status = 'pending' AND answer_by_at IS NULL
    """,
    "a message dropped without a reason": """
        SELECT COUNT(*) FROM notifications WHERE state = 'skipped' AND problem IS NULL
    """,
    "a message for somebody who is forgotten": """
        SELECT COUNT(*) FROM notifications n JOIN erasures e ON e.user_id = n.user_id WHERE e.done_at IS NOT NULL
    """,
}
"""What no row may ever show; each counts the rows that do."""

SURE = ("confirmed", "arrived")
STATUSES = "SELECT appointment_id, status FROM appointments"
REMINDERS = "SELECT user_id, about FROM notifications WHERE kind = 'reminder'"
CONFIRMED = """
SELECT appointment_id, user_id, appointment_date, appointment_time
FROM appointments JOIN patients USING (patient_id) WHERE status IN ('confirmed', 'arrived')
"""
OVERDUE = """
SELECT COUNT(*) FROM notifications
WHERE state = 'waiting' AND due_at <= :now AND (claimed_until_at IS NULL OR claimed_until_at <= :now)
"""


def wrong(hospital: Hospital) -> list[str]:
    """What is there and never should be."""
    return [what for what, counting in NEVER.items() if counted(hospital, counting)]


def counted(hospital: Hospital, statement: str) -> int:
    now = {"now": hospital.now} if ":now" in statement else {}
    typed = text(statement).bindparams(*(bindparam(name, type_=Instant()) for name in now))
    with hospital.db.engine.connect() as connection:
        return int(connection.scalar(typed, now) or 0)


def statuses(hospital: Hospital) -> dict[int, str]:
    with hospital.db.engine.connect() as connection:
        return {row.appointment_id: row.status for row in connection.execute(text(STATUSES))}


def unreminded(hospital: Hospital, confirmed: dict[int, datetime]) -> set[tuple[int, str]]:
    """Reminders that nobody wrote: of the visits that hold their time, confirmed at these instants."""
    with hospital.db.engine.connect() as connection:
        there = {tuple(row) for row in connection.execute(text(REMINDERS))}
        visits = connection.execute(text(CONFIRMED)).all()
    due = {
        (user_id, f"{start:%Y%m%d}:{before // timedelta(minutes=1)}")
        for appointment_id, user_id, day, clock in visits
        for start in [datetime.fromisoformat(f"{str(day)[:10]} {str(clock).zfill(8)[:8]}")]
        for before in hospital.clinic.rules.reminders
        if reminders.due(start, before, hospital.clinic) > confirmed[appointment_id]
    }
    return due - there


def untrue(message: Message, statuses: dict[int, str]) -> bool:
    """Whether a message that is being sent says what is not so."""
    match message.content:
        case VisitNews(kind=kind, visit=visit):
            return (statuses[visit.appointment_id] == "cancelled") != (kind == "cancelled")
        case Reminder(visits=visits):
            return any(statuses[visit.appointment_id] not in SURE for visit in visits)
        case Late(visit=visit):
            return statuses[visit.appointment_id] not in SURE
        case Digest(lines=lines):
            return any(statuses[line.appointment_id] != line.status for line in lines)
        case _:
            return False
