"""A patient's wish to be forgotten.

asked ──► waits for the hospital ──┬──► done: no name, no address, no chat; visits and records stay for their time
   ▲                │              │         └──► over: those go, too, and nothing is left
   └── taken back ◄─┘              └──► refused: the hospital says why; the patient may ask again

While there are visits ahead it waits for them, too. What stays is what the law wants kept of a treatment: visits and
records, under numbers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from hospital_bot import people
from hospital_bot.clinic import Clinic
from hospital_bot.errors import Conflict, NotAllowed, NotFound
from hospital_bot.models import (
    FORGOTTEN,
    Appointment,
    Conversation,
    Doctor,
    Erasure,
    Hold,
    MedicalRecord,
    Notification,
    OtpCode,
    Patient,
    TelegramAccount,
    TelegramUpdate,
    Throttle,
    User,
    midnight,
)
from hospital_bot.passwords import UNUSABLE
from hospital_bot.services import audit, outbox, privacy
from hospital_bot.services.accounts import Actor
from hospital_bot.services.outbox import Draft

NOBODY = "(erased)"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the law wants kept. `until` is the last day; None when there is nothing."""

    visits: int
    records: int
    until: date | None
    ahead: int
    """Visits still to come: the erasure waits for them."""


@dataclass(frozen=True, slots=True)
class Wish:
    user_id: int
    asked_at: datetime
    due_at: datetime
    refused_at: datetime | None


def wish(session: Session, *, user_id: int, now: datetime) -> Wish | None:  # noqa: ARG001 - every use case is told the time
    row = session.execute(_wishes().where(Erasure.user_id == user_id)).first()
    return Wish(*row) if row else None


def waiting(session: Session, *, now: datetime) -> list[Wish]:  # noqa: ARG001 - as above
    """What the hospital can still refuse, the next due first."""
    rows = session.execute(_wishes().where(Erasure.refused_at.is_(None)).order_by(Erasure.due_at))
    return [Wish(*row) for row in rows]


def _wishes() -> Select[*tuple[int, datetime, datetime, datetime | None]]:
    columns = (Erasure.user_id, Erasure.asked_at, Erasure.due_at, Erasure.refused_at)
    return select(*columns).where(Erasure.done_at.is_(None))


def kept(session: Session, *, patient_id: int, clinic: Clinic, now: datetime) -> Kept:
    """What would stay, and until when."""
    mine, today = Appointment.patient_id == patient_id, clinic.today(now)
    visits, last_visit = _counted(session, Appointment.appointment_date, mine, today)
    records, last_record = _counted(session, MedicalRecord.date_created, MedicalRecord.patient_id == patient_id, today)
    ahead = session.scalar(select(func.count()).where(mine, _ahead(clinic, now))) or 0
    ends = [last for last in (last_visit, last_record) if last]
    return Kept(visits, records, _years_on(max(ends), clinic.rules.records_years) if ends else None, ahead)


def _counted(
    session: Session, when: InstrumentedAttribute[Any], which: ColumnElement[bool], today: date
) -> tuple[int, date | None]:
    """How many there are, and the day of the last. One of other software's without a date may be of today."""
    found, dated, last = session.execute(select(func.count(), func.count(when), func.max(when)).where(which)).one()
    return found, today if dated < found else last.date() if last else None


def is_for(actor: Actor) -> bool:
    """Whether they may ask: what is kept of whoever works here is about others, too."""
    return actor.is_patient and actor.patient_id is not None and actor.doctor_id is None


def ask(session: Session, *, actor: Actor, clinic: Clinic, channel: str, now: datetime) -> Wish:
    """Asking twice is the same as once; after a refusal it is a new wish. Raises NotAllowed, or CodeNeeded."""
    if not is_for(actor):
        raise NotAllowed
    actor.require_fresh_proof(now)
    standing = wish(session, user_id=actor.user_id, now=now)
    if standing and not standing.refused_at:
        return standing
    session.execute(delete(Erasure).where(Erasure.user_id == actor.user_id))
    due_at = now + clinic.rules.erasure_window
    session.execute(insert(Erasure).values(user_id=actor.user_id, asked_at=now, due_at=due_at))
    _log(session, "erasure.ask", actor.user_id, actor.patient_id, actor.user_id, channel, now)
    return Wish(actor.user_id, now, due_at, None)


def take_back(session: Session, *, actor: Actor, channel: str, now: datetime) -> None:
    """Nothing happens any more. Raises NotFound when nothing was asked."""
    wanted = delete(Erasure).where(Erasure.user_id == actor.user_id, Erasure.done_at.is_(None))
    if not session.connection().execute(wanted).rowcount:
        raise NotFound
    _log(session, "erasure.take_back", actor.user_id, actor.patient_id, actor.user_id, channel, now)


def refuse(session: Session, *, user_id: int, now: datetime) -> None:
    """The hospital's veto, for a reason that the law gives; the patient is told, and asked to call.

    Raises NotFound when there is nothing to refuse.
    """
    refused = (
        update(Erasure)
        .where(Erasure.user_id == user_id, Erasure.done_at.is_(None), Erasure.refused_at.is_(None))
        .values(refused_at=now)
    )
    if not session.connection().execute(refused).rowcount:
        raise NotFound
    patient_id = session.scalar(select(Patient.patient_id).where(Patient.user_id == user_id))
    outbox.put(session, [Draft(user_id, "not_erased", f"{now:%Y%m%d%H%M%S}", now)], now=now)
    _log(session, "erasure.refuse", None, patient_id, user_id, audit.COMMANDS, now)


