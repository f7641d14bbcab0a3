"""Screens become Telegram's messages here, after COMMIT."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from telegram import InputFile
from telegram.error import BadRequest, TelegramError

from handlers.screen import REMOVE_REPLY, Button, File, Reply, Screen
from handlers.turn import Arrival
from hospital_bot.telegram.bot import Commands, HospitalBot, Json
from hospital_bot.telegram.cut import MAX_CAPTION, MAX_TOAST, fit, plain
from hospital_bot.telegram.pace import BULK, TAKEN
from hospital_bot.telegram.refusals import FINAL, Blocked, Rejected, RetryLater, Unshown, our_refusals

HTML = "HTML"
CARRIER = "…"
"""The text of a message that only takes a keyboard away, and is deleted at once."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a screen goes. With a message to edit it takes that one's place if it may."""

    chat_id: int
    edits: int | None = None
    priority: str | None = None


class Show:
    """``commands`` are the menus by role; ``delete_yourself`` asks to delete a message that Telegram kept."""

    def __init__(self, bot: HospitalBot, commands: Mapping[str, Commands], *, delete_yourself: str) -> None:
        self._bot = bot
        self._commands = commands
        self._delete_yourself = delete_yourself

    async def __call__(self, arrival: Arrival, screen: Screen) -> None:
        """Answer an update. Raises Unshown; what Telegram refuses for good is logged and left."""
        if not arrival.private:
            links = tuple(row for row in screen.rows if all(button.url for button in row))
            screen = Screen(text=screen.text, rows=links, toast=screen.toast, alert=screen.alert)
        try:
            with our_refusals():
                await self._answer(arrival, screen)
        except (Blocked, Rejected) as refusal:
            log.warning("screen.refused", update_id=arrival.update_id, error=type(refusal).__name__)
        except RetryLater as refusal:
            raise Unshown from refusal

    async def message(self, chat_id: int, screen: Screen, *, bulk: bool = True, taken: bool = False) -> int:
        """Send a message of its own and give its id. Raises Blocked, RetryLater, Rejected.

        `taken`: its turn was taken from the pace already, so it goes at once.
        """
        with our_refusals():
            sent = await self._put(Place(chat_id, priority=TAKEN if taken else BULK if bulk else None), screen)
        if sent is None:
            raise Rejected("nothing to send")
        return sent

    async def reach(self) -> None:
        """Ask Telegram for nothing in particular. Raises RetryLater when it can't be reached."""
        with our_refusals():
            await self._bot.get_me()

    async def _answer(self, arrival: Arrival, screen: Screen) -> None:
        if screen.forget and arrival.message_id is not None:
            await self._forget(arrival.chat_id, arrival.message_id)
        await _both(self._answer_tap(arrival, screen), self._render(arrival, screen))

    async def _forget(self, chat_id: int, message_id: int) -> None:
        try:
            await self._delete(chat_id, message_id)
        except BadRequest as refusal:
            if "not found" not in refusal.message:  # else it is gone already: by hand, or before this repetition
                await self._say(chat_id, self._delete_yourself)

    async def _delete(self, chat_id: int, message_id: int) -> None:
        await self._bot.call("deleteMessage", {"chat_id": chat_id, "message_id": message_id})

    async def _say(self, chat_id: int, text: str) -> None:
        await self._bot.call("sendMessage", {"chat_id": chat_id, "text": text})

    async def _answer_tap(self, arrival: Arrival, screen: Screen) -> None:
        """A tap too old to answer is let go, but a toast that would be the only answer becomes a message."""
        if arrival.callback_id is None:
            return
        toast = plain(screen.toast, MAX_TOAST) or None
        answer = {"callback_query_id": arrival.callback_id, "text": toast, "show_alert": screen.alert}
        try:
            await self._bot.call("answerCallbackQuery", answer)
        except BadRequest:
            if toast and not screen.text:
                await self._say(arrival.chat_id, toast)

    async def _render(self, arrival: Arrival, screen: Screen) -> None:
        tapped = arrival.message_id if arrival.kind == "tap" else None
        edited = tapped if _fits_in_place(screen) else None
        await self._put(Place(arrival.chat_id, edited), screen)
        if screen.retire and tapped is not None and edited is None:
            with suppress(BadRequest):  # its buttons are gone, or it is
                await self._bot.call("editMessageReplyMarkup", {"chat_id": arrival.chat_id, "message_id": tapped})
        if screen.commands is not None:
            await self._change_menu(arrival.chat_id, self._commands[screen.commands])

    async def _change_menu(self, chat_id: int, commands: Commands) -> None:
        """The answer is on the screen already: for the menu alone it is not shown again."""
        menu = [{"command": command, "description": what} for command, what in commands]
        try:
            await self._bot.call("setMyCommands", {"commands": menu, "scope": {"type": "chat", "chat_id": chat_id}})
        except TelegramError as refusal:
            log.warning("menu_failed", error=type(refusal).__name__)

    async def _put(self, place: Place, screen: Screen) -> int | None:
        """Show text, then file; gives the id of the first message, None when there was neither."""
        shown = await self._put_text(place, screen) if screen.text else None
        if screen.file:
            sent = await self._send_file(place, screen, screen.file)
            shown = shown or sent
        return shown

    async def _put_text(self, place: Place, screen: Screen) -> int:
        if place.edits is not None:
            try:
                await self._edit(place.chat_id, place.edits, screen)
            except BadRequest as refusal:
                if "not modified" not in refusal.message:  # else too old, gone, or a file: a new message serves
                    return await self._send(place, screen)
            return place.edits
        return await self._send(place, screen)

    async def _edit(self, chat_id: int, message_id: int, screen: Screen) -> None:
        edited = {"chat_id": chat_id, "message_id": message_id, "reply_markup": _inline(screen)}
        await self._bot.call("editMessageText", edited | _text(screen))

    async def _send(self, place: Place, screen: Screen) -> int:
        if screen.rows and screen.reply:
            await self._take_keyboard_away(place)
        common = _common(place, screen, is_secret=screen.secret)
        return await self._sent("sendMessage", common | _text(screen), place)

    async def _take_keyboard_away(self, place: Place) -> None:
        """A message has inline buttons or removes a keyboard, never both."""
        carrier = {
            "chat_id": place.chat_id,
            "text": CARRIER,
            "reply_markup": {"remove_keyboard": True},
            "disable_notification": True,
        }
        message_id = await self._sent("sendMessage", carrier, place)
        with suppress(BadRequest):  # a dot too many is no reason to fail
            await self._delete(place.chat_id, message_id)

    async def _send_file(self, place: Place, screen: Screen, file: File) -> int:
        message = _common(place, screen, is_secret=screen.secret or file.secret)
        message |= {"caption": fit(file.caption, MAX_CAPTION), "parse_mode": HTML}
        if screen.text:
            message["reply_markup"] = None
        method = "sendPhoto" if file.kind == "photo" else "sendDocument"
        return await self._sent(method, message | {file.kind: InputFile(file.content, file.name)}, place)

    async def _sent(self, method: str, message: Json, place: Place) -> int:
        sent = await self._bot.call(method, message, place.priority)
        return int(sent["message_id"])


