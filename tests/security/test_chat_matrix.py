"""Who may do what in the chat: every command, every button with somebody else's things in its data, every typed answer.

All are read from the registry, `handlers.area`. Buttons are forged, as by a person who knows how they are made. What
their steps name is read from the parameters: a step with a parameter that is in neither table below breaks the build
until it says whether that is somebody's. A typed answer rests on what its chat remembers: each has a row that says how
somebody comes to be asked, and then the phone is in other hands. One without a row breaks the build, too.
"""

from __future__ import annotations

import inspect
import re
from datetime import date, datetime
from typing import Any, get_type_hints

import pytest
from sqlalchemy import text

import handlers
from handlers import area, menu
from hospital_bot.services import accounts, doctors
from hospital_bot.services.doctors import Added
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Who
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of
from tests.chat.practice import administrator, patient_id, visit

THINGS = {
    "appointment_id": "appointments",
    "patient_id": "appointments",
    "about": "appointments",
    "hold_id": "holds",
    "time_off_id": "time_off",
}
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
    "piece": "0",
    "digest": "00000000",
}
"""Those that name nothing of anybody's; dates and times of the clock are such by their type."""

ANSWERS: dict[str, tuple[str, ...]] = {
    "register.name": ("nobody", "/register"),
    "register.email": ("nobody", "/register", "Zoe Zimmer"),
    "register.phone": ("nobody", "/register", "Zoe Zimmer", "zoe@people.example"),
    "register.address": ("nobody", "/register", "Zoe Zimmer", "zoe@people.example", "030 901820"),
    "register.password": ("nobody", "/register", "Zoe Zimmer", "zoe@people.example", "030 901820", "1 Quay, Kiel"),
    "register.code": (
        *("nobody", "/register", "Zoe Zimmer", "zoe@people.example", "030 901820", "1 Quay, Kiel", PASSWORD),
        ">register.confirm",
    ),
    "login.email": ("nobody", "/login"),
    "login.password": ("nobody", "/login", email_of("Ann")),
    "login.code": ("nobody", "/login", email_of("Ann"), PASSWORD),
    "reset.email": ("nobody", ">reset.start"),
    "reset.password": ("nobody", ">reset.start", email_of("Ann")),
    "reset.code": ("nobody", ">reset.start", email_of("Ann"), "seven swans swim north"),
    "invitation.password": ("nobody", "/start i_{invitation}"),
    "book.reason": ("Ann", ">book.time:1:202611231130"),
    "security.on": ("Ann", ">security.on"),
    "security.off": ("Ann", ">security.off"),
    "security.old": ("Ann", ">security.password"),
    "security.new": ("Ann", ">security.password", PASSWORD),
    "email.password": ("Ann", ">email.start"),
    "email.address": ("Ann", ">email.start", PASSWORD),
    "email.code": ("Ann", ">email.start", PASSWORD, "new@people.example"),
    "profile.phone": ("Ann", ">profile.phone"),
    "profile.address": ("Ann", ">profile.address"),
    "profile.birth_date": ("Ann", ">profile.born"),
    "proof.code": ("Ann", "a quarter of an hour passes", "/mydata"),
    "hours.line": ("Osei", ">hours.week"),
    "hours.times": ("Osei", ">hours.weekday:mon"),
    "find.who": ("Nora", "/find"),
    "record.text": ("Osei", ">record.write:2"),
}
"""States in which something typed is an answer: whose chat gets there, and how. `>` is a button."""

