"""The visits of a patient: one, those ahead, those that are over. And one of a doctor's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, not_, or_
from sqlalchemy.orm import Session

from hospital_bot import queries
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.models import Appointment, midnight, next_day
from hospital_bot.values import Visit

PAGE = 5
"""Past visits shown at once."""


def one(session: Session, *, appointment_id: int, patient_id: int, now: datetime) -> Visit:  # noqa: ARG001 - every use case is told the time
    """This patient's visit. Raises NotFound for another's exactly as for none."""
    return _one(session, appointment_id, Appointment.patient_id == patient_id)


def of_doctor(session: Session, *, appointment_id: int, doctor_id: int) -> Visit:
    """The same, of this doctor's."""
    return _one(session, appointment_id, Appointment.doctor_id == doctor_id)


def _one(session: Session, appointment_id: int, own: ColumnElement[bool]) -> Visit:
    row = session.execute(queries.visits().where(Appointment.appointment_id == appointment_id, own)).one_or_none()
    if row is None:
        raise NotFound
    return queries.as_visit(row)


def upcoming(session: Session, *, patient_id: int, clinic: Clinic, now: datetime) -> list[Visit]:
    """Live visits that have not begun, the next one first."""
    rows = session.execute(
        queries.visits()
        .where(Appointment.patient_id == patient_id, _ahead(clinic, now))
        .order_by(Appointment.appointment_date, Appointment.appointment_time)
    )
    return [queries.as_visit(row) for row in rows]


def past(session: Session, *, patient_id: int, page: int, clinic: Clinic, now: datetime) -> tuple[list[Visit], bool]:
    """One page of the visits that are over or cancelled, the latest first; and whether there are more."""
    rows = session.execute(
        queries.visits()
        .where(Appointment.patient_id == patient_id, not_(func.coalesce(_ahead(clinic, now), false())))
        .order_by(
            Appointment.appointment_date.desc(),
            Appointment.appointment_time.desc(),
            Appointment.appointment_id.desc(),
        )
        .limit(PAGE + 1)
        .offset(PAGE * max(page, 0))
    ).all()
    return [queries.as_visit(row) for row in rows[:PAGE]], len(rows) > PAGE


def _ahead(clinic: Clinic, now: datetime) -> ColumnElement[bool]:
    wall = clinic.wall(now)
    return and_(
        Appointment.live == 1,
        Appointment.appointment_date >= midnight(wall.date()),
        or_(Appointment.appointment_date >= next_day(wall.date()), Appointment.appointment_time > wall.time()),
    )


def may_change(visit: Visit, clinic: Clinic, now: datetime) -> bool:
    """True while the patient may still move or cancel this visit."""
    return visit.live and clinic.instant(visit.start) - now >= clinic.rules.cut_off
