"""Ten thousand updates that nobody foresaw: none breaks anything, and everybody who may hope for an answer gets one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

import handlers
from handlers import area, texts
from hospital_bot.services import accounts, doctors, hours
from hospital_bot.simulator import keyboards
from hospital_bot.simulator.people import Person
from hospital_bot.simulator.records import Chat, Message, Tap, User
from hospital_bot.simulator.request import SimulatorRequest
from hospital_bot.telegram import pace
from tests import tables
from tests.chat import practice
from tests.chat.conftest import Hospital, email_of, opened
from tests.clock import Clock
from tests.hospital import NOW
from tests.reliability import shapes
from tests.reliability.shapes import Json

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
WALKS, MOVES = (200, 60) if PROVE else (6, 60)
SEED = int(os.environ.get("HOSPITAL_SEED") or (secrets.randbits(32) if PROVE else 1))
"""`make test` walks the same walks every day."""
handlers.load()

NOBODY_COULD_KNOW = (
    "message is not modified",
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message to delete not found",
    "message can't be deleted",
    "query is too old",
)
"""What Telegram refuses because of what happened in the chat meanwhile; anything else is a mistake of the bot's."""


class Strict(SimulatorRequest):
    """The line to the simulator; what Telegram refused is kept."""

    refused: ClassVar[list[str]] = []

    async def do_request(self, *args: Any, **facts: Any) -> tuple[int, bytes]:
        status, body = await super().do_request(*args, **facts)
        if status >= 400:
            description = json.loads(body)["description"]
            if not any(known in description for known in NOBODY_COULD_KNOW):
                self.refused.append(f"{(facts.get('url') or args[0]).rpartition('/')[2]}: {description}")
        return status, body


@dataclass
class Reach:
    """How far the walks came."""

    updates: int = 0
    verbs: Counter[str] = field(default_factory=Counter)
    """Of the buttons that a screen offered and that were tapped."""


