"""A tiny scripted bot, so that the page is tested apart from the product. It polls the simulator as any bot would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from io import BytesIO

from PIL import Image
from telegram import (
    Bot,
    BotCommand,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
)
from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from hospital_bot.simulator.telegram import Telegram

TIMES = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("10:00", callback_data="10:00"), InlineKeyboardButton("10:30", callback_data="10:30")],
        [InlineKeyboardButton("Ask the desk", callback_data="desk")],
        [InlineKeyboardButton("Share", url="https://t.me/hospital_bot?start=shared")],
    ]
)
CHOSEN = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Change", callback_data="change"), InlineKeyboardButton("Copy it", callback_data="copy")]]
)
CONTACT = ReplyKeyboardMarkup(
    [[KeyboardButton("Share my number", request_contact=True)], ["Rather not"]], resize_keyboard=True
)
GREETING = (
    "<b>Welcome</b> to <i>the desk</i>. Your code is <code>123456</code>, see /help.\n"
    '<blockquote>Take care</blockquote><a href="https://t.me/hospital_bot?start=hello">Say hello</a>'
)


async def greet(message: Message) -> None:
    await message.reply_text(GREETING, parse_mode="HTML")


async def offer_times(message: Message) -> None:
    await message.reply_text("Which time?", reply_markup=TIMES)


async def ask_number(message: Message) -> None:
    await message.reply_text("Your number?", reply_markup=CONTACT)


async def send_visit(message: Message) -> None:
    await message.reply_document(b"BEGIN:VCALENDAR", filename="visit.ics", caption="For your calendar")


async def send_qr(message: Message) -> None:
    picture = BytesIO()
    Image.new("RGB", (160, 160), "black").save(picture, "png")
    await message.reply_photo(picture.getvalue(), filename="qr.png", caption="Scan me")


async def forget(message: Message) -> None:
    await message.delete()
    await message.reply_text("Forgotten.")


async def think(message: Message) -> None:
    await message.reply_chat_action(ChatAction.TYPING)


async def echo(message: Message) -> None:
    await message.reply_text(f"You said: {message.text or 'something'}")


ANSWERS: dict[str, Callable[[Message], Awaitable[None]]] = {
    "/start": greet,
    "/book": offer_times,
    "number": ask_number,
    "visit": send_visit,
    "qr": send_qr,
    "secret": forget,
    "think": think,
}


async def take_tap(query: CallbackQuery) -> None:
    if query.data == "desk":
        await query.answer("Please call the desk.", show_alert=True)
        return
    await query.answer(f"{query.data} is yours")
    await query.edit_message_text(f"<b>{query.data}</b> is booked.", parse_mode="HTML", reply_markup=CHOSEN)


async def serve(bot: Bot) -> None:
    offset = 0
    while True:
        try:
            for update in await bot.get_updates(offset, timeout=10, read_timeout=20):
                offset = update.update_id + 1
                if update.callback_query:
                    await take_tap(update.callback_query)
                elif update.message:
                    await ANSWERS.get(update.message.text or "", echo)(update.message)
        except TelegramError:  # the simulator restarts
            await asyncio.sleep(0.05)


@asynccontextmanager
async def reception(telegram: Telegram, address: str) -> AsyncIterator[Bot]:
    """The desk is open while the block runs."""
    polling, calling = (HTTPXRequest(httpx_kwargs={"trust_env": False}) for _ in range(2))
    async with Bot(telegram.token, f"{address}/bot", request=calling, get_updates_request=polling) as bot:
        await bot.set_my_commands([BotCommand("book", "Book a visit"), BotCommand("help", "What I can do")])
        await bot.set_my_description("Books visits.")
        serving = asyncio.create_task(serve(bot))
        try:
            yield bot
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