TYPED = ("000000", "sat off", "seven swans swim south", "eve@people.example")

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
        self.new: Added = hospital.doctor("Dr. New", "Surgery")

    async def set(self) -> Stage:
        self.ann = await self.hospital.patient("Ann")
        booked = visit(self.hospital, self.ann, self.osei, "2026-11-23 10:00", SECRET)
        facts = {"visit": booked.appointment_id, "patient": patient_id(self.hospital, self.ann)}
        facts["doctor"] = self.osei.doctor_id
        visit(self.hospital, self.ann, self.osei, "2026-11-20 11:00")
        with self.hospital.db.engine.begin() as connection:
            for statement in (LEAVE, HOLD, "UPDATE appointments SET status = 'completed' WHERE appointment_id = 2"):
                connection.execute(text(statement), facts)
        return self

    async def asked(self, state: str) -> Phone:
        """The phone of somebody whose chat has come so far that this state's answer is waited for."""
        whose, *steps = ANSWERS[state]
        self.hospital.clock.turn(minutes=2)
        self.write("DELETE FROM throttles")
        owner = await self._owner(whose)
        token = self.hospital.do(doctors.invite, user_id=self.new.user_id, keys=self.hospital.keys)
        await owner.says("/start")
        for step in steps:
            if step.startswith(">"):
                await owner.forges(step[1:], owner.last.id)
            elif step == "a quarter of an hour passes":
                self.hospital.clock.turn(minutes=16)
            else:
                await owner.says(step.format(invitation=token))
        asked = "SELECT state FROM conversations WHERE chat_id = :id"
        assert self.hospital.scalar(asked, id=owner.id) == state
        return owner

    async def _owner(self, whose: str) -> Phone:
        if whose == "Ann":
            self._links(self.ann, "Ann")
            return self.ann
        if whose == "Nora":
            return await administrator(self.hospital)
        return await (self.hospital.staff(self.osei) if whose == "Osei" else self.hospital.phone("Zoe"))

    async def falls_into_the_hands_of(self, kind: str, phone: Phone) -> None:
        """The chat stays as it is; whoever was logged in there no longer is."""
        name = {"patient": "Bob", "doctor": "Dr. Lang"}.get(kind)
        if name is None:
            self.write("DELETE FROM telegram_accounts WHERE telegram_id = :id", id=phone.id)
            return
        if not self.hospital.scalar("SELECT COUNT(*) FROM users WHERE name = :name", name=name):
            await self.actor(kind)
        self._links(phone, name)

    def _links(self, phone: Phone, name: str) -> None:
        facts = text("SELECT user_id, role FROM users WHERE name = :name")
        with self.hospital.db.engine.connect() as connection:
            user_id, role = connection.execute(facts, {"name": name}).one()
        self.hospital.do(accounts.link, telegram_id=phone.id, user_id=user_id, role=role)

    def write(self, statement: str, **values: Any) -> None:
        with self.hospital.db.engine.begin() as connection:
            connection.execute(text(statement), values)

    def belongings(self) -> list[Any]:
        """What Ann and Dr. Osei own, are and know."""
        asked = (
            "SELECT * FROM doctors WHERE doctor_id = 1",
            "SELECT * FROM medical_records",
            "SELECT user_id, email, password, totp_secret FROM users WHERE name IN ('Ann', 'Dr. Osei')",
        )
        with self.hospital.db.engine.connect() as connection:
            return self.owned() + [tuple(row) for sql in asked for row in connection.execute(text(sql))]

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
        hospital.clock.turn(minutes=1)  # else the twentieth would be told to wait
        told[verb] = (await heard(phone, stage.data(verb, 1)), await heard(phone, stage.data(verb, NOBODYS)))
    assert {verb: pair for verb, pair in told.items() if pair[0] != pair[1]} == {}
    assert stage.owned() == owned
    assert not REASON.search(chat_of(phone))


@pytest.mark.parametrize("kind", ACTORS)
async def test_no_button_touches_or_shows_what_is_anothers(hospital: Hospital, kind: str) -> None:
    stage = await Stage(hospital).set()
    phone, owned = await stage.actor(kind), stage.owned()
    for verb in sorted(area.buttons):
        hospital.clock.turn(seconds=10)
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


def test_every_typed_answer_has_a_row() -> None:
    assert set(ANSWERS) == set(area.answers)


@pytest.mark.parametrize("kind", ACTORS)
async def test_no_typed_answer_touches_or_shows_what_is_anothers(hospital: Hospital, kind: str) -> None:
    stage = await Stage(hospital).set()
    for state in ANSWERS:
        phone, owned = await stage.asked(state), stage.belongings()
        await stage.falls_into_the_hands_of(kind, phone)
        for typed in TYPED:
            await phone.says(typed)
        assert "Something went wrong" not in chat_of(phone), state
        assert not REASON.search(chat_of(phone)), state
        assert stage.belongings() == owned, state


@pytest.mark.parametrize("next_one", ["Bob", "Dr. Lang"])
async def test_whoever_logs_in_next_on_a_phone_finds_nothing_of_the_one_before(
    hospital: Hospital, next_one: str
) -> None:
    """Dr. Osei's session ends half-way through a record, and the phone is the ward's."""
    stage = await Stage(hospital).set()
    for kind in ("patient", "doctor"):
        await stage.actor(kind)
    stage.write("UPDATE users SET password = :hash", hash=hospital.hashed(PASSWORD))
    phone = await stage.asked("record.text")
    await phone.says(SECRET)
    stage.write(
        "UPDATE telegram_accounts SET session_ends_at = '2026-01-01 00:00:00' WHERE telegram_id = :id", id=phone.id
    )
    for said in ("/login", email_of(next_one), PASSWORD):
        await phone.says(said)
    await phone.says(hospital.code(next_one))
    assert f"Hello {next_one}" in phone.last.text

    rest = [stage.data(verb, 2) for verb in sorted(area.buttons) if verb.partition(".")[0] in menu.DRAFTS]
    for data in ("record.skip:1:diagnosis", "record.skip:1:treatment_plan", *rest):
        hospital.clock.turn(seconds=10)
        await phone.forges(data, phone.messages[0].id)
        assert not REASON.search(chat_of(phone)), data


async def test_whose_patient_it_is_sees_it(hospital: Hospital) -> None:
    """Without this, hiding everything from everybody would pass."""
    stage = await Stage(hospital).set()
    osei = await hospital.staff(stage.osei)
    await osei.says("/start")
    await osei.forges("doctor.visit:1", osei.last.id)
    assert REASON.search(chat_of(osei))
