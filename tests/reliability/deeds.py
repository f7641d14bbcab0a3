"""Everything that patients, doctors and the hospital can do, each as one verb that dice decide about."""

# ruff: noqa: S608 - the statements are made of this file's own parts

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import insert, text

from hospital_bot.errors import Refusal
from hospital_bot.models import TelegramAccount
from hospital_bot.services import (
    accounts,
    approvals,
    attendance,
    booking,
    delays,
    digests,
    erasure,
    hours,
    leave,
    leaving,
    notifications,
    offers,
    outbox,
    outside,
    reminders,
)
from hospital_bot.services.notifications import Message
from hospital_bot.services.outbox import Outcome
from hospital_bot.values import Who
from tests.hospital import Hospital
from tests.reliability import never

T = TypeVar("T")
Dice = random.Random
Verb = Callable[["Deeds", Dice], None]

VISITS = """
SELECT a.appointment_id, a.patient_id, a.doctor_id, p.user_id, d.user_id AS doctors_user
FROM appointments a JOIN patients p USING (patient_id) JOIN doctors d ON d.doctor_id = a.doctor_id
"""
VERBS: dict[str, Verb] = {}
OFTEN = ("books", "books", "books", "moves", "marks", "sends", "time_passes")
"""Done more often than once for each time that everything else is done once."""
WEEKS = ("mon-sun 09:00-13:00", "mon-sun 09:00-17:00", "mon-sun 10:00-12:00 13:00-18:00", "mon-sun off")
LENGTHS = ("15", "30", "45", "120", "240")
TURNS = (5, 20, 60, 180, 840, 1440)
"""Minutes by which the clock is turned."""
LEASE = timedelta(minutes=3)


def verb(act: Verb) -> Verb:
    VERBS[act.__name__] = act
    return act


@dataclass
class Deeds:
    """One hospital: three doctors of one specialization, four patients with some visits, an admin."""

    hospital: Hospital
    doctors: list[int] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    """When what was done, and how it was refused."""
    alone: bool = True
    """Nobody else does anything meanwhile."""
    sent: int = 0
    untrue: list[Message] = field(default_factory=list)
    """What was sent though it was not so; among threads it may only have become so."""
    _serial: count[int] = field(default_factory=count)

    @classmethod
    def of(cls, hospital: Hospital) -> Deeds:
        deeds = cls(hospital)
        deeds.doctors = [hospital.doctor([("09:00", "17:00")], minutes=length) for length in (30, 45, 120)]
        for doctor_id in deeds.doctors:
            deeds._link(deeds._users("doctors", doctor_id))
        for _ in range(4):
            deeds.registers()
        deeds._link(hospital.user("Nora Lind", "admin"))
        for number in range(8):
            deeds.do("books", Dice(number))
        return deeds

    def registers(self) -> None:
        user_id = self.hospital.user_of(self.hospital.patient())
        self.hospital.sql("UPDATE users SET verified_at = '2026-11-01' WHERE user_id = :id", id=user_id)
        self._link(user_id)

    def do(self, name: str, dice: Dice) -> None:
        """A refusal is an answer; anything else that is raised is a bug."""
        outcome = ""
        try:
            VERBS[name](self, dice)
        except Refusal as refusal:
            outcome = f"refused: {refusal.code}"
        self.story.append(f"{self.hospital.now:%a %H:%M} {name} {outcome}")

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.hospital.db.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def run(self, use_case: Callable[..., T], **facts: Any) -> T:
        return self.hospital.db.run(use_case, **facts, now=self.hospital.now)

    def in_clinic(self, use_case: Callable[..., T], **facts: Any) -> T:
        return self.run(use_case, clinic=self.hospital.clinic, **facts)

    def any(self, dice: Dice, statement: str) -> Any:
        """One of these rows; None when there is none."""
        rows = self.rows(f"{statement} ORDER BY 1")
        return dice.choice(rows) if rows else None

    def patient(self, dice: Dice) -> Any:
        found = self.any(dice, "SELECT patient_id, user_id FROM patients JOIN users USING (user_id) WHERE verified_at")
        if found is None:
            self.registers()
            return self.patient(dice)
        return found

    def visit(self, dice: Dice, where: str = "live = 1") -> Any:
        """With the users of its patient and its doctor."""
        return self.any(dice, f"{VISITS} WHERE {where}")

    def moment(self, dice: Dice, who: Who) -> datetime:
        """Mostly a time that is offered one of these days."""
        day = self.hospital.clinic.today(self.hospital.now) + timedelta(days=dice.choice((0, 0, 1, 2)))
        free = self.hospital.times(who, day) if dice.random() < 0.9 else []
        return dice.choice(free) if free else datetime.combine(day, datetime.min.time()).replace(hour=11)

    def who(self, dice: Dice) -> Who:
        return dice.choice([*map(Who, self.doctors), Who.any_of("Cardiology")])

    def request(self) -> str:
        return f"deed-{next(self._serial)}"

    def by_doctor(self, dice: Dice) -> dict[str, Any]:
        doctor_id = dice.choice(self.doctors)
        return {"doctor_id": doctor_id, "user_id": self._users("doctors", doctor_id), "channel": "test"}

    def _users(self, table: str, key: int) -> int:
        found = f"SELECT user_id FROM {table} WHERE {table[:-1]}_id = :id"
        return int(self.hospital.scalar(found, id=key))

    def _link(self, user_id: int) -> None:
        now = self.hospital.now
        row = {"telegram_id": 1000 + user_id, "user_id": user_id, "proved_at": now}
        with self.hospital.db.engine.begin() as connection:
            connection.execute(insert(TelegramAccount), row | {"session_ends_at": now + timedelta(days=99)})


