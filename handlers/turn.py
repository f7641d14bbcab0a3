"""What a step gets: who wrote, where the chat stands, and the use cases to call."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol, Self, TypeVar

from telegram import Message, Update

from handlers.screen import Letter
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotAllowed, NotLoggedIn
from hospital_bot.keys import Keys
from hospital_bot.services import accounts, registration
from hospital_bot.services.accounts import Actor

T = TypeVar("T")

Kind = Literal["text", "contact", "tap", "membership", "other"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """The facts of one update that routing, steps and rendering need. Nothing here is trusted but the ids."""

    update_id: int
    chat_id: int
    telegram_id: int
    kind: Kind
    private: bool = True
    message_id: int | None = None
    """The person's own message, or the message whose button was tapped."""
    callback_id: str | None = None
    text: str = ""
    phone: str = ""
    """The number of a shared contact, only when the contact is the sender's own."""
    reachable: bool = True
    """False when a membership update says that the bot was blocked."""

    @classmethod
    def of(cls, update: Update) -> Self | None:
        """Read an update; None for those that nobody waits for (edits, channels, other bots)."""
        if update.callback_query is not None:
            return cls._of_tap(update)
        if update.my_chat_member is not None:
            return cls._of_membership(update)
        message = update.message
        if message is None or message.from_user is None or message.from_user.is_bot or message.via_bot:
            return None
        return cls(
            update_id=update.update_id,
            chat_id=message.chat_id,
            telegram_id=message.from_user.id,
            kind="text" if message.text else "contact" if message.contact else "other",
            private=message.chat.type == "private",
            message_id=message.message_id,
            text=message.text or "",
            phone=_own_phone(message),
        )

    @classmethod
    def _of_tap(cls, update: Update) -> Self | None:
        """Below a message sent by way of some other chat there is no telling where the tap came from: not from here."""
        tap = update.callback_query
        if tap is None:
            return None
        return cls(
            update_id=update.update_id,
            chat_id=tap.message.chat.id if tap.message else tap.from_user.id,
            telegram_id=tap.from_user.id,
            kind="tap",
            private=tap.message is not None and tap.message.chat.type == "private",
            message_id=tap.message.message_id if tap.message else None,
            callback_id=tap.id,
            text=tap.data or "",
        )

    @classmethod
    def _of_membership(cls, update: Update) -> Self | None:
        change = update.my_chat_member
        if change is None:
            return None
        return cls(
            update_id=update.update_id,
            chat_id=change.chat.id,
            telegram_id=change.from_user.id,
            kind="membership",
            private=change.chat.type == "private",
            reachable=change.new_chat_member.status not in ("kicked", "left"),
        )


def _own_phone(message: Message) -> str:
    contact, sender = message.contact, message.from_user
    if contact is None or sender is None or contact.user_id != sender.id:
        return ""
    return contact.phone_number


class UseCase(Protocol):
    """Runs a service in the update's transaction: `use_case(session, **facts)`."""

    def __call__(self, use_case: Callable[..., T], /, **facts: Any) -> T: ...


@dataclass(frozen=True, slots=True)
class Call:
    """Work that must be finished before the step's transaction: a hash, or a count that must stand by itself."""

    work: Callable[..., Any]
    facts: tuple[tuple[str, Hashable], ...] = field(repr=False)
    own_transaction: bool = field(kw_only=True)


class Suspend(Exception):
    """Raised through the transaction, which is rolled back; nothing of the step has happened yet."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


@dataclass(frozen=True, slots=True)
class Hospital:
    """What every step may need of the hospital: its facts, its keys, the bot's name."""

    clinic: Clinic
    keys: Keys
    bot_name: str = ""


@dataclass
class Turn:
    """One update, as its step sees it. `state` and `data` are saved when the step returns."""

    arrival: Arrival
    run: UseCase
    hospital: Hospital
    now: datetime
    state: str
    data: dict[str, Any]
    finished: dict[Call, Any]
    letters: list[Letter] = field(default_factory=list)

    @cached_property
    def user(self) -> Actor | None:
        """Who is logged in on this Telegram account, looked up when first asked; None when nobody is."""
        return self.do(accounts.actor, telegram_id=self.telegram_id)

    @property
    def clinic(self) -> Clinic:
        return self.hospital.clinic

    @property
    def chat_id(self) -> int:
        return self.arrival.chat_id

    @property
    def telegram_id(self) -> int:
        return self.arrival.telegram_id

    @property
    def channel(self) -> str:
        """What a one-time code is bound to: only the chat that asked for it can use it."""
        return f"tg:{self.chat_id}"

    @property
    def request_id(self) -> str:
        """Names this update's change of data: repeated, it changes nothing again."""
        return f"tg:{self.arrival.update_id}"

    def do(self, use_case: Callable[..., T], **facts: Any) -> T:
        """Call a service in this update's transaction."""
        return self.run(use_case, **facts, now=self.now)

    def first(self, use_case: Callable[..., T], **facts: Hashable) -> T:
        """The result of a service committed by itself before this step: a count that a crash must not undo."""
        result: T = self._finished(Call(use_case, tuple(facts.items()), own_transaction=True))
        return result

    def slow(self, work: Callable[..., T], **facts: Hashable) -> T:
        """The result of slow work (a password hash) done before this step, with no lock held meanwhile."""
        result: T = self._finished(Call(work, tuple(facts.items()), own_transaction=False))
        return result

    def _finished(self, call: Call) -> Any:
        try:
            result = self.finished[call]
        except KeyError:
            raise Suspend(call) from None
        if isinstance(result, Exception):
            raise result
        return result

    def expect(self, state: str) -> None:
        """From now on, what is typed goes to the step that answers this state."""
        self.state = state

    def draft(self, name: str) -> dict[str, Any]:
        """Answers given so far in one conversation; they outlive its interruption by another command."""
        draft: dict[str, Any] = self.data.setdefault(name, {})
        return draft

    def logged_in(self) -> Actor:
        """Who is logged in. Raises NotLoggedIn."""
        if self.user is None:
            raise NotLoggedIn
        return self.user

    def patient(self) -> tuple[Actor, int]:
        """The patient who is logged in, and their patient_id. Raises NotLoggedIn or NotAllowed.

        Who has an account of other software's making and is no patient yet becomes one here.
        """
        user = self.logged_in()
        patient_id: int = self.do(registration.admit, actor=user, channel=self.channel)
        self.user = replace(user, patient_id=patient_id)
        return self.user, patient_id

    def doctor(self) -> int:
        """The doctor_id of the doctor who is logged in. Raises NotLoggedIn or NotAllowed."""
        doctor_id = self.logged_in().doctor_id
        if doctor_id is None:
            raise NotAllowed
        return doctor_id

    def take_desk(self) -> Actor:
        """The administrator who is logged in; from here on it is the hospital that acts, bound by no notice and no
        cut-off. Raises NotLoggedIn or NotAllowed."""
        user = self.logged_in()
        if not user.is_admin:
            raise NotAllowed
        self.hospital = replace(self.hospital, clinic=self.clinic.unbound)
        return user

    def drop(self, name: str) -> None:
        """Forget a draft, and what was expected for it."""
        self.data.pop(name, None)
        self.state = ""

    def mail(self, letter: Letter) -> None:
        """Send this after COMMIT, at most once."""
        self.letters.append(letter)
