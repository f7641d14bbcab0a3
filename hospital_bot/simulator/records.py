"""What the simulated Telegram remembers: plain values that could be written as JSON.

Instants are whole or fractional seconds since 1970 (UTC), as on Telegram's wire.
"""

from dataclasses import dataclass, field
from typing import Literal

from hospital_bot.simulator.refusals import Json

ChatKind = Literal["private", "group"]


@dataclass
class User:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone_number: str | None = None
    is_bot: bool = False

    def json(self) -> Json:
        """The user as the Bot API shows one: never with the telephone number."""
        optional = {
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        shown = {name: value for name, value in optional.items() if value}
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name, **shown}


@dataclass
class Message:
    """``content`` is the part of the Bot API's message that depends on its kind: text, document, …"""

    id: int
    chat_id: int
    sender_id: int
    date: int
    content: Json
    inline: Json | None = None
    keyboard: Json | None = None
    reply_to: int | None = None
    edit_date: int | None = None
    is_protected: bool = False


@dataclass
class Chat:
    """A private chat has its person's id. ``answers`` counts what the bot showed there."""

    id: int
    kind: ChatKind
    title: str | None = None
    members: list[int] = field(default_factory=list)
    is_started: bool = False
    is_blocked: bool = False
    keyboard: Json | None = None
    answers: int = 0
    messages: dict[int, Message] = field(default_factory=dict)


@dataclass
class Tap:
    """A callback query and what the bot answered to it, in order."""

    id: str
    user_id: int
    chat_id: int
    message_id: int
    data: str
    at: float
    answers: list[Json] = field(default_factory=list)


@dataclass
class StoredFile:
    id: str
    path: str
    name: str
    mime_type: str
    content: bytes

    def json(self) -> Json:
        return {"file_id": self.id, "file_unique_id": self.id[::-1], "file_size": len(self.content)}


@dataclass
class Update:
    """``queue`` names the line it waits in: messages by chat, taps by person."""

    id: int
    kind: str
    queue: str
    body: Json
    at: float

    def json(self) -> Json:
        return {"update_id": self.id, self.kind: self.body}


@dataclass
class Webhook:
    url: str
    secret_token: str | None = None
    max_connections: int = 40
    last_error: str | None = None
    last_error_at: int | None = None


@dataclass(frozen=True)
class Change:
    """One visible change, for whoever listens. A chat is also "changed" when somebody joins with it, or blocks the
    bot; what the bot says of itself ("profile") and the "clock" are told in the bot's own name."""

    kind: Literal["sent", "edited", "deleted", "answered", "typing", "changed", "profile", "clock"]
    chat_id: int
    message_id: int | None = None
    tap_id: str | None = None
