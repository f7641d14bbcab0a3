"""A dialogue played by three phones: register, log in, book, lose a race, move, cancel; then the clock is turned.

A patient is reminded and says "I'm coming"; the doctor reads the day's list, runs late, and is ill another day.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path

from hospital_bot.demo import cast
from hospital_bot.demo.actor import Actor, ScriptError
from hospital_bot.demo.stage import Stage, stage
from hospital_bot.demo.transcript import Transcript
from hospital_bot.simulator.lines import HttpLine
from hospital_bot.simulator.phone import Phone

DOCTOR = "Dr. Amina Osei"


async def play() -> int:
    """Play it and print it. The exit code: 0 only when every step was right."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as on, HttpLine(on.address) as line:
            transcript = Transcript()
            try:
                await _Play(on, line, transcript).all_scenes()
            except AssertionError as error:
                transcript.note(f"WRONG: {error}")
                return 1
            transcript.note("Every step was right.")
            return 0


class _Play:
    """The scenes, in their order."""

    def __init__(self, on: Stage, line: HttpLine, transcript: Transcript) -> None:
        self._on, self._line, self._transcript = on, line, transcript
        self._doctor = next(card for card in on.cards if card.name == DOCTOR)

    async def all_scenes(self) -> None:
        mia, leo = [Actor(self._on, await Phone.bought(self._line, name), self._transcript) for name in ("Mia", "Leo")]
        osei = Actor(self._on, Phone(self._line, self._doctor.person_id, DOCTOR), self._transcript)
        await self._registering(mia, leo)
        await self._racing(mia, leo)
        await self._changing(mia)
        await self._being_reminded(mia, leo, osei)
        await self._falling_ill(leo, osei)

    async def _registering(self, mia: Actor, leo: Actor) -> None:
        self._transcript.scene("Mia registers")
        await mia.registers("Mia Sørensen", "mia@example.com", "+49 30 901820", "5 Harbour Street, Berlin")
        self._transcript.scene("She logs out and in again, with the mailed code")
        await mia.says("/logout")
        await mia.says("/login")
        await mia.proves_identity("mia@example.com")
        self._transcript.scene("Leo registers too")
        await leo.registers("Leo Martin", "leo@example.com", "+49 30 901821", "7 Harbour Street, Berlin")

    async def _racing(self, mia: Actor, leo: Actor) -> None:
        self._transcript.scene("Both want the same time")
        for actor in (mia, leo):
            await actor.chooses_a_time(DOCTOR, day=1, which=0)
        await mia.taps("✅ Confirm")
        mia.expects("Booked")
        await leo.taps("✅ Confirm")
        leo.expects("Someone just took that time")

    async def _changing(self, mia: Actor) -> None:
        self._transcript.scene("Mia looks at her visits, moves hers, and cancels it")
        await mia.says("/appointments")
        await mia.taps(mia.label("Osei"))
        await mia.taps("Move")
        await mia.taps(mia.label("free$", which=1))
        await mia.taps(mia.label(r"^\d\d:\d\d$"))
        await mia.taps("✅ Move it")
        mia.expects("Moved")
        await mia.taps("Cancel visit")
        await mia.taps("I can't come")
        mia.expects("is cancelled")

    async def _being_reminded(self, mia: Actor, leo: Actor, osei: Actor) -> None:
        self._transcript.scene("Both book again: Mia for one day, Leo for the next")
        for actor, day in ((mia, 1), (leo, 2)):
            await actor.chooses_a_time(DOCTOR, day=day, which=-1)
            await actor.taps("✅ Confirm")
            actor.expects("Booked")
        visit = self._next_visit()
        self._transcript.scene("The morning of Mia's visit: the doctor's list")
        self._turn_to(self._morning_of(visit))
        await osei.hears("🗓")
        self._transcript.scene("Before the visit: a reminder")
        self._turn_to(visit - timedelta(hours=2))
        await mia.hears("re you coming?")
        await mia.taps("✅ I'm coming")
        mia.expects("We expect you")
        self._transcript.scene("The doctor logs in for the day, runs late, and logs out")
        self._on.product.db.run(cast.end_session, card=self._doctor)  # by the clock it may end some minutes later
        await osei.says("/login")
        await osei.proves_identity(self._doctor.email, self._doctor.password)
        await osei.says("/late")
        await osei.taps("+20 min")
        await mia.hears("later than planned")
        await osei.says("/logout")

    async def _falling_ill(self, leo: Actor, osei: Actor) -> None:
        self._turn_to(self._next_visit(), and_more=timedelta(minutes=1))
        self._transcript.scene("On the morning of Leo's visit the doctor is ill, and logs in to say so")
        self._turn_to(self._morning_of(self._next_visit()))
        await osei.says("/timeoff")
        await osei.taps("Log in")
        await osei.proves_identity(self._doctor.email, self._doctor.password)
        await osei.taps("🤒 Off sick today")
        await osei.taps("✅ Yes, I'm off sick")
        self._transcript.scene("Ten minutes later, when it can't be undone any more, Leo is offered other times")
        self._turn_to(self._on.clock.now(), and_more=timedelta(minutes=10))
        await leo.hears("These times are kept for you")
        await leo.taps(leo.label("doctor$"))
        leo.expects("Booked")

    def _next_visit(self) -> datetime:
        product = self._on.product
        visit = product.db.run(cast.next_visit, clinic=product.hospital.clinic, now=self._on.clock.now())
        if visit is None:
            raise ScriptError("no visit is booked")
        return visit

    def _morning_of(self, visit: datetime) -> datetime:
        clinic = self._on.product.hospital.clinic
        return clinic.instant(datetime.combine(clinic.wall(visit).date(), time(7)))

    def _turn_to(self, instant: datetime, *, and_more: timedelta = timedelta()) -> None:
        clock = self._on.clock
        clock.turn(max(timedelta(), instant + and_more - clock.now()))
        now = self._on.product.hospital.clinic.wall(clock.now())
        self._transcript.note(f"The clock is turned to {now:%A} {now.day} {now:%B}, {now:%H:%M}")