@verb
def books(deeds: Deeds, dice: Dice) -> None:
    """Themselves or through the desk; some tap twice."""
    patient, who = deeds.patient(dice), deeds.who(dice)
    asked = {"patient_id": patient.patient_id, "who": who, "start": deeds.moment(dice, who)}
    asked |= {"request_id": deeds.request(), "in_stead": dice.random() < 0.2, "user_id": patient.user_id}
    booked = deeds.in_clinic(booking.book, **asked)
    if deeds.alone and dice.random() < 0.1:
        assert deeds.in_clinic(booking.book, **asked).appointment_id == booked.appointment_id


@verb
def moves(deeds: Deeds, dice: Dice) -> None:
    if visit := deeds.visit(dice):
        who = deeds.who(dice)
        asked = {"appointment_id": visit.appointment_id, "patient_id": visit.patient_id, "user_id": visit.user_id}
        asked |= {"who": who, "start": deeds.moment(dice, who), "request_id": deeds.request()}
        desk = dice.random() < 0.3
        clinic = deeds.hospital.clinic.unbound if desk else deeds.hospital.clinic
        deeds.run(booking.move, clinic=clinic, in_stead=desk, sure=dice.random() < 0.5, **asked)


@verb
def cancels(deeds: Deeds, dice: Dice) -> None:
    if visit := deeds.visit(dice, "1 = 1"):
        asked = {"appointment_id": visit.appointment_id, "patient_id": visit.patient_id, "user_id": visit.user_id}
        deeds.in_clinic(booking.cancel, **asked, in_stead=dice.random() < 0.3)


@verb
def leaves_or_returns(deeds: Deeds, dice: Dice) -> None:
    """A doctor, who is mostly back soon: where nobody works nobody is met."""
    doctor_id = dice.choice(deeds.doctors)
    if dice.random() < 0.15:
        deeds.in_clinic(leaving.doctor_leaves, doctor_id=doctor_id, take_back=dice.random() < 0.8)
        return
    deeds.run(leaving.doctor_returns, doctor_id=doctor_id)
    deeds._link(deeds._users("doctors", doctor_id))


@verb
def takes_an_offer(deeds: Deeds, dice: Dice) -> None:
    kept = "SELECT hold_id, doctor_id, h.patient_id, user_id FROM holds h JOIN patients USING (patient_id)"
    if hold := deeds.any(dice, kept):
        deeds.in_clinic(offers.take, **hold._asdict(), request_id=deeds.request())


@verb
def is_coming(deeds: Deeds, dice: Dice) -> None:
    if visit := deeds.any(
        dice, "SELECT appointment_date AS day, user_id FROM appointments JOIN patients USING (patient_id)"
    ):
        day = datetime.fromisoformat(str(visit.day)).date()
        deeds.in_clinic(reminders.coming, telegram_id=1000 + visit.user_id, day=day)


@verb
def blocks_the_bot(deeds: Deeds, dice: Dice) -> None:
    reachable = dice.random() < 0.6
    deeds.run(accounts.mark_blocked, telegram_id=1000 + deeds.patient(dice).user_id, reachable=reachable)


@verb
def wants_to_be_forgotten(deeds: Deeds, dice: Dice) -> None:
    """Or takes it back; or the hospital refuses."""
    actor = deeds.run(accounts.actor, telegram_id=1000 + deeds.patient(dice).user_id)
    if actor is None:
        return
    act = dice.choice(("ask", "ask", "take back", "refuse"))
    if act == "refuse":
        deeds.run(erasure.refuse, user_id=actor.user_id)
    elif act == "take back":
        deeds.run(erasure.take_back, actor=actor, channel="test")
    else:
        proven = replace(actor, proved_at=deeds.hospital.now)
        deeds.in_clinic(erasure.ask, actor=proven, channel="test")


