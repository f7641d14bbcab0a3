"""A phone in somebody's hand, for tests and scripts: says, taps, and looks at what came back.

    ann = await Phone.bought(line, "Ann")
    await ann.says("/start")
    await ann.taps("Book a visit", "Cardiology")
    assert "Which doctor" in ann.last.text

`taps` takes the label on the screen, so nobody can press what was never offered, and a turn fails unless the bot
answered it. The line to the simulator is `lines.LocalLine` in one process, `lines.HttpLine` across HTTP.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

from hospital_bot.simulator import keyboards
from hospital_bot.simulator.acts import Outcome
from hospital_bot.simulator.people import MediaKind
from hospital_bot.simulator.refusals import Json

LOOK_SECONDS = 0.05


class BotSilent(AssertionError):
    """The bot did not answer a turn."""


class NotOffered(AssertionError):
    """No message in the chat offers this button."""


class Line(Protocol):
    """How a phone reaches the simulator.

    `act` returns when the bot has dealt with the action and, when an answer is due, answered it; or after
    ``seconds``. `messages` is what the screen showed after the last `act` or `look`.
    """

    async def join(self, name: str, details: Json) -> int: ...
    async def act(self, person_id: int, action: str, details: Json, *, seconds: float, wait: bool) -> Outcome: ...
    async def look(self, person_id: int) -> None: ...
    async def download(self, file_id: str) -> bytes: ...
    def messages(self, person_id: int) -> list[Json]: ...


@dataclass(frozen=True)
class Seen:
    """One message on the screen."""

    json: Json

    @property
    def id(self) -> int:
        return int(self.json["message_id"])

    @property
    def text(self) -> str:
        """The text, or a file's caption."""
        return str(self.json.get("text") or self.json.get("caption") or "")

    @property
    def is_from_bot(self) -> bool:
        return bool(self.json["from"]["is_bot"])

    @property
    def buttons(self) -> list[str]:
        """Labels: of the buttons under the message, else of the keyboard it brought."""
        keys = [key for row in self.json.get("keyboard", {}).get("keyboard", []) for key in row]
        return [button["text"] for button in keyboards.buttons_of(self.json.get("reply_markup")) or keys]

    def data_of(self, label: str) -> str:
        return str(self.button(label)["callback_data"])

    def button(self, label: str) -> Json:
        for button in keyboards.buttons_of(self.json.get("reply_markup")):
            if button["text"] == label:
                return button
        raise NotOffered(f"{label!r} is not among {self.buttons}")

    @property
    def document(self) -> Json | None:
        return self.json.get("document")

    @property
    def photo(self) -> Json | None:
        return next(iter(self.json.get("photo", [])), None)


class Phone:
    def __init__(self, line: Line, person_id: int, name: str, *, seconds: float = 30) -> None:
        self.line = line
        self.id = person_id
        self.name = name
        self.seconds = seconds
        self.toast: str | None = None
        self.alert: str | None = None

    @classmethod
    async def bought(cls, line: Line, name: str = "Ann", *, seconds: float = 30, **details: Any) -> "Phone":
        """A new phone for somebody; ``details`` are username, language, phone, last_name."""
        return cls(line, await line.join(name, details), name, seconds=seconds)

    @property
    def messages(self) -> list[Seen]:
        return [Seen(message) for message in self.line.messages(self.id)]

    @property
    def last(self) -> Seen:
        """The bot's newest message."""
        for message in reversed(self.messages):
            if message.is_from_bot:
                return message
        raise BotSilent(f"the bot never wrote to {self.name}")

    async def hears(self, words: str) -> Seen:
        """Wait for a message from the bot with these words in it, sent or edited on its own account."""
        patience = time.monotonic() + self.seconds
        while time.monotonic() < patience:
            await self.line.look(self.id)
            for message in reversed(self.messages):
                if message.is_from_bot and words in message.text:
                    return message
            await asyncio.sleep(LOOK_SECONDS)
        raise BotSilent(f"the bot never told {self.name} {words!r}")

    async def says(self, text: str, *, wait: bool = True, **where: int) -> Outcome:
        return await self._turn("says", wait=wait, text=text, **where)

    async def starts(self, payload: str = "") -> Outcome:
        return await self._turn("starts", payload=payload)

    async def taps(self, *labels: str) -> None:
        """Tap buttons one after the other, each in the newest message that offers its label."""
        for label in labels:
            message = self._offering(label)
            await self.taps_in(message.id, message.data_of(label))

    async def taps_in(self, message_id: int, data: str) -> Outcome:
        """Tap this very button, also in an old message."""
        return await self._turn("taps", message_id=message_id, data=data)

    async def forges(self, data: str, message_id: int = 0, **how: Any) -> Outcome:
        """Send callback data that no button carries."""
        return await self._turn("forges", data=data, message_id=message_id, **how)

    async def walks(self, *steps: str) -> None:
        """Commands are said; everything else is a label to tap."""
        for step in steps:
            await (self.says(step) if step.startswith("/") else self.taps(step))

    async def presses(self, label: str) -> Outcome:
        return await self._turn("presses", label=label)

    async def shares_contact(self, **whose: Any) -> Outcome:
        """The own contact; with ``phone``, ``name`` or ``user_id`` somebody else's."""
        return await self._turn("shares_contact", **whose)

    async def sends(self, kind: MediaKind, **details: Any) -> Outcome:
        return await self._turn("sends", kind=kind, **details)

    async def edits(self, message_id: int, text: str, *, wait: bool = False) -> Outcome:
        return await self._turn("edits", wait=wait, message_id=message_id, text=text)

    async def deletes(self, message_id: int) -> Outcome:
        return await self._turn("deletes", wait=False, message_id=message_id)

    async def blocks(self) -> Outcome:
        return await self._turn("blocks", wait=False)

    async def unblocks(self) -> Outcome:
        return await self._turn("unblocks", wait=False)

    async def downloads(self, document: Json | None) -> bytes:
        if document is None:
            raise NotOffered("there is no file in this message")
        return await self.line.download(document["file_id"])

    def _offering(self, label: str) -> Seen:
        for message in reversed(self.messages):
            inline = keyboards.buttons_of(message.json.get("reply_markup"))
            if any(button["text"] == label and "callback_data" in button for button in inline):
                return message
        raise NotOffered(f"no message offers {self.name} the button {label!r}; the last has {self._labels()}")

    def _labels(self) -> list[str]:
        return next((message.buttons for message in reversed(self.messages) if message.is_from_bot), [])

    async def _turn(self, action: str, *, wait: bool = True, **details: Any) -> Outcome:
        outcome = await self.line.act(self.id, action, details, seconds=self.seconds, wait=wait)
        shown = outcome.toast or {"text": "", "show_alert": False}
        self.toast = shown["text"] or None
        self.alert = self.toast if shown["show_alert"] else None
        if wait and not outcome.is_answered:
            raise BotSilent(f"the bot did not answer when {self.name} {action} {details}")
        return outcome
