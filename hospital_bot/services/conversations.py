"""Where each chat stands, and which updates were handled. The chat's row is the lock that keeps its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, and_, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from hospital_bot.errors import Conflict
from hospital_bot.models import Conversation, TelegramUpdate

KEPT = timedelta(hours=24)
"""How long answers given so far are kept; as long as Telegram keeps updates."""


@dataclass(slots=True)
class Chat:
    """One chat, locked until the transaction ends."""

    chat_id: int
    update_id: int
    state: str
    data: dict[str, Any]
    version: int
    screen: dict[str, Any] | None
    """What this very update led to, when it was handled before."""
    failures: int
    """How often handling this update has failed."""


SEEN = and_(TelegramUpdate.update_id == bindparam("seen"), TelegramUpdate.chat_id == Conversation.chat_id)
OPEN = (
    select(
        Conversation.state,
        Conversation.data,
        Conversation.version,
        Conversation.expires_at,
        TelegramUpdate.screen,
        TelegramUpdate.failures,
    )
    .outerjoin(TelegramUpdate, SEEN)
    .where(Conversation.chat_id == bindparam("opened"))
    .with_for_update()
)
MOVE = (
    update(Conversation)
    .where(Conversation.chat_id == bindparam("moved"), Conversation.version == bindparam("before"))
    .values({name: bindparam(name) for name in ("state", "data", "version", "expires_at")})
)
REMEMBER = insert(TelegramUpdate)


def open_chat(session: Session, *, chat_id: int, update_id: int, now: datetime) -> Chat:
    """Lock the chat, creating its row if it is new, and see in the same statement whether the update is known."""
    row = session.connection().execute(OPEN, {"opened": chat_id, "seen": update_id}).one_or_none()
    if row is None:
        first = {"chat_id": chat_id, "data": {}, "expires_at": now + KEPT}
        session.connection().execute(insert(Conversation).values(first))
        return Chat(chat_id, update_id, "", {}, 0, None, 0)
    state, data, version, expires_at, screen, failures = row
    if expires_at <= now:
        state, data = "", {}
    return Chat(chat_id, update_id, state, data, version, screen, failures or 0)


def close_chat(
    session: Session, *, chat: Chat, state: str, data: dict[str, Any], screen: dict[str, Any], now: datetime
) -> None:
    """Save where the chat stands now, if it moved, and what the update led to."""
    if (state, data) != (chat.state, chat.data):
        values = {"state": state, "data": data, "version": chat.version + 1, "expires_at": now + KEPT}
        where = {"moved": chat.chat_id, "before": chat.version}
        if not session.connection().execute(MOVE, values | where).rowcount:
            raise Conflict
    _remember(session, chat, screen, now)


def _remember(session: Session, chat: Chat, screen: dict[str, Any], now: datetime) -> None:
    """The update is handled: delivered again, it shows this screen and changes nothing."""
    if chat.failures:
        session.connection().execute(_known(chat.update_id).values(screen=screen))
        return
    row = {"update_id": chat.update_id, "chat_id": chat.chat_id, "screen": screen, "created_at": now}
    session.connection().execute(REMEMBER, row)


def fail(session: Session, *, chat_id: int, update_id: int, screen: dict[str, Any], most: int, now: datetime) -> bool:
    """Count one more failure of this update; after `most` it is set aside with this screen. True when it is."""
    chat = open_chat(session, chat_id=chat_id, update_id=update_id, now=now)
    given_up = chat.failures + 1 >= most
    if chat.failures:
        values = {"failures": chat.failures + 1} | ({"screen": screen} if given_up else {})
        session.connection().execute(_known(update_id).values(values))
        return given_up
    row = {"update_id": update_id, "chat_id": chat_id, "failures": 1, "created_at": now}
    session.connection().execute(REMEMBER, row)
    return given_up


def _known(update_id: int) -> Update:
    return update(TelegramUpdate).where(TelegramUpdate.update_id == update_id)


def purge(session: Session, *, now: datetime) -> None:
    """Forget handled updates, once Telegram repeats them no more, and answers whose time has passed."""
    session.execute(delete(TelegramUpdate).where(TelegramUpdate.created_at < now - KEPT))
    session.execute(delete(Conversation).where(Conversation.expires_at < now))
