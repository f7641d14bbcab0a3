"""`hospital-bot run` with one area more, whose steps leave marks: what was applied, how often and in which order.

After `run` stand the safeguards to leave out, for the controls of a proof.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import Response

from handlers.area import Area
from handlers.screen import Screen
from handlers.turn import Turn
from hospital_bot import cli
from hospital_bot.services import conversations
from hospital_bot.telegram import pace, poll, webhook
from tests.reliability.world import HELD


def mark(session: Session, *, chat_id: int, kind: str, number: int, **_: Any) -> None:
    row = {"chat_id": chat_id, "kind": kind, "number": number}
    session.execute(text("INSERT INTO probe (chat_id, kind, number) VALUES (:chat_id, :kind, :number)"), row)


def hold(session: Session, **_: Any) -> None:
    session.execute(text(f"SELECT GET_LOCK('{HELD}', 60)"))
    session.execute(text(f"SELECT RELEASE_LOCK('{HELD}')"))


def begin(turn: Turn) -> Screen:
    turn.expect("probe")
    return Screen("begun")


def take_text(turn: Turn, text: str) -> Screen:
    return _take(turn, "text", int(text))


def take_tap(turn: Turn, number: int) -> Screen:
    return Screen(toast=_take(turn, "tap", number).text)


def wait(turn: Turn) -> Screen:
    """As slow a step as the test wants."""
    turn.do(hold)
    return _take(turn, "text", 0)


def stumble(turn: Turn) -> Screen:
    _take(turn, "text", -1)
    raise ZeroDivisionError


def _take(turn: Turn, kind: str, number: int) -> Screen:
    turn.draft("probe").setdefault("seen", []).append([kind, number])
    turn.do(mark, chat_id=turn.chat_id, kind=kind, number=number)
    return Screen(f"{kind} {number}")


def without_lock() -> None:
    """The chat is read without its lock, slowly, and saved whoever saved it meanwhile."""
    opened, closed = conversations.open_chat, conversations.close_chat
    conversations.OPEN._for_update_arg = None

    def read(session: Session, **facts: Any) -> conversations.Chat:
        chat = opened(session, **facts)
        time.sleep(0.05)
        return chat

    def save(session: Session, *, chat: conversations.Chat, **facts: Any) -> None:
        newest = "SELECT version FROM conversations WHERE chat_id = :chat_id"
        chat.version = session.scalar(text(newest), {"chat_id": chat.chat_id}) or 0
        closed(session, chat=chat, **facts)

    conversations.open_chat, conversations.close_chat = read, save


def without_memory() -> None:
    """No update is known, so each delivery is applied."""
    opened = conversations.open_chat

    def forget(session: Session, *, update_id: int, **facts: Any) -> conversations.Chat:
        session.execute(text("DELETE FROM telegram_updates WHERE update_id = :id"), {"id": update_id})
        return opened(session, update_id=update_id, **facts)

    conversations.open_chat = forget


def without_waiting() -> None:
    """200 is answered, or the offset moved, before the update is handled: a moment before, as on a busy machine."""
    hand_on, started = webhook.Webhook._hand_on, set[Any]()

    async def handle(self: webhook.Webhook, raw: dict[str, object]) -> None:
        await asyncio.sleep(0.05)
        await hand_on(self, raw)

    async def take(self: webhook.Webhook, raw: dict[str, object]) -> Response:
        started.add(asyncio.create_task(handle(self, raw)))
        return Response(status_code=200)

    def offset(self: poll.Poller) -> int | None:
        return None if self._newest is None else self._newest + 1

    webhook.Webhook._hand_on = take  # type: ignore[method-assign]
    poll.Poller._offset = offset  # type: ignore[method-assign]


SAFEGUARDS: dict[str, Callable[[], None]] = {
    "lock": without_lock,
    "memory": without_memory,
    "waiting": without_waiting,
}


def add_area() -> None:
    """In a process of its own alone: the steps of a test's process are everybody's."""
    area = Area("probe")
    for name, step in (("probe", begin), ("hold", wait), ("break", stumble)):
        area.command(name)(step)
    area.answer("probe")(take_text)
    area.button("add")(take_tap)


def main(command: str, *missing: str) -> None:
    add_area()
    pace.PERSON = ()  # type: ignore[assignment]  # the pace is proven elsewhere: here nobody waits
    for safeguard in missing:
        SAFEGUARDS[safeguard]()
    cli.app([command])


if __name__ == "__main__":
    main(*sys.argv[1:])
