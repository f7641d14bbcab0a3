"""The demo that stays on: the chat page in a browser, and a plain chat on the terminal."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from typer import echo

from hospital_bot.demo.cast import Card, assemble, log_in
from hospital_bot.demo.stage import Stage, stage
from hospital_bot.demo.transcript import Transcript
from hospital_bot.simulator.lines import HttpLine
from hospital_bot.simulator.phone import BotSilent, NotOffered, Phone
from hospital_bot.simulator.refusals import Impossible
from hospital_bot.wiring import stop_on_signals

HOWTO = "Type what you would type in Telegram, or =3 to tap the third button; /quit ends."


async def serve(port: int) -> int:
    """Run the demo until it is stopped."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    with tempfile.TemporaryDirectory() as folder:
        async with stage(Path(folder), port=port) as on:
            cards = assemble(on.telegram)
            await on.product.db.run_async(log_in, cards=cards, now=on.clock.now())
            echo(f"The hospital is open: {on.address}")
            if sys.stdin.isatty():
                chatting = asyncio.create_task(_chat(on, cards[-1], stop))
                await stop.wait()
                chatting.cancel()
            else:
                await stop.wait()
    return 0


async def _chat(on: Stage, card: Card, stop: asyncio.Event) -> None:
    echo(HOWTO)
    async with HttpLine(on.address) as line:
        phone = Phone(line, card.person_id, "You")
        transcript = Transcript()
        await _turn(phone, "/start", transcript)
        while not stop.is_set():
            typed = (await asyncio.to_thread(sys.stdin.readline)).strip()
            if typed == "/quit":
                stop.set()
            elif typed:
                await _turn(phone, typed, transcript)


async def _turn(phone: Phone, typed: str, transcript: Transcript) -> None:
    try:
        if typed.startswith("=") and typed[1:].isdecimal():
            labels = phone.last.buttons
            await phone.taps(labels[int(typed[1:]) - 1])
        else:
            await phone.says(typed)
        transcript.answered(phone.last)
    except (BotSilent, NotOffered, Impossible, IndexError) as error:
        transcript.note(str(error) or "there is no such button")
