"""A doctor or an administrator leaves the hospital, or a doctor comes back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound, VisitsAhead
from hospital_bot.models import Appointment, Doctor, User
from hospital_bot.services import accounts, agenda, audit, booking, offers, otp, outbox
from hospital_bot.services.agenda import Entry
from hospital_bot.values import Who


def doctor_leaves(session: Session, *, doctor_id: int, take_back: bool, clinic: Clinic, now: datetime) -> list[Entry]:
    """The doctor is not booked, not written to and not logged in any more.

    Visits ahead are taken back and given: their patients are offered other times, as far as the bot reaches them.
    Raises VisitsAhead when they are not to be taken back, NotOffered when the doctor has left already.
    """
    booking.lock_doctors(session, Who(doctor_id))
    met = agenda.ahead(session, doctor_id=doctor_id, clinic=clinic, now=now)
    if met and not take_back:
        raise VisitsAhead(len(met), met[-1].start)
    _take_back(session, [entry.appointment_id for entry in met], now)
    offers.release(session, doctor_id=doctor_id)
    session.execute(update(Doctor).where(Doctor.doctor_id == doctor_id).values(active=False))
    _go(session, session.scalars(select(Doctor.user_id).where(Doctor.doctor_id == doctor_id)).one(), now)
    audit.record_doctor(session, "doctor.leave", doctor_id, None, audit.COMMANDS, now)
    return met


def doctor_returns(session: Session, *, doctor_id: int, now: datetime) -> None:
    """They log in anew; patients find them again. Raises NotFound for a doctor who is here."""
    back = update(Doctor).where(Doctor.doctor_id == doctor_id, Doctor.active.is_(False)).values(active=True)
    if not session.connection().execute(back).rowcount:
        raise NotFound
    audit.record_doctor(session, "doctor.return", doctor_id, None, audit.COMMANDS, now)


def admin_leaves(session: Session, *, user_id: int, now: datetime) -> None:
    """The account is a patient's from now on, as anybody may have one. Raises NotFound for who is no administrator."""
    gone = update(User).where(User.user_id == user_id, User.role == "admin").values(role="patient")
    if not session.connection().execute(gone).rowcount:
        raise NotFound
    _go(session, user_id, now)
    subject = f"user:{user_id}"
    audit.record(session, actor_id=None, action="admin.leave", subject=subject, channel=audit.COMMANDS, now=now)


def _take_back(session: Session, ids: list[int], now: datetime) -> None:
    rows = session.execute(queries.visits().where(Appointment.appointment_id.in_(ids))).all()
    visits = [queries.as_visit(row) for row in rows]
    for visit in visits:
        booking.close(session, visit.appointment_id, user_id=None, why=offers.WHY["away"], now=now)
        audit.record_visit(session, "visit.offer", visit, None, audit.COMMANDS, now)
    outbox.put(session, [offers.draft(visit, why="away", by=None, due_at=now) for visit in visits], now=now)


def _go(session: Session, user_id: int, now: datetime) -> None:
    """Logged out; nothing is sent to their chat any more, and no code or invitation given out so far lets them in."""
    accounts.shut_out(session, user_id=user_id)
    accounts.unlink(session, user_id=user_id)
    otp.kill_all(session, user_id=user_id, now=now)
