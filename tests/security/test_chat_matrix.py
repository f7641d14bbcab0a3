"""Who may do what in the chat: every button, pressed by everybody with somebody else's things in its data.

Buttons are forged, as by a person who knows how they are made. What the steps name is read from their parameters: a
step with a parameter that is in neither table below breaks the build until it says whether that is somebody's.
"""

from __future__ import annotations

import inspect
import re
from datetime import date, datetime
from typing import Any, get_type_hints

import pytest
from sqlalchemy import text

import handlers
from handlers import area
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Who
from tests.chat.conftest import Hospital, chat_of
from tests.chat.practice import patient_id, visit

THINGS = {"appointment_id": "appointments", "hold_id": "holds", "time_off_id": "time_off"}
"""Parameters that name what belongs to somebody, and where it is kept."""

PLAIN: dict[str, str] = {
    "who": "1",
    "doctor_id": "1",
    "page": "0",
    "minutes": "15",
    "on": "1",
    "why": "0",
    "status": "arrived",
    "name": "mon",
    "field": "name",
    "part": "diagnosis",
}
"""Those that name nothing of anybody's; dates and times of the clock are such by their type."""

ACTORS = ("stranger", "patient", "doctor")
NOBODYS = 4711

SECRET = "a cough that nobody else may hear of"
REASON = re.compile(SECRET)

handlers.load()


def parameters(verb: str) -> dict[str, Any]:
    step = inspect.getclosurevars(area.buttons[verb]).nonlocals["step"]
    _, *names = inspect.signature(step).parameters
    hints = get_type_hints(step)
    return {name: hints[name] for name in names}


def test_every_step_says_what_it_names() -> None:
    unknown = {
        f"{verb}: {name}"
        for verb in area.buttons
        for name, kind in parameters(verb).items()
        if name not in THINGS | PLAIN and kind not in (date, datetime)
    }
    assert unknown == set()


LEAVE = """
INSERT INTO time_off (doctor_id, starts, ends) VALUES (:doctor, '2026-12-07 00:00:00', '2026-12-09 00:00:00')
"""
HOLD = """
INSERT INTO holds (appointment_id, patient_id, doctor_id, hold_date, hold_time, minutes, expires_at)
VALUES (:visit, :patient, :doctor, '2026-11-24 00:00:00', '10:00:00', 30, '2026-12-24 00:00:00')
"""


class Stage:
    """Ann has a visit at Dr. Osei's, who is on leave later; the others have nothing to do with either."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital = hospital
        self.osei: Added = hospital.doctor("Dr. Osei")

    async def set(self) -> Stage:
        self.ann = await self.hospital.patient("Ann")
        booked = visit(self.hospital, self.ann, self.osei, "2026-11-23 10:00", SECRET)
        facts = {"visit": booked.appointment_id, "patient": patient_id(self.hospital, self.ann)}
        facts["doctor"] = self.osei.doctor_id
        with self.hospital.db.engine.begin() as connection:
            for statement in (LEAVE, HOLD):
                connection.execute(text(statement), facts)
        return self

    async def actor(self, kind: str) -> Phone:
        if kind == "stranger":
            return await self.hospital.phone("Zed")
        if kind == "patient":
            return await self.hospital.patient("Bob")
        return await self.hospital.staff(self.hospital.doctor("Dr. Lang", "Surgery"))

    def data(self, verb: str, thing: int) -> str:
        return ":".join([verb, *(self._argument(name, kind, thing) for name, kind in parameters(verb).items())])

    def _argument(self, name: str, kind: Any, thing: int) -> str:
        if kind is date:
            return "20261201"
        if kind is datetime:
            return "202612011000"
        return str(thing) if name in THINGS else str(self.osei.doctor_id) if kind is Who else PLAIN[name]

    def owned(self) -> list[Any]:
        """All that is Ann's and Dr. Osei's."""
        with self.hospital.db.engine.connect() as connection:
            return [
                tuple(row)
                for table in THINGS.values()
                for row in connection.exec_driver_sql(f"SELECT * FROM {table} WHERE doctor_id = 1").all()  # noqa: S608
                if table != "appointments" or row.patient_id == 1
            ]


async def heard(phone: Phone, data: str) -> tuple[Any, ...]:
    """All that tells one answer from another: what is shown, said in the little window, and offered."""
    await phone.says("/start")
    before = len(phone.messages)
    await phone.forges(data, phone.last.id)
    return phone.toast, [message.text for message in phone.messages[before - 1 :]], phone.last.buttons


NAMING = sorted(verb for verb in area.buttons if THINGS.keys() & parameters(verb).keys())


@pytest.mark.parametrize("kind", ACTORS)
async def test_anothers_thing_is_as_unknown_as_nobodys(hospital: Hospital, kind: str) -> None:
    stage = await Stage(hospital).set()
    phone, owned = await stage.actor(kind), stage.owned()
    told: dict[str, tuple[Any, Any]] = {}
    for verb in NAMING:
        told[verb] = (await heard(phone, stage.data(verb, 1)), await heard(phone, stage.data(verb, NOBODYS)))
    assert {verb: pair for verb, pair in told.items() if pair[0] != pair[1]} == {}
    assert stage.owned() == owned
    assert not REASON.search(chat_of(phone))


@pytest.mark.parametrize("kind", ACTORS)
async def test_no_button_touches_or_shows_what_is_anothers(hospital: Hospital, kind: str) -> None:
    stage = await Stage(hospital).set()
    phone, owned = await stage.actor(kind), stage.owned()
    for verb in sorted(area.buttons):
        await phone.says("/start")
        await phone.forges(stage.data(verb, 1), phone.last.id)
        assert "Something went wrong" not in chat_of(phone), verb
        assert not REASON.search(chat_of(phone)), verb
    assert stage.owned() == owned


@pytest.mark.parametrize("kind", ACTORS)
async def test_no_command_shows_what_is_anothers(hospital: Hospital, kind: str) -> None:
    stage = await Stage(hospital).set()
    phone = await stage.actor(kind)
    for name in area.commands:
        await phone.says(f"/{name}")
    assert not REASON.search(chat_of(phone))


async def test_whose_patient_it_is_sees_it(hospital: Hospital) -> None:
    """Without this, hiding everything from everybody would pass."""
    stage = await Stage(hospital).set()
    osei = await hospital.staff(stage.osei)
    await osei.says("/start")
    await osei.forges("doctor.visit:1", osei.last.id)
    assert REASON.search(chat_of(osei))
