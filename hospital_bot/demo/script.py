"""A dialogue played by two phones: register, verify, log in, book, list, move, cancel, and lose a race."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from hospital_bot.demo.stage import Stage, stage
from hospital_bot.demo.transcript import Transcript
from hospital_bot.simulator.lines import HttpLine
from hospital_bot.simulator.mailbox import Letter
from hospital_bot.simulator.phone import Phone

PASSWORD = "seven quiet otters"  # noqa: S105 - of people who don't exist


class ScriptError(AssertionError):
    """The bot did not say what it should."""


async def play() -> int:
    """Play it and print it. The exit code: 0 only when every step was right."""
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder)) as on, HttpLine(on.address) as line:
            transcript = Transcript()
            try:
                await _play(on, line, transcript)
            except AssertionError as error:
                transcript.note(f"WRONG: {error}")
                return 1
            transcript.note("Every step was right.")
            return 0


async def _play(on: Stage, line: HttpLine, transcript: Transcript) -> None:
    mia = Actor(on, await Phone.bought(line, "Mia"), transcript)
    leo = Actor(on, await Phone.bought(line, "Leo"), transcript)
    transcript.scene("Mia registers")
    await mia.registers("Mia Sørensen", "mia@example.com", "+49 30 901820", "5 Harbour Street, Berlin")
    transcript.scene("She logs out and in again, with the mailed code")
    await mia.logs_in_again("mia@example.com")
    transcript.scene("Leo registers too")
    await leo.registers("Leo Martin", "leo@example.com", "+49 30 901821", "7 Harbour Street, Berlin")
    transcript.scene("Both want the same time")
    for actor in (mia, leo):
        await actor.chooses_a_time()
    await mia.taps("✅ Confirm")
    mia.expects("Booked")
    await leo.taps("✅ Confirm")
    leo.expects("Someone just took that time")
    transcript.scene("Mia looks at her visits, moves hers, and cancels it")
    await mia.moves_and_cancels()


class Actor:
    """A phone whose every turn is printed."""

    def __init__(self, on: Stage, phone: Phone, transcript: Transcript) -> None:
        self._on, self._phone, self._transcript = on, phone, transcript

    async def says(self, text: str, *, shown: str = "") -> None:
        self._transcript.said(self._phone.name, shown or text)
        seen = self._ids()
        await self._phone.says(text)
        self._print(seen)

    async def taps(self, label: str) -> None:
        self._transcript.tapped(self._phone.name, label)
        seen = self._ids()
        await self._phone.taps(label)
        self._print(seen)

    def expects(self, words: str) -> None:
        if not any(words in message.text for message in self._phone.messages[-3:]):
            raise ScriptError(f"{self._phone.name} was to read {words!r}, and read {self._phone.last.text!r}")

    def first(self, pattern: str) -> str:
        """The first button on the screen whose label matches."""
        found = next((label for label in self._phone.last.buttons if re.search(pattern, label)), None)
        if found is None:
            raise ScriptError(f"no button like {pattern!r} among {self._phone.last.buttons}")
        return found

    async def registers(self, name: str, email: str, phone: str, address: str) -> None:
        await self.says("/start")
        await self.taps("I'm new here: register")
        for answer in (name, email, phone, address):
            await self.says(answer)
        await self.says(PASSWORD, shown="•" * len(PASSWORD))
        await self.taps(self.first("Confirm|right"))
        await self.types_the_code(email)
        self.expects(name)

    async def logs_in_again(self, email: str) -> None:
        await self.says("/logout")
        await self.says("/login")
        await self.says(email)
        await self.says(PASSWORD, shown="•" * len(PASSWORD))
        await self.types_the_code(email)

    async def types_the_code(self, email: str) -> None:
        letter = await self._letter(email)
        self._transcript.note(f"Mail to {email}: {letter.subject}: {letter.code}")
        await self.says(letter.code or "")

    async def _letter(self, email: str) -> Letter:
        for _ in range(200):
            if letters := self._on.mailbox.to(email):
                return letters[0]
            await asyncio.sleep(0.05)
        raise ScriptError(f"no mail for {email}")

    async def chooses_a_time(self) -> None:
        await self.says("/book")
        await self.taps(self.first("^Cardiology"))
        await self.taps(self.first("^Dr. Amina Osei"))
        await self.taps(self.first("free$"))
        await self.taps(self.first(r"^\d\d:\d\d$"))
        await self.taps("Skip")

    async def moves_and_cancels(self) -> None:
        await self.says("/appointments")
        await self.taps(self.first("Osei"))
        await self.taps("Move")
        await self.taps(self.first("free$"))
        await self.taps(self.first(r"^\d\d:\d\d$"))
        await self.taps("✅ Move it")
        self.expects("Moved")
        await self.taps("Cancel visit")
        await self.taps("I can't come")
        self.expects("is cancelled")

    def _ids(self) -> dict[int, str]:
        return {message.id: str(message.json) for message in self._phone.messages}

    def _print(self, seen: dict[int, str]) -> None:
        """What is new or changed on this phone's screen."""
        for message in self._phone.messages:
            if message.is_from_bot and seen.get(message.id) != str(message.json):
                self._transcript.answered(message)
        if self._phone.toast:
            self._transcript.note(self._phone.toast)
