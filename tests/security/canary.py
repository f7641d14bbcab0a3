"""A hospital's day with canaries in every field, and its log at its most talkative. The test searches the output."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from sqlalchemy import insert

from handlers.area import Area
from handlers.screen import Screen
from handlers.turn import Turn
from hospital_bot import logs
from hospital_bot.models import MedicalRecord
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import pace
from tests.api.conftest import Person, serving
from tests.chat.conftest import Hospital
from tests.chat.conftest import opened as hospital_opened
from tests.chat.test_booking import TO_TIMES
from tests.clock import Clock
from tests.hospital import NOW
from tests.hospital import Hospital as Clinic

NAME, EMAIL, PHONE = "Canaria Yellowbird", "canaria@people.example", "030 901820"
ADDRESS, PASSWORD, WRONG = "7 Canary Wharf, Kiel", "canary sings at dawn", "canary sings at dusk"
REASON, DIAGNOSIS = "an itch under the yellow wing", "ornithosis"
SECRETS = {
    *("Canaria", "canaria@", "901820", "Canary Wharf", PASSWORD, WRONG, REASON, DIAGNOSIS),
    *("people.example", "an invented secret"),
}
"""What must not be in the output; the walk adds the codes and tokens that it is given."""

area = Area("canary")


@area.command("break")
def stumble(turn: Turn) -> Screen:
    """A bug that quotes the person."""
    raise ValueError(f"{turn.user} {REASON}")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Hospital]:
    clock = Clock()
    clock.now = NOW
    async with hospital_opened(f"sqlite:///{folder / 'hospital.db'}", clock, folder / "hospital.db") as hospital:
        SECRETS.add(hospital.telegram.token.partition(":")[2])
        yield hospital


def code(hospital: Hospital) -> str:
    found = hospital.mailbox.to(EMAIL)[0].code or ""
    SECRETS.add(found)
    return found


async def registers(hospital: Hospital, phone: Phone) -> None:
    await phone.says("/register")
    for answer in (NAME, EMAIL, PHONE, ADDRESS, PASSWORD):
        await phone.says(answer)
    await phone.taps("✅ Confirm")
    await phone.says("000000")
    await phone.says(code(hospital))


async def logs_in_again(hospital: Hospital, phone: Phone) -> None:
    hospital.clock.turn(minutes=2)
    for said in ("/logout", "/login", EMAIL, WRONG, PASSWORD, "000000"):
        await phone.says(said)
    await phone.says(code(hospital))


async def walks(hospital: Hospital, phone: Phone) -> None:
    await phone.walks(*TO_TIMES, "10:00")
    await phone.says(REASON)
    await phone.taps("✅ Confirm")
    await phone.walks("Move", "Mon 23 Nov · 5 free", "11:00", "✅ Move it")
    with hospital.db.engine.begin() as connection:
        connection.execute(insert(MedicalRecord).values(patient_id=1, doctor_id=1, diagnosis=DIAGNOSIS))
    await phone.walks("Cancel visit", "I can't come")
    await phone.says("/mydata")
    await phone.walks("/privacy", "Who saw my data")
    await hospital.product.tidy()
    await hospital.product.link()


async def stumbles(hospital: Hospital, phone: Phone) -> None:
    """A bug in a step, until it is set aside; one in a task that nobody waits for; one in a library; a broken table."""
    for _ in range(5):
        try:
            await phone.says("/break")
        except ValueError:
            structlog.get_logger().exception("bug")
    task = asyncio.create_task(_fails())
    await asyncio.wait([task])
    del task
    gc.collect()
    try:
        await _fails()
    except ValueError:
        logging.getLogger("some.library").exception("while at work\non %s", REASON)
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE appointments RENAME TO elsewhere")
    await asyncio.gather(phone.says("/appointments"), return_exceptions=True)


async def _fails() -> None:
    raise ValueError(f"{NAME} {PASSWORD}") from KeyError(EMAIL)


def uses_the_api(folder: Path) -> None:
    """The same person at other software: wrong, right, proven; and tokens that are no good."""
    hospital = Clinic.build(f"sqlite:///{folder}/api.db")
    with serving(hospital) as service:
        doctor, patient = service.doctor(), service.patient(NAME)
        person = Person(service, patient.user_id, patient.email, WRONG, patient_id=patient.patient_id)
        service.post("/login", {"email": person.email, "password": WRONG})
        token = patient.proves()
        SECRETS.update([token, service.code()])
        service.get("/patients/me/records", token=token + "x")
        patient.books(doctor.doctor_id, reason=REASON, token=token)
        hospital.sql("ALTER TABLE appointments RENAME TO elsewhere")
        service.get("/appointments", token=token)
    hospital.db.close()


async def main(folder: Path) -> None:
    pace.PERSON = ()  # type: ignore[assignment]  # the pace is proven elsewhere: here nobody waits
    async with opened(folder) as hospital:
        hospital.doctor()
        phone = await hospital.phone("Canaria")
        await registers(hospital, phone)
        await logs_in_again(hospital, phone)
        await walks(hospital, phone)
        await stumbles(hospital, phone)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    logs.set_up(logging.DEBUG)
    asyncio.run(main(place))
    uses_the_api(place)
    (place / "secrets").write_text("\n".join(sorted(SECRETS)))
    raise ValueError(f"the process ends with {NAME}, {DIAGNOSIS}")
