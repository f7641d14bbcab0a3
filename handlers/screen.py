"""What a step gives back: a Screen, plain data that says what the person should see next.

A Screen is stored with its update, so that a repeated delivery shows it again instead of running the
step twice. It therefore holds nothing that must not be kept: codes and passwords travel as a `Letter`,
beside the Screen, and are sent at most once.
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

MAX_TEXT = 4096
"""UTF-16 units of one Telegram message, after its markup is parsed. Source: Bot API, sendMessage."""

MAX_DATA = 64
"""Bytes of a button's data. Source: Bot API, InlineKeyboardButton."""


def units(text: str) -> int:
    """The length of a text as Telegram counts it: in UTF-16 units, of which rarer signs take two."""
    return len(text.encode("utf-16-le")) // 2


def beginning(text: str, most: int) -> str:
    """The whole characters among so many units."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore")


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message. Exactly one of `data`, `url` and `copy` (what it puts on the clipboard) is set."""

    label: str
    data: str | None = None
    url: str | None = None
    copy: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A keyboard in place of the phone's own: it asks for the contact, or is taken away again."""

    contact_label: str | None = None
    other_labels: tuple[str, ...] = ()


REMOVE_REPLY = Reply()


@dataclass(frozen=True, slots=True)
class File:
    """A document or a photo. The bytes are stored with the Screen: keep it to a few kilobytes.

    A `secret` one is never stored: repeated, its screen says `instead`, without the file and what could be copied.
    """

    kind: Literal["document", "photo"]
    name: str
    content: bytes
    caption: str = ""
    secret: bool = False
    instead: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"content": base64.b64encode(self.content).decode()}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        return cls(**raw | {"content": base64.b64decode(raw["content"])})


@dataclass(frozen=True, slots=True)
class Screen:
    """One answer to one update.

    `text` is Telegram's HTML with everything a person typed escaped; an empty text shows only the toast.
    `new` sends a message of its own even after a tap (what the person will want to find again);
    otherwise a tap edits the message that carries the button, and typed text is answered by a new message.
    `toast` is shown over the chat for a moment, `alert` until it is closed.
    `forget` deletes the person's own message, or the message they tapped, which held a secret.
    `retire` takes the buttons away from the tapped message (used with `new`).
    `secret` forbids forwarding and saving. With `instead` the text is not stored either: repeated, it says that.
    """

    text: str = ""
    rows: tuple[tuple[Button, ...], ...] = ()
    reply: Reply | None = None
    file: File | None = None
    new: bool = False
    toast: str = ""
    alert: bool = False
    forget: bool = False
    retire: bool = False
    secret: bool = False
    instead: str = ""
    commands: str | None = None
    """The role whose command menu this chat gets from now on; None leaves it as it is."""

    def to_json(self) -> dict[str, Any]:
        if self.file and self.file.secret:
            return self._without_secret(self.file.instead).to_json()
        if self.secret and self.instead:
            return self._without_secret(self.instead).to_json()
        raw: dict[str, Any] = {
            "text": self.text,
            "rows": [[asdict(button) for button in row] for row in self.rows],
            "reply": asdict(self.reply) if self.reply else None,
            "file": self.file.to_json() if self.file else None,
        }
        flags = ("new", "toast", "alert", "forget", "retire", "secret", "commands")
        return raw | {name: getattr(self, name) for name in flags}

    def _without_secret(self, text: str) -> Screen:
        rows = (tuple(button for button in row if not button.copy) for row in self.rows)
        return replace(self, text=text, rows=tuple(row for row in rows if row), file=None, instead="")

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        reply, file = raw["reply"], raw["file"]
        return cls(
            **raw
            | {
                "rows": tuple(tuple(Button(**button) for button in row) for row in raw["rows"]),
                "reply": Reply(reply["contact_label"], tuple(reply["other_labels"])) if reply else None,
                "file": File.from_json(file) if file else None,
            }
        )


SILENCE = Screen()
"""Deliberately no answer (beyond closing a tap's spinner)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to send after COMMIT, at most once: it may carry a one-time code, so it is never stored."""

    to: str
    subject: str
    body: str
    regret: str = ""
    """What is said in the chat when it can't be sent; nothing, when nobody there waits for it."""
