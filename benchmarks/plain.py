"""The measure of a tap: a bare bot, as the library's own examples write one. It answers the tap and edits the message.

Arguments: the Bot API's address, the token, and how many updates it may handle at once.
"""

from __future__ import annotations

import sys
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, CommandHandler

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Next", callback_data="next")]])


async def start(update: Update, _context: Any) -> None:
    assert update.message
    await update.message.reply_text("0", reply_markup=KEYBOARD)


async def turn(update: Update, _context: Any) -> None:
    query = update.callback_query
    assert query
    await query.answer()
    await query.edit_message_text(f"Tap {query.id}", reply_markup=KEYBOARD)


def main(address: str, token: str, at_once: str) -> None:
    application = Application.builder().token(token).base_url(f"{address}/bot")
    bare = application.concurrent_updates(int(at_once)).build()
    bare.add_handler(CommandHandler("start", start))
    bare.add_handler(CallbackQueryHandler(turn))
    bare.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