@dataclass
class Walk:
    """A hospital that people of every kind walk through, some of them with bad intentions."""

    hospital: Hospital
    dice: Random
    texts: list[str]
    reach: Reach
    people: list[User] = field(default_factory=list)
    places: list[Chat] = field(default_factory=list)
    last: Json = field(default_factory=dict)
    story: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        """Ann and Bob have visits with Dr. Osei, who approves them; Zed is unknown, and so is one with a huge id."""
        hospital = self.hospital
        osei, lang = hospital.doctor(), hospital.doctor("Dr. Lang", minutes=20)
        hospital.do(hours.approve, doctor_id=osei.doctor_id, user_id=osei.user_id, on=True, channel="test")
        ann, bob = await hospital.patient("Ann"), await hospital.patient("Bob")
        for phone, wall in ((ann, "2026-11-20 11:00"), (ann, "2026-11-24 10:00"), (bob, "2026-11-23 10:30")):
            practice.visit(hospital, phone, osei, wall, "a cough <b>")
        practice.visit(hospital, bob, lang, "2026-11-20 11:20")
        staff = [await hospital.staff(each) for each in (osei, lang)]
        nora = await hospital.phone("Nora")
        admin = hospital.do(doctors.add_admin, name="Nora Lind", email="nora@people.example")
        hospital.do(accounts.link, telegram_id=nora.id, user_id=admin, role="admin")
        zed = await hospital.phone("Zed")
        telegram = hospital.telegram
        huge = User(shapes.HUGE, "<b>Huge", last_name="\u202e", username="huge")
        telegram.users[huge.id], telegram.chats[huge.id] = huge, Chat(huge.id, "private", members=[huge.id])
        self.people = [*(telegram.users[each.id] for each in (ann, bob, *staff, nora, zed)), huge]
        for each in self.people:
            self.private(each).is_started = True
        everyone = [each.id for each in self.people]
        self.places = [Chat(number, "group", "Ward", everyone, is_started=True) for number in (-5, -1_000_000_000_007)]
        telegram.chats |= {place.id: place for place in self.places}

    def any(self, choices: Sequence[Any]) -> Any:
        return self.dice.choice(choices)

    async def go(self) -> None:
        """Whoever is at it mostly stays at it, and so gets somewhere."""
        user = self.any(self.people)
        for _ in range(MOVES):
            user = self.any([*[user] * 40, *self.people])
            await self.any(MOVES_OF)(self, user)
            assert Strict.refused == [], self.told()

    def is_known(self, offered: tuple[int, str]) -> float:
        """Mostly what was tapped least leads on."""
        return self.reach.verbs[area.verb_of(offered[1])] if self.dice.random() < 0.8 else self.dice.random()

    async def taps_what_is_offered(self, user: User) -> None:
        shown = [message for message in Person(self.hospital.telegram, user).sees() if message["from"]["is_bot"]][-3:]
        offered = [
            (message["message_id"], button["callback_data"])
            for message in shown
            for button in keyboards.buttons_of(message.get("reply_markup"))
            if "callback_data" in button
        ]
        if not offered:
            await self.arrives(user, self.private(user), {"text": "/start"}, {})
            return
        message_id, data = min(self.dice.sample(offered, len(offered)), key=self.is_known)
        self.reach.verbs[area.verb_of(data)] += 1
        await self.taps(user, self.private(user), message_id, data)

    async def answers(self, user: User) -> None:
        """What is asked, or what something else asks; a code is the newest that was mailed."""
        state = self.hospital.scalar("SELECT state FROM conversations WHERE chat_id = :id", id=user.id) or ""
        email = email_of(user.first_name.strip("<b>"))
        letters = self.hospital.mailbox.to(email)
        right = shapes.RIGHT.get(state.rpartition(".")[2], "/start")
        right = right.format(email=email, code=(letters and letters[0].code) or "123456")
        text = self.any([*[right] * 20, *shapes.WANTED])
        await self.arrives(user, self.private(user), {"text": text}, {})

    async def commands(self, user: User) -> None:
        await self.arrives(user, self.private(user), {"text": f"/{self.any(sorted(area.commands))}"}, {})

    async def sends(self, user: User) -> None:
        where = self.any([self.private(user)] * 4 + self.places)
        content = self.any([{"text": self.any(self.texts)}, self.any(shapes.CONTENTS)])
        await self.arrives(user, where, content, self.any(shapes.AROUND))

    async def forges(self, user: User) -> None:
        """Any data under any message."""
        chat = self.any([self.private(user)] * 4 + self.places)
        data = self.any([self.made_up, self.mutated, lambda: self.any(self.texts)])()
        message_id = self.any([1, 2**31 - 1, *list(chat.messages)[-3:]])
        await self.taps(user, chat, message_id, data, how=self.any(TAPS))

    def made_up(self) -> str:
        """A real verb with any arguments."""
        return ":".join(
            [self.any(sorted(area.buttons)), *self.dice.choices(shapes.ODD_ARGUMENTS, k=self.any(range(5)))]
        )

    def mutated(self) -> str:
        """A button of anybody's, perhaps changed a little."""
        offered = [
            button["callback_data"]
            for chat in self.hospital.telegram.chats.values()
            for message in list(chat.messages.values())[-3:]
            for button in keyboards.buttons_of(message.inline)
            if "callback_data" in button
        ]
        data: str = self.any(offered or ["menu.home"])
        at = self.any(range(len(data) + 1))
        changed: str = self.any([data, data[:at] + self.any("059:s-.x") + data[at + 1 :], data[:at], f"{data}:1"])
        return changed

    async def says_something_else(self, user: User) -> None:
        chat = self.any([self.private(user), *self.places])
        kind, body = self.any(shapes.others(user.json(), self.shown(chat)))
        await self.delivered({kind: body})

    async def is_delivered_again(self, user: User) -> None:
        if self.last:
            await self.delivered(self.last)

    async def waits(self, user: User) -> None:
        self.hospital.clock.turn(minutes=self.any((1, 10, 60, 600)))
        await practice.deliver(self.hospital)

    async def arrives(self, user: User, chat: Chat, content: Json, around: Json) -> None:
        """A message; in a private chat it is answered."""
        telegram = self.hospital.telegram
        message = telegram.post(chat, user, content)
        body = telegram.message_json(message) | {"chat": self.shown(chat)} | self.commanded(content) | around
        before, seen = chat.answers, len(chat.messages)
        await self.delivered({"message": body})
        if chat.kind == "private" and "via_bot" not in body:
            assert chat.answers > before, self.told()
        self.nothing_personal(chat, seen)

    def commanded(self, content: Json) -> Json:
        text = content.get("text", "")
        length = len(text.split()[0]) if text.startswith("/") and text.split() else 0
        return {"entities": [{"type": "bot_command", "offset": 0, "length": length}]} if length else {}

    async def taps(self, user: User, chat: Chat, message_id: int, data: str, how: str = "as usual") -> None:
        """Every tap is answered, wherever it comes from."""
        tap = self.hospital.telegram.add_tap(user, chat, message_id, data)
        query: Json = {"id": tap.id, "from": user.json(), "chat_instance": "1"}
        message = chat.messages.get(message_id)
        if how == "inline":
            query |= {"inline_message_id": "1"}
        elif how != "without a message":
            query |= {"message": self.tapped(chat, tap, None if how == "inaccessible" else message)}
        query |= {"game_short_name": "chess"} if how == "a game" else {"data": data}
        seen = len(chat.messages)
        await self.delivered({"callback_query": query})
        assert tap.answers, self.told()
        self.nothing_personal(chat, seen)

    def tapped(self, chat: Chat, tap: Tap, message: Message | None) -> Json:
        gone: Json = {"message_id": tap.message_id, "date": 0}
        shown = self.hospital.telegram.message_json(message) if message else gone
        return shown | {"chat": self.shown(chat)}

    def private(self, user: User) -> Chat:
        return self.hospital.telegram.chats[user.id]

    def shown(self, chat: Chat) -> Json:
        shown = self.hospital.telegram.chat_json(chat)
        return shown | ({"type": "supergroup", "is_forum": True} if chat.id < -1_000_000_000_000 else {})

    def nothing_personal(self, chat: Chat, seen: int) -> None:
        if chat.kind == "private":
            return
        bot = self.hospital.telegram.bot.id
        said = [each.content for each in list(chat.messages.values())[seen:] if each.sender_id == bot]
        assert {each["text"] for each in said} <= {texts.PRIVATE_ONLY}, self.told()

    async def delivered(self, update: Json) -> None:
        """As JSON, which is how it comes over either wire."""
        self.hospital.telegram.inbox.last_id += 1
        update = {"update_id": self.hospital.telegram.inbox.last_id} | update
        self.last = update
        self.story.append(json.dumps(update)[:600])
        await self.hospital._process(json.loads(json.dumps(update)))
        self.reach.updates += 1

    def told(self) -> str:
        return "\n".join([*Strict.refused, *self.story[-12:]])


