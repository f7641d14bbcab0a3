"""What a person does with the Telegram app: type, tap, share a contact, send a picture, block the bot.

An action that no app offers raises `Impossible`; what an attacker's own client could send is possible (`forges`).
"""

from dataclasses import dataclass
from typing import Literal

from hospital_bot.simulator import keyboards, markup
from hospital_bot.simulator.records import Change, Chat, Message, StoredFile, Tap, Update, User
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.telegram import Telegram

TEXT_LENGTH = 4096
MediaKind = Literal["sticker", "photo", "voice", "document", "location"]
SAMPLE_FILES = {
    "sticker": ("sticker.webp", "image/webp"),
    "photo": ("photo.jpg", "image/jpeg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "document": ("document.pdf", "application/pdf"),
}


@dataclass(frozen=True)
class Done:
    """What an action caused. ``update_id`` is None when the bot is not told of it."""

    chat_id: int
    answers_before: int
    update_id: int | None = None
    message_id: int | None = None
    tap_id: str | None = None


def join(
    telegram: Telegram,
    name: str,
    *,
    last_name: str | None = None,
    username: str | None = None,
    language: str | None = "en",
    phone: str | None = None,
) -> "Person":
    """Somebody new with a phone; ``phone`` is their number, an invented one by default."""
    number = phone or f"+1555{len(telegram.users):07d}"
    user = telegram.add_user(name, last_name=last_name, username=username, language_code=language, phone_number=number)
    return Person(telegram, user)


def found_group(telegram: Telegram, title: str, members: list[int]) -> Chat:
    """A group of these people, one of whom just added the bot."""
    founder = telegram.user(members[0])
    chat = telegram.add_group(title, [telegram.user(member).id for member in members])
    _announce_membership(telegram, chat, founder, "left", "member")
    return chat


class Person:
    def __init__(self, telegram: Telegram, user: User) -> None:
        self.telegram = telegram
        self.user = user

    def sees(self, chat_id: int | None = None) -> list[Json]:
        """The messages of a chat, oldest first: as the Bot API shows them, with the ``keyboard`` they brought."""
        chat = self._chat(chat_id)
        return [
            self.telegram.message_json(message) | ({"keyboard": message.keyboard} if message.keyboard else {})
            for message in chat.messages.values()
        ]

    def says(self, text: str, *, chat_id: int | None = None, reply_to: int | None = None) -> Done:
        """Type a text. Telegram sends a long one in pieces, as its apps do."""
        text = text.strip()
        if not text:
            raise Impossible("an empty text can't be sent")
        done = None
        for start in range(0, len(text), TEXT_LENGTH):
            piece = text[start : start + TEXT_LENGTH]
            entities = markup.commands_in(piece)
            content = {"text": piece} | ({"entities": entities} if entities else {})
            done = self._sends(content, chat_id, reply_to=reply_to)
        return done or self._done(self._chat(chat_id))

    def starts(self, payload: str = "") -> Done:
        """Open the bot by its link, t.me/name?start=payload."""
        return self.says(f"/start {payload}")

    def taps(
        self,
        message_id: int,
        *,
        label: str | None = None,
        data: str | None = None,
        chat_id: int | None = None,
    ) -> Done:
        """Tap a button of a message, found by its label or by its data."""
        chat = self._chat(chat_id)
        shown = chat.messages.get(message_id)
        for button in keyboards.buttons_of(shown.inline if shown else None):
            if "callback_data" in button and (button["text"] == label or button["callback_data"] == data):
                return self.forges(button["callback_data"], message_id, chat_id=chat_id)
        raise Impossible(f"message {message_id} has no button {label or data!r}")

    def forges(self, data: str, message_id: int, *, chat_id: int | None = None, is_inaccessible: bool = False) -> Done:
        """Send callback data of one's own making. A message that is gone, or ``is_inaccessible``, reaches the
        bot as an InaccessibleMessage."""
        chat = self._chat(chat_id)
        self._require_unblocked(chat)
        before = chat.answers
        tap = self.telegram.add_tap(self.user, chat, message_id, data)
        message = None if is_inaccessible else chat.messages.get(message_id)
        body = self._callback_query(tap, chat, message)
        update = self.telegram.queue("callback_query", body, f"taps of {self.user.id}")
        return self._done(chat, before, update, tap=tap, message_id=message_id)

    def presses(self, label: str, *, chat_id: int | None = None) -> Done:
        """Press a key of the reply keyboard under the text field."""
        chat = self._chat(chat_id)
        keys = [key for row in (chat.keyboard or {}).get("keyboard", []) for key in row]
        key = next((key for key in keys if key["text"] == label), None)
        if key is None:
            raise Impossible(f"the keyboard has no key {label!r}")
        if (chat.keyboard or {}).get("one_time_keyboard"):
            chat.keyboard = None
        if key.get("request_contact"):
            return self.shares_contact(chat_id=chat_id)
        return self.says(label, chat_id=chat_id)

    def shares_contact(
        self,
        *,
        phone: str | None = None,
        name: str | None = None,
        user_id: int | None = None,
        chat_id: int | None = None,
    ) -> Done:
        """Share one's own contact, or somebody else's: another number, name or Telegram id."""
        is_own = phone is None and name is None and user_id is None
        contact: Json = {
            "phone_number": (phone or self.user.phone_number or "").lstrip("+"),
            "first_name": name or self.user.first_name,
        }
        known_id = self.user.id if is_own else user_id
        return self._sends({"contact": contact | ({"user_id": known_id} if known_id else {})}, chat_id)

    def sends(
        self, kind: MediaKind, *, content: str = "", caption: str | None = None, chat_id: int | None = None
    ) -> Done:
        """Send something that is no text; ``content`` fills the file."""
        if kind == "location":
            return self._sends({"location": {"latitude": 51.5, "longitude": -0.1}}, chat_id)
        name, mime_type = SAMPLE_FILES[kind]
        stored = self.telegram.store(name, mime_type, (content or kind).encode(), folder=f"{kind}s")
        described = stored.json() | _details(kind, stored)
        sent: Json = {kind: [described] if kind == "photo" else described}
        return self._sends(sent | ({"caption": caption} if caption else {}), chat_id)

    def edits(self, message_id: int, text: str, *, chat_id: int | None = None) -> Done:
        chat = self._chat(chat_id)
        message = self._own(chat, message_id)
        before = chat.answers
        entities = markup.commands_in(text)
        self.telegram.edit(message, {"text": text} | ({"entities": entities} if entities else {}), None)
        update = self._tell_bot(chat, "edited_message", message)
        return self._done(chat, before, update, message_id=message_id)

    def deletes(self, message_id: int, *, chat_id: int | None = None) -> Done:
        """Delete an own message for both sides; bots are not told."""
        chat = self._chat(chat_id)
        self._own(chat, message_id)
        self.telegram.delete(chat, message_id)
        return self._done(chat, message_id=message_id)

    def blocks(self) -> Done:
        return self._blocks("member", "kicked")

    def unblocks(self) -> Done:
        return self._blocks("kicked", "member")

    def _blocks(self, old: str, new: str) -> Done:
        chat = self._chat(None)
        chat.is_blocked = new == "kicked"
        update = _announce_membership(self.telegram, chat, self.user, old, new)
        self.telegram.tell(Change("changed", chat.id))
        return self._done(chat, update=update)

    def _sends(self, content: Json, chat_id: int | None, *, reply_to: int | None = None) -> Done:
        chat = self._chat(chat_id)
        self._require_unblocked(chat)
        chat.is_started = True
        before = chat.answers
        message = self.telegram.post(chat, self.user, content, reply_to=reply_to)
        update = self._tell_bot(chat, "message", message)
        return self._done(chat, before, update, message_id=message.id)

    def _tell_bot(self, chat: Chat, kind: str, message: Message) -> Update | None:
        if chat.kind == "group" and not self._is_seen_in_group(chat, message):
            return None
        return self.telegram.queue(kind, self.telegram.message_json(message), f"messages in {chat.id}")

    def _is_seen_in_group(self, chat: Chat, message: Message) -> bool:
        """Privacy mode: in a group a bot sees commands, its name, and replies to itself."""
        text = message.content.get("text", "")
        replied = chat.messages.get(message.reply_to or 0)
        return (
            self.telegram.sees_all_group_messages
            or text.startswith("/")
            or f"@{self.telegram.bot.username}" in text
            or (replied is not None and replied.sender_id == self.telegram.bot.id)
        )

    def _callback_query(self, tap: Tap, chat: Chat, message: Message | None) -> Json:
        gone = {"chat": self.telegram.chat_json(chat), "message_id": tap.message_id, "date": 0}
        return {
            "id": tap.id,
            "from": self.user.json(),
            "message": self.telegram.message_json(message) if message else gone,
            "chat_instance": str(chat.id),
            "data": tap.data,
        }

    def _chat(self, chat_id: int | None) -> Chat:
        chat = self.telegram.chat(chat_id or self.user.id)
        if self.user.id not in chat.members:
            raise Impossible(f"{self.user.first_name} is not in chat {chat.id}")
        return chat

    def _own(self, chat: Chat, message_id: int) -> Message:
        message = chat.messages.get(message_id)
        if message is None or message.sender_id != self.user.id:
            raise Impossible(f"message {message_id} is not {self.user.first_name}'s")
        return message

    def _require_unblocked(self, chat: Chat) -> None:
        if chat.is_blocked:
            raise Impossible("a blocked bot gets no messages; unblock it first")

    def _done(
        self,
        chat: Chat,
        before: int | None = None,
        update: Update | None = None,
        *,
        tap: Tap | None = None,
        message_id: int | None = None,
    ) -> Done:
        answers = chat.answers if before is None else before
        return Done(chat.id, answers, update.id if update else None, message_id, tap.id if tap else None)


def _announce_membership(telegram: Telegram, chat: Chat, actor: User, old: str, new: str) -> Update | None:
    bot = telegram.bot.json()
    body = {
        "chat": telegram.chat_json(chat),
        "from": actor.json(),
        "date": int(telegram.now()),
        "old_chat_member": {"user": bot, "status": old} | _until(old),
        "new_chat_member": {"user": bot, "status": new} | _until(new),
    }
    return telegram.queue("my_chat_member", body, f"messages in {chat.id}")


def _until(status: str) -> Json:
    return {"until_date": 0} if status == "kicked" else {}


def _details(kind: MediaKind, stored: StoredFile) -> Json:
    """What the Bot API tells of a file of this kind, besides its id and size."""
    if kind == "sticker":
        return {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    if kind == "photo":
        return {"width": 640, "height": 480}
    if kind == "voice":
        return {"duration": 3, "mime_type": stored.mime_type}
    return {"file_name": stored.name, "mime_type": stored.mime_type}
