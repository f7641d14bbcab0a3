"""The demo that stays on: the chat page in a browser, and a plain chat on the terminal."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from threading import Thread

from typer import echo

from hospital_bot.demo.stage import Stage, stage
from hospital_bot.demo.transcript import Transcript
from hospital_bot.simulator.lines import HttpLine
from hospital_bot.simulator.phone import BotSilent, NotOffered, Phone
from hospital_bot.simulator.refusals import Impossible
from hospital_bot.wiring import stop_on_signals

HOWTO = "Type what you would type in Telegram, or =3 to tap the third button; /quit ends."


async def serve(folder: Path, port: int) -> int:
    """Run the demo until it is stopped; what happened stays in `folder` for the next time."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with stage(folder, port=port) as on:
        echo(f"The hospital is open: {on.address}")
        if sys.stdin.isatty():
            Thread(target=_listen, args=(on, stop, asyncio.get_running_loop()), daemon=True).start()
        await stop.wait()
    return 0


def _listen(on: Stage, stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Reads the terminal in a thread of its own, which ends with the process."""
    chat = _Chat(on)
    echo(HOWTO)
    typed = "/start"
    while typed != "/quit":
        if typed:
            asyncio.run_coroutine_threadsafe(chat.turn(typed), loop).result()
        typed = sys.stdin.readline().strip() or "/quit"
    loop.call_soon_threadsafe(stop.set)


class _Chat:
    """The new phone, held at the terminal."""

    def __init__(self, on: Stage) -> None:
        self._on, self._transcript = on, Transcript()

    async def turn(self, typed: str) -> None:
        async with HttpLine(self._on.address) as line:
            phone = Phone(line, self._on.cards[-1].person_id, "You")
            await line.look(phone.id)
            try:
                if typed.startswith("=") and typed[1:].isdecimal():
                    await phone.taps(phone.last.buttons[int(typed[1:]) - 1])
                else:
                    await phone.says(typed)
                self._transcript.answered(phone.last)
            except (BotSilent, NotOffered, Impossible, IndexError) as error:
                self._transcript.note(str(error) or "there is no such button")