def _fits_in_place(screen: Screen) -> bool:
    """An edit can neither protect a message nor bring a keyboard."""
    return not (screen.new or screen.secret or screen.reply)


def _text(screen: Screen) -> Json:
    return {"text": fit(screen.text), "parse_mode": HTML, "link_preview_options": {"is_disabled": True}}


def _common(place: Place, screen: Screen, *, is_secret: bool) -> Json:
    keyboard = _inline(screen) or _keyboard(screen.reply)
    return {"chat_id": place.chat_id, "reply_markup": keyboard, "protect_content": is_secret}


def _inline(screen: Screen) -> Json | None:
    if not screen.rows:
        return None
    return {"inline_keyboard": [[_button(button) for button in row] for row in screen.rows]}


def _button(button: Button) -> Json:
    if button.copy:
        return {"text": button.label, "copy_text": {"text": button.copy}}
    return {"text": button.label} | ({"url": button.url} if button.url else {"callback_data": button.data})


def _keyboard(reply: Reply | None) -> Json | None:
    if reply is None:
        return None
    if reply == REMOVE_REPLY:
        return {"remove_keyboard": True}
    contact = [[{"text": reply.contact_label, "request_contact": True}]] if reply.contact_label else []
    others = [[{"text": label}] for label in reply.other_labels]
    return {"keyboard": contact + others, "one_time_keyboard": True, "resize_keyboard": True}


async def _both(one: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None]) -> None:
    """Side by side, each to its end; of two errors, raise one that asks for a repetition."""
    beside, errors = asyncio.create_task(one), list[Exception]()
    try:
        for work in (other, beside):
            try:
                await work
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)
    finally:
        beside.cancel()  # nothing, unless this was cancelled
    if errors:
        raise min(errors, key=lambda error: isinstance(error, FINAL))