def carry_out(session: Session, *, clinic: Clinic, now: datetime) -> bool:
    """Forget one person whose time has come. False when there is none."""
    ahead = exists().where(Appointment.patient_id == Patient.patient_id, _ahead(clinic, now))
    due = and_(Erasure.due_at <= now, Erasure.done_at.is_(None), Erasure.refused_at.is_(None))
    found = session.execute(
        select(Patient.user_id, Patient.patient_id)
        .join(Erasure, Erasure.user_id == Patient.user_id)
        .where(due, ~ahead, Patient.user_id.not_in(_staff()))
        .order_by(Erasure.due_at)
        .limit(1)
    ).first()
    if found is None:
        return False
    user_id, patient_id = found
    _lock(session, patient_id, due & (Erasure.user_id == user_id), clinic, now)
    stays = kept(session, patient_id=patient_id, clinic=clinic, now=now)
    _log(session, "erasure.done", None, patient_id, user_id, "", now)
    _forget_the_chat(session, privacy.person(session, user_id, patient_id))
    if stays.until is None:
        session.execute(delete(User).where(User.user_id == user_id))
        return True
    _forget_the_name(session, user_id, patient_id)
    done = {"done_at": now, "kept_until": stays.until}
    session.execute(update(Erasure).where(Erasure.user_id == user_id).values(**done))
    return True


def purge(session: Session, *, now: datetime) -> int:
    """Forget the visits and records of people who are forgotten already, when the law lets go of them.

    And the message that somebody wrote for them at the very moment; it was never sent, for there is no chat.
    """
    gone = select(Erasure.user_id).where(Erasure.done_at.is_not(None))
    session.execute(delete(Notification).where(Notification.user_id.in_(gone)))
    over = select(Erasure.user_id).where(Erasure.kept_until < now.date(), Erasure.user_id.not_in(_staff()))
    users = list(session.scalars(over.limit(100)))
    for user_id in users:
        _log(session, "erasure.over", None, None, user_id, "", now)
    session.execute(delete(User).where(User.user_id.in_(users)))
    return len(users)


def _staff() -> Select[int]:
    """Whoever began to work here since they asked: with a doctor, the visits and records of others would go."""
    return select(User.user_id).outerjoin(Doctor).where(or_(User.role != "patient", Doctor.doctor_id.is_not(None)))


def _lock(session: Session, patient_id: int, due: ColumnElement[bool], clinic: Clinic, now: datetime) -> None:
    """Nobody books for the patient now, and the wish was not taken back meanwhile."""
    locked = update(Patient).where(Patient.patient_id == patient_id).values(booking_seq=Patient.booking_seq + 1)
    session.execute(locked)
    ahead = select(func.count()).where(Appointment.patient_id == patient_id, _ahead(clinic, now))
    standing = select(Erasure.user_id).where(due).with_for_update()
    if session.scalar(ahead) or session.scalar(standing) is None:
        raise Conflict


def _forget_the_chat(session: Session, who: privacy.Person) -> None:
    for statement in (
        delete(TelegramAccount).where(TelegramAccount.user_id == who.user_id),
        delete(Conversation).where(Conversation.chat_id == who.telegram_id),
        delete(TelegramUpdate).where(TelegramUpdate.chat_id == who.telegram_id),
        delete(OtpCode).where(OtpCode.user_id == who.user_id),
        delete(Notification).where(Notification.user_id == who.user_id),
        delete(Hold).where(Hold.patient_id == who.patient_id),
        delete(Throttle).where(who.attempts),
    ):
        session.execute(statement)


def _forget_the_name(session: Session, user_id: int, patient_id: int) -> None:
    """Nobody can log in as this user again, or find them by an address."""
    nobody = {
        "name": NOBODY,
        "email": f"erased-{user_id}{people.NO_MAIL}",
        "password": UNUSABLE,
        "totp_secret": None,
        "verified_at": None,
        "token_version": User.token_version + 1,
    }
    session.execute(update(User).where(User.user_id == user_id).values(**nobody))
    nowhere = {"address": None, "phone_number": None, "birth_date": None}
    session.execute(update(Patient).where(Patient.patient_id == patient_id).values(booking_seq=FORGOTTEN, **nowhere))
    typed = {"reason": None, "cancel_reason": None}
    session.execute(update(Appointment).where(Appointment.patient_id == patient_id).values(**typed))


def _ahead(clinic: Clinic, now: datetime) -> ColumnElement[bool]:
    """Today's count as ahead until the day is over."""
    return and_(Appointment.live == 1, Appointment.appointment_date >= midnight(clinic.today(now)))


def _years_on(day: date, years: int) -> date:
    """The same day so many years later; of 29 February the last of the month."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _log(
    session: Session,
    action: str,
    actor_id: int | None,
    patient_id: int | None,
    user_id: int,
    channel: str,
    now: datetime,
) -> None:
    audit.record(
        session,
        actor_id=actor_id,
        patient_id=patient_id,
        action=action,
        subject=f"user:{user_id}",
        channel=channel,
        now=now,
    )
