"""Somebody of the dialogue: a phone whose every turn is printed."""

from __future__ import annotations

import asyncio
import re

from hospital_bot.demo.stage import Stage
from hospital_bot.demo.transcript import Transcript
from hospital_bot.simulator.mailbox import Letter
from hospital_bot.simulator.phone import Phone

PASSWORD = "seven quiet otters"  # noqa: S105 - of people who don't exist
PATIENCE = 300
"""Looks at the screen, a tenth of a second apart, before a message is given up."""


class ScriptError(AssertionError):
    """The bot did not say what it should."""


class Actor:
    """A phone whose every turn is printed."""

    def __init__(self, on: Stage, phone: Phone, transcript: Transcript) -> None:
        self._on, self._phone, self._transcript = on, phone, transcript
        self._read: Letter | None = None

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

    def label(self, pattern: str, *, which: int = 0) -> str:
        """The first button on the screen whose label matches, or the one counted from there or from the end."""
        found = [label for label in self._phone.last.buttons if re.search(pattern, label)]
        if not -len(found) <= which < len(found):
            raise ScriptError(f"no button like {pattern!r} among {self._phone.last.buttons}")
        return found[which]

    async def registers(self, name: str, email: str, phone: str, address: str) -> None:
        await self.says("/start")
        await self.taps("I'm new here: register")
        for answer in (name, email, phone, address):
            await self.says(answer)
        await self.says(PASSWORD, shown="•" * len(PASSWORD))
        await self.taps(self.label("Confirm|right"))
        await self.types_the_code(email)
        self.expects(name)

    async def proves_identity(self, email: str, password: str = PASSWORD) -> None:
        """Answers the questions of a login."""
        await self.says(email)
        await self.says(password, shown="•" * len(password))
        await self.types_the_code(email)

    async def types_the_code(self, email: str) -> None:
        letter = await self._letter(email)
        self._transcript.note(f"Mail to {email}: {letter.subject}: {letter.code}")
        await self.says(letter.code or "")

    async def _letter(self, email: str) -> Letter:
        """The next one to come after that which was read last."""
        for _ in range(200):
            newest = next(iter(self._on.mailbox.to(email)), None)
            if newest is not None and newest is not self._read:
                self._read = newest
                return newest
            await asyncio.sleep(0.05)
        raise ScriptError(f"no mail for {email}")

    async def chooses_a_time(self, doctor: str, *, day: int, which: int) -> None:
        """From /book to the summary: that of the days offered, and of its times the first or the last."""
        await self.says("/book")
        await self.taps(self.label("^Cardiology"))
        await self.taps(self.label(f"^{doctor}"))
        await self.taps(self.label("free$", which=day))
        await self.taps(self.label(r"^\d\d:\d\d$", which=which))
        await self.taps("Skip")

    async def hears(self, words: str) -> None:
        """Wait for a message that comes by itself."""
        seen = self._ids()
        for _ in range(PATIENCE):
            await self._phone.line.look(self._phone.id)
            new = [message for message in self._phone.messages if message.id not in seen and message.is_from_bot]
            if any(words in message.text for message in new):
                self._transcript.comes(self._phone.name)
                self._print(seen)
                return
            await asyncio.sleep(0.1)
        raise ScriptError(f"{self._phone.name} waited in vain for {words!r}")

    def _ids(self) -> dict[int, str]:
        return {message.id: str(message.json) for message in self._phone.messages}

    def _print(self, seen: dict[int, str]) -> None:
        """What is new or changed on this phone's screen."""
        for message in self._phone.messages:
            if message.is_from_bot and seen.get(message.id) != str(message.json):
                self._transcript.answered(message)
        if self._phone.toast:
            self._transcript.note(self._phone.toast)