MOVES_OF = (
    *[Walk.taps_what_is_offered] * 9,
    *[Walk.answers] * 3,
    *[Walk.commands] * 2,
    *[Walk.sends] * 3,
    *[Walk.forges] * 3,
    Walk.says_something_else,
    Walk.is_delivered_again,
    Walk.waits,
)
TAPS = ("as usual", "as usual", "inaccessible", "inline", "without a message", "a game")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pace has proofs of its own; and Telegram's refusals are kept."""
    for limit in ("PERSON", "GROUP", "PERSON_IN_BULK", "REST", "PEOPLE"):
        monkeypatch.setattr(pace, limit, ())
    monkeypatch.setattr("tests.chat.conftest.SimulatorRequest", Strict)
    monkeypatch.setattr(Strict, "refused", [])


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A hospital's database without a hospital in it."""
    file = tmp_path / "empty.db"
    tables.prepare(f"sqlite:///{file}")
    return file


async def walk(dice: Random, strange: list[str], empty: Path, reach: Reach) -> None:
    file = empty.with_name("hospital.db")
    for left in file.parent.glob("hospital.db*"):
        left.unlink()
    shutil.copy(empty, file)
    clock = Clock()
    clock.now = NOW
    async with opened(f"sqlite:///{file}", clock, file) as hospital:
        walk = Walk(hospital, dice, strange, reach)
        await walk.begin()
        with capture_logs() as logs:
            await walk.go()
        assert [line for line in logs if line["log_level"] not in {"debug", "info"}] == [], walk.told()
        assert hospital.scalar("SELECT COALESCE(MAX(failures), 0) FROM telegram_updates") == 0, walk.told()


@pytest.mark.prove
@pytest.mark.usefixtures("at_once")
@pytest.mark.timeout(3000)
async def test_whatever_comes_is_answered_and_nothing_breaks(empty: Path) -> None:
    reach, strange = Reach(), shapes.texts(300, SEED)
    for number in range(WALKS):
        try:
            await walk(Random(f"{SEED}:{number}"), strange, empty, reach)
        except Exception as error:
            error.add_note(f"in walk {number} with HOSPITAL_SEED={SEED}")
            raise
    assert reach.updates >= (10_000 if PROVE else 300)
    # offered on a screen and tapped; all are forged as well, and some pages this small hospital has not got
    assert len(set(reach.verbs) & set(area.buttons)) > len(area.buttons) * (0.55 if PROVE else 0.25)
