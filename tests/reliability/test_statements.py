"""Every step costs few statements, and no more of them in a large hospital."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import pace
from tests.chat.conftest import PASSWORD, Hospital, email_of, opened
from tests.clock import Clock
from tests.hospital import NOW
from tests.servers import numbers

pytestmark = [pytest.mark.mariadb, pytest.mark.prove]

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
FEW, MANY = 100, 1_000_000 if PROVE else 5_000
MOST = 10
PASSWORD_MOST = 13
"""A password costs three transactions: the attempt is counted in one that a crash can't undo, and no lock is held
while it is hashed."""
DOCTORS = 50
SPECIALIZATIONS = ("Cardiology", "Dermatology", "ENT", "Neurology", "Surgery")
PEOPLE = """
INSERT INTO users (name, email, password, role)
SELECT 'Somebody', CONCAT(seq, '@old.example'), 'unusable', 'patient' FROM {numbers}
"""
PATIENTS = "INSERT INTO patients (user_id) SELECT user_id FROM users WHERE role = 'patient'"
FILL = """
INSERT INTO appointments (patient_id, doctor_id, appointment_date, appointment_time, status)
SELECT p.patient_id, d.doctor_id, DATE('2026-12-20') - INTERVAL (seq DIV {doctors} DIV 10) DAY,
    SEC_TO_TIME(46800 + 1800 * (seq DIV {doctors} MOD 10)),
    IF(DATE('2026-12-20') - INTERVAL (seq DIV {doctors} DIV 10) DAY < DATE('2026-11-20'), 'completed', 'confirmed')
FROM {numbers}
JOIN (SELECT doctor_id, ROW_NUMBER() OVER (ORDER BY doctor_id) - 1 AS n FROM doctors) d ON d.n = seq MOD {doctors}
JOIN (SELECT patient_id, ROW_NUMBER() OVER (ORDER BY patient_id) - 1 AS n FROM patients) p ON p.n = seq MOD {doctors}
"""
"""Ten afternoons' visits a day for each doctor, from next month back into the past."""


@pytest.fixture
async def hospital(hospital_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hospital]:
    monkeypatch.setattr(pace, "PERSON", ())
    clock = Clock()
    clock.now = NOW
    async with opened(hospital_url, clock, tmp_path) as hospital:
        yield hospital


def staffed(hospital: Hospital) -> None:
    """As many doctors as patients, none of whom will be heard of."""
    for number in range(DOCTORS):
        hospital.doctor(f"Dr. {number}", SPECIALIZATIONS[number % 5], weekly="mon-sun 09:00-18:00")
    sql(hospital, PEOPLE.format(numbers=numbers(1, DOCTORS)), PATIENTS)


def sql(hospital: Hospital, *statements: str) -> None:
    """However long it takes: the product's own connections give up after seconds."""
    engine = create_engine(hospital.db.engine.url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@dataclass
class Walk:
    """One person's way through everything, and what each step cost."""

    hospital: Hospital
    phone: Phone
    costs: dict[str, int] = field(default_factory=dict)

    async def costs_of(self, step: str, turn: Awaitable[object]) -> None:
        with self.hospital.statements() as seen:
            await turn
        self.costs[f"{len(self.costs) + 1:>2} {step}"] = len(seen)

    async def says(self, words: str, step: str = "") -> None:
        await self.costs_of(step or words, self.phone.says(words))

    async def taps(self, pattern: str) -> None:
        """The last button like this."""
        label = [label for label in self._labels() if re.search(pattern, label)][-1]
        await self.costs_of(f"[{pattern}]", self.phone.taps(label))

    def _labels(self) -> list[str]:
        return next(each.buttons for each in reversed(self.phone.messages) if each.is_from_bot and each.buttons)

    async def registers(self) -> None:
        await self.says("/start")
        await self.says("/register")
        for answer in (self.phone.name, email_of(self.phone.name), "+4930901820", "1 Harbour Road, Kiel"):
            await self.says(answer, "an answer")
        await self.says(PASSWORD, "the password")
        await self.taps("Confirm")
        await self.says(self.hospital.code(self.phone.name), "the code")

    async def logs_in(self) -> None:
        self.hospital.clock.turn(minutes=2)
        await self.says("/logout")
        await self.says("/login")
        await self.says(email_of(self.phone.name), "the address")
        await self.says(PASSWORD, "the password")
        await self.says(self.hospital.code(self.phone.name), "the code")

    async def books(self) -> None:
        await self.says("/book")
        for label in ("Cardiology", "Dr[.]", "Month", "Back", "free$", r"^\d\d:\d\d$", "Skip", "Confirm"):
            await self.taps(label)

    async def books_with_anybody(self) -> None:
        await self.says("/book")
        for label in ("Cardiology", "Any", "free$", r"^11:\d\d$"):
            await self.taps(label)
        await self.says("My heart", "the reason")
        await self.taps("Confirm")

    async def moves_and_cancels(self) -> None:
        await self.says("/appointments")
        for label in ("Dr[.]", "Move", "free$", r"^\d\d:\d\d$", "Move it", "Cancel visit", "can't come"):
            await self.taps(label)
        await self.says("/appointments")
        await self.taps("Past")


async def walked(hospital: Hospital, name: str) -> dict[str, int]:
    walk = Walk(hospital, await hospital.phone(name))
    await walk.registers()
    await walk.logs_in()
    await walk.books()
    await walk.books_with_anybody()
    await walk.moves_and_cancels()
    return walk.costs


@pytest.mark.timeout(1200)
async def test_no_step_costs_more_than_ten_statements_however_large_the_hospital(
    hospital: Hospital, capsys: pytest.CaptureFixture[str]
) -> None:
    staffed(hospital)
    sql(hospital, FILL.format(doctors=DOCTORS, numbers=numbers(0, FEW - 1)))
    few = await walked(hospital, "Ann")
    sql(hospital, FILL.format(doctors=DOCTORS, numbers=numbers(FEW, MANY - 1)))
    many = await walked(hospital, "Bob")
    with capsys.disabled():
        print(f"\n{'statements with visits:':<26}{FEW:>10,}{MANY:>12,}", *table(few, many), sep="\n")  # noqa: T201

    assert [step for step, cost in many.items() if cost > (PASSWORD_MOST if "password" in step else MOST)] == []
    assert few == many


def table(few: dict[str, int], many: dict[str, int]) -> list[str]:
    return [f"{step:<26}{cost:>10}{many.get(step, ''):>12}" for step, cost in few.items()]
