"""The people of the demo, each with a phone in the simulator and a card that says what to try first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hospital_bot.clinic import Clinic
from hospital_bot.demo.hospital import ADMIN, ANN, BEN, DOCTORS, PASSWORD, Account, mailbox
from hospital_bot.models import Appointment, Patient, TelegramAccount, User, midnight
from hospital_bot.services import accounts
from hospital_bot.simulator import people
from hospital_bot.simulator.telegram import Telegram

DOCTOR = Account(DOCTORS[0][0], f"{mailbox(DOCTORS[0][0])}@stbrigid.example", "doctor")


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody to play. `email` and `password` are set where there is an account."""

    person_id: int
    name: str
    role: str
    note: str
    email: str = ""
    password: str = ""


PLAYED = (
    (ANN, True, "A patient, logged in. Try: Book a visit. Then turn the clock to just before it."),
    (BEN, False, "A patient with an account. Try: log in; the code comes to the mailbox."),
    (
        DOCTOR,
        True,
        "A cardiologist, logged in. Try /today, /late and /schedule, then the morning of a weekday for the day's list.",
    ),
    (
        ADMIN,
        True,
        "Runs the desk, logged in. Try /find to book for who calls; the next morning brings the patients to call.",
    ),
)
"""Who, whether they are logged in when the demo begins, and what to try."""
LOGGED_IN = {account.email for account, is_logged_in, _ in PLAYED if is_logged_in}


def assemble(telegram: Telegram) -> list[Card]:
    """A phone for each, and a new one that nobody has used; those of an earlier day are found again."""
    cards = [
        Card(_phone(telegram, account.name), account.name, account.role, note, account.email, PASSWORD)
        for account, _, note in PLAYED
    ]
    note = "Nobody knows this phone yet. Try: register."
    return [*cards, Card(_phone(telegram, "You"), "A new phone", "stranger", note)]


def _phone(telegram: Telegram, name: str) -> int:
    known = (user.id for user in telegram.people() if user.first_name == name)
    return next(known, None) or people.join(telegram, name).user.id


def next_visit(session: Session, *, clinic: Clinic, now: datetime) -> datetime | None:
    """When the next visit begins of anybody who has a phone."""
    wall = clinic.wall(now)
    row = session.execute(
        select(Appointment.appointment_date, Appointment.appointment_time)
        .join(Patient, Patient.patient_id == Appointment.patient_id)
        .join(TelegramAccount, TelegramAccount.user_id == Patient.user_id)
        .where(Appointment.live == 1, Appointment.appointment_date >= midnight(wall.date()))
        .where(or_(Appointment.appointment_date > wall, Appointment.appointment_time > wall.time()))
        .order_by(Appointment.appointment_date, Appointment.appointment_time)
        .limit(1)
    ).first()
    return clinic.instant(datetime.combine(*row)) if row else None


def greet(telegram: Telegram, cards: list[Card]) -> None:
    """Whoever is logged in has pressed Start some day: a bot can't write to anybody who did not."""
    for card in cards:
        if card.email in LOGGED_IN:
            people.Person(telegram, telegram.user(card.person_id)).starts()


def end_session(session: Session, *, card: Card) -> None:
    """A session of the staff lasts a day."""
    user_id = session.scalars(
        select(TelegramAccount.user_id).where(TelegramAccount.telegram_id == card.person_id)
    ).one()
    accounts.end_session(session, user_id=user_id)


def log_in(session: Session, *, cards: list[Card], now: datetime) -> None:
    """Those who are logged in when the demo begins."""
    user_ids = {email: user_id for email, user_id in session.execute(select(User.email, User.user_id))}  # noqa: C416 - rows, not a mapping
    for card in cards:
        if card.email in LOGGED_IN:
            accounts.link(session, telegram_id=card.person_id, user_id=user_ids[card.email], role=card.role, now=now)
