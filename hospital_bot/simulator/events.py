"""What the chat page sees: the whole world once, then each change, as server-sent events.

Both travel in one stream, so that no change can fall between them.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from hospital_bot.simulator import bot_profile
from hospital_bot.simulator.backstage import Backstage, cards
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.records import Change, User
from hospital_bot.simulator.refusals import Json
from hospital_bot.simulator.telegram import Telegram

RETRY_MILLISECONDS = 1000


class Events:
    def __init__(self, telegram: Telegram, mailbox: Mailbox, backstage: Backstage) -> None:
        self._telegram = telegram
        self._mailbox = mailbox
        self._backstage = backstage
        self._streams: set[asyncio.Queue[Json | None]] = set()
        telegram.subscribe(self._on_change)
        mailbox.subscribe(self._on_mail)

    def close(self) -> None:
        """End every stream, so that a server which stops need not wait for the pages to go."""
        self._send(None)

    async def stream(self) -> AsyncIterator[str]:
        events: asyncio.Queue[Json | None] = asyncio.Queue()
        self._streams.add(events)
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n{_written(self.world())}"
            while (event := await events.get()) is not None:
                yield _written(event)
        finally:
            self._streams.discard(events)

    def world(self) -> Json:
        bot = self._telegram.bot
        return {
            "kind": "world",
            "hospital": self._backstage.hospital,
            "bot": {"id": bot.id, "name": bot.first_name, "username": bot.username},
            "cast": cards(self._backstage),
            "phones": [self.phone(user) | self._screen(user) for user in self._telegram.people()],
            "letters": self._letters(),
            "clock": self.clock(),
        }

    def clock(self) -> Json:
        zone = self._backstage.zone
        return {
            "now": self._telegram.now(),
            "zone": zone.key if zone else "UTC",
            "can_turn": self._backstage.clock is not None,
        }

    def phone(self, user: User) -> Json:
        """What stands around a person's chat: keyboard, commands, whether the bot is started or blocked."""
        chat = self._telegram.chat(user.id)
        return {
            "id": user.id,
            "name": " ".join(filter(None, (user.first_name, user.last_name))),
            "is_started": chat.is_started,
            "is_blocked": chat.is_blocked,
            "keyboard": chat.keyboard,
            "commands": bot_profile.commands_for(self._telegram, user),
            "description": bot_profile.description_for(self._telegram, user),
        }

    def _screen(self, user: User) -> Json:
        return {"messages": Person(self._telegram, user).sees()}

    def _letters(self) -> list[Json]:
        return [asdict(letter) for letter in self._mailbox.letters]

    def _on_mail(self) -> None:
        self._send({"kind": "mail", "letters": self._letters()})

    def _on_change(self, change: Change) -> None:
        if change.kind == "clock":
            self._send({"kind": "clock", "clock": self.clock()})
        elif change.kind == "profile":
            for user in self._telegram.people():
                self._send({"kind": "changed", "phone": self.phone(user)})
        elif change.chat_id in self._telegram.users:
            self._send(self._in_chat(change, self._telegram.user(change.chat_id)))

    def _in_chat(self, change: Change, user: User) -> Json:
        event: Json = {"kind": change.kind, "phone": self.phone(user), "message_id": change.message_id}
        if change.kind in {"sent", "edited"}:
            message = self._telegram.chat(user.id).messages[change.message_id or 0]
            keyboard = {"keyboard": message.keyboard} if message.keyboard else {}
            event["message"] = self._telegram.message_json(message) | keyboard
        if change.tap_id:
            tap = self._telegram.taps[change.tap_id]
            event |= {"tap_id": tap.id, "answer": tap.answers[0]}
        return event

    def _send(self, event: Json | None) -> None:
        for events in self._streams:
            events.put_nowait(event)


def _written(event: Json) -> str:
    return f"data: {json.dumps(event)}\n\n"
