"""A Telegram in memory: one bot, the people around it, their chats, and the updates it has not seen.

The bot's side is `methods.answer`, a person's is `people.Person`; both act on this one object.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hospital_bot.simulator.delivery import Inbox
from hospital_bot.simulator.limits import Limits
from hospital_bot.simulator.records import Change, Chat, Message, StoredFile, Tap, Update, User
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.webhook import Courier

DEFAULT_TOKEN = "7000000001:simulated-token-of-the-hospital-bot"  # noqa: S105 - of a bot that is nowhere else
FIRST_PERSON_ID = 100_000_001
FIRST_GROUP_ID = -200_000_001
FIRST_UPDATE_AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()

Listener = Callable[[Change], None]


class Telegram:
    """``clock`` gives aware UTC. Update ids start at the tenths of a second since 2026, so that a restarted
    simulator does not repeat them; ``sees_all_group_messages`` is BotFather's privacy mode switched off."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        token: str = DEFAULT_TOKEN,
        bot_name: str = "Hospital Bot",
        bot_username: str = "hospital_bot",
        sees_all_group_messages: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self.clock = clock
        self.token = token
        self.bot = User(int(token.split(":")[0]), bot_name, username=bot_username, is_bot=True)
        self.sees_all_group_messages = sees_all_group_messages
        self.limits = limits or Limits()
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.chats: dict[int, Chat] = {}
        self.taps: dict[str, Tap] = {}
        self.files: dict[str, StoredFile] = {}
        self.commands: dict[str, list[Json]] = {}
        self.profile: dict[str, str] = {}
        self.inbox = Inbox(self.now, max(0, int((self.now() - FIRST_UPDATE_AT) * 10)))
        self.courier = Courier(self.inbox)
        self._listeners: list[Listener] = []
        self._last = {"message": 0, "file": 0, "tap": 0}

    def _next(self, what: str) -> int:
        self._last[what] += 1
        return self._last[what]

    def last_numbers(self) -> dict[str, int]:
        """The last message, file, tap and update that were numbered."""
        return self._last | {"update": self.inbox.last_id}

    def go_on_from(self, last_numbers: dict[str, int]) -> None:
        """Number from here on; updates never below what they have reached."""
        self._last = {what: last_numbers[what] for what in self._last}
        self.inbox.last_id = max(self.inbox.last_id, last_numbers["update"])

    def now(self) -> float:
        return self.clock().timestamp()

    async def close(self) -> None:
        self.inbox.end_poll("the simulator stops")
        await self.courier.stop()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every visible change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, change: Change) -> None:
        for listener in list(self._listeners):
            listener(change)

    def add_user(self, first_name: str, **details: Any) -> User:
        """A person with a phone, and the private chat with the bot that nobody opened yet."""
        user = User(FIRST_PERSON_ID + len(self.users) - 1, first_name, **details)
        self.users[user.id] = user
        self.chats[user.id] = Chat(user.id, "private", members=[user.id])
        self.tell(Change("changed", user.id))
        return user

    def people(self) -> list[User]:
        return [user for user in self.users.values() if not user.is_bot]

    def add_group(self, title: str, members: list[int]) -> Chat:
        groups = sum(chat.kind == "group" for chat in self.chats.values())
        chat = Chat(FIRST_GROUP_ID - groups, "group", title=title, members=members, is_started=True)
        self.chats[chat.id] = chat
        return chat

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise Impossible(f"nobody has the id {user_id}")
        return self.users[user_id]

    def chat(self, chat_id: int) -> Chat:
        if chat_id not in self.chats:
            raise Impossible(f"no chat has the id {chat_id}")
        return self.chats[chat_id]

    def post(self, chat: Chat, sender: User, content: Json, **details: Any) -> Message:
        """Put a message into a chat; ``details`` are fields of `Message`."""
        message = Message(self._next("message"), chat.id, sender.id, int(self.now()), content, **details)
        chat.messages[message.id] = message
        self._note_answer(chat, sender)
        self.tell(Change("sent", chat.id, message.id))
        return message

    def edit(self, message: Message, content: Json, inline: Json | None) -> None:
        chat = self.chats[message.chat_id]
        message.content, message.inline, message.edit_date = content, inline, int(self.now())
        self._note_answer(chat, self.users[message.sender_id])
        self.tell(Change("edited", chat.id, message.id))

    def delete(self, chat: Chat, message_id: int) -> None:
        del chat.messages[message_id]
        self.tell(Change("deleted", chat.id, message_id))

    def add_tap(self, user: User, chat: Chat, message_id: int, data: str) -> Tap:
        tap = Tap(str(self.bot.id + self._next("tap")), user.id, chat.id, message_id, data, self.now())
        self.taps[tap.id] = tap
        return tap

    def answer_tap(self, tap: Tap, answer: Json) -> None:
        tap.answers.append(answer)
        self.tell(Change("answered", tap.chat_id, tap.message_id, tap.id))

    def store(self, name: str, mime_type: str, content: bytes, *, folder: str = "documents") -> StoredFile:
        number = self._next("file")
        suffix = name.rpartition(".")[2] if "." in name else "bin"
        file_id = f"simulated-file-{number}"
        self.files[file_id] = StoredFile(file_id, f"{folder}/file_{number}.{suffix}", name, mime_type, content)
        return self.files[file_id]

    def queue(self, kind: str, body: Json, queue: str) -> Update | None:
        return self.inbox.add(kind, body, queue)

    def _note_answer(self, chat: Chat, sender: User) -> None:
        if sender.is_bot:
            chat.answers += 1

    def chat_json(self, chat: Chat) -> Json:
        if chat.kind == "group":
            return {"id": chat.id, "type": "group", "title": chat.title}
        shown = self.users[chat.id].json()
        names: Json = {name: shown[name] for name in ("first_name", "last_name", "username") if name in shown}
        return {"id": chat.id, "type": "private", **names}

    def message_json(self, message: Message) -> Json:
        """The message as the Bot API shows it. A reply keyboard is not part of it."""
        shown = self._message_json(message)
        original = self.chats[message.chat_id].messages.get(message.reply_to or 0)
        return shown | ({"reply_to_message": self._message_json(original)} if original else {})

    def _message_json(self, message: Message) -> Json:
        optional = {
            "edit_date": message.edit_date,
            "reply_markup": message.inline,
            "has_protected_content": message.is_protected or None,
        }
        return {
            "message_id": message.id,
            "from": self.users[message.sender_id].json(),
            "chat": self.chat_json(self.chats[message.chat_id]),
            "date": message.date,
            **message.content,
            **{name: value for name, value in optional.items() if value is not None},
        }