@verb
def forgets(deeds: Deeds, dice: Dice) -> None:
    while deeds.in_clinic(erasure.carry_out):
        pass
    deeds.run(erasure.purge)
    deeds.run(offers.purge)


@verb
def has_wishes(deeds: Deeds, dice: Dice) -> None:
    """From now on visits wait for the doctor's answer, or don't; and digests come on evenings and Sundays."""
    doctor = deeds.by_doctor(dice)
    deeds.run(hours.approve, **doctor, on=dice.random() < 0.6)
    deeds.run(digests.wish, doctor_id=doctor["doctor_id"], on_evenings=dice.random() < 0.5, weekly=dice.random() < 0.5)


@verb
def answers(deeds: Deeds, dice: Dice) -> None:
    if visit := deeds.visit(dice, "status = 'pending'"):
        facts = {"appointment_id": visit.appointment_id, "doctor_id": visit.doctor_id, "user_id": visit.doctors_user}
        deeds.in_clinic(dice.choice((approvals.confirm, approvals.decline)), **facts, channel="test")


@verb
def expire(deeds: Deeds, dice: Dice) -> None:
    deeds.in_clinic(approvals.expire)


@verb
def decides(deeds: Deeds, dice: Dice) -> None:
    """About a visit that falls outside, or that can't stay for another reason."""
    if visit := deeds.visit(dice):
        facts = {"appointment_id": visit.appointment_id, "doctor_id": visit.doctor_id, "user_id": visit.doctors_user}
        deeds.in_clinic(dice.choice((outside.keep, outside.offer, outside.cancel)), **facts, channel="test")


@verb
def goes_away(deeds: Deeds, dice: Dice) -> None:
    first = deeds.hospital.clinic.today(deeds.hospital.now) + timedelta(days=dice.choice((0, 1, 2)))
    deeds.in_clinic(leave.add, **deeds.by_doctor(dice), first=first, last=first + timedelta(days=dice.choice((0, 1))))


@verb
def falls_sick(deeds: Deeds, dice: Dice) -> None:
    day = deeds.hospital.clinic.today(deeds.hospital.now) + timedelta(days=dice.choice((0, 0, 1)))
    deeds.in_clinic(leave.report_sick, **deeds.by_doctor(dice), day=day)


@verb
def comes_back(deeds: Deeds, dice: Dice) -> None:
    """Also from a sick day, while it can be undone."""
    away = "SELECT time_off_id, t.doctor_id, user_id FROM time_off t JOIN doctors USING (doctor_id)"
    if absence := deeds.any(dice, away):
        deeds.in_clinic(leave.remove, **absence._asdict(), channel="test")


@verb
def changes_hours(deeds: Deeds, dice: Dice) -> None:
    day = deeds.hospital.clinic.today(deeds.hospital.now) + timedelta(days=1)
    change = dice.choice(
        [
            hours.Change("week", dice.choice(WEEKS)),
            hours.Change("minutes", dice.choice(LENGTHS)),
            hours.Change("date", dice.choice(("off", "09:00-11:00")), day),
        ]
    )
    deeds.in_clinic(hours.change, **deeds.by_doctor(dice), change=change)


@verb
def marks(deeds: Deeds, dice: Dice) -> None:
    if visit := deeds.visit(dice, "status <> 'cancelled'"):
        facts = {"appointment_id": visit.appointment_id, "doctor_id": visit.doctor_id, "user_id": visit.doctors_user}
        deeds.in_clinic(attendance.mark, **facts, status=dice.choice(attendance.MARKS), channel="test")


@verb
def is_late(deeds: Deeds, dice: Dice) -> None:
    deeds.in_clinic(delays.announce, **deeds.by_doctor(dice), minutes=dice.choice(delays.DELAYS))


@verb
def sends(deeds: Deeds, dice: Dice) -> None:
    """Digests are planned, and whatever is due goes out."""
    deeds.in_clinic(digests.plan_digests)
    token = f"{dice.random()}"[:32]
    while claimed := deeds.run(outbox.claim, token=token, most=50, lease=LEASE):
        for each in claimed:
            mine = {"notification_id": each.notification_id, "token": token}
            if message := deeds.in_clinic(notifications.check, **mine, lease=LEASE):
                deeds.sent += 1
                deeds.untrue += [message] * never.untrue(message, never.statuses(deeds.hospital))
                deeds.run(outbox.settle, **mine, outcome=Outcome("sent"))


@verb
def time_passes(deeds: Deeds, dice: Dice) -> None:
    deeds.hospital.later(minutes=dice.choice(TURNS))
