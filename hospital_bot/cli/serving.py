"""The processes: the bot, the HTTP API, the demo."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from hospital_bot import logs, settings, wiring
from hospital_bot.cli.common import plain_errors
from hospital_bot.settings import Settings

app = typer.Typer()


@app.command()
def run() -> None:
    """Run the bot and its scheduler: long polling, or a webhook where HOSPITAL_WEBHOOK_URL is set."""
    logs.set_up()
    with plain_errors():
        _serve(_run(settings.load()))


async def _run(chosen: Settings) -> None:
    stop = asyncio.Event()
    wiring.stop_on_signals(stop)
    with suppress(wiring.Stopped):
        async with wiring.build(chosen, stop=stop) as product:
            gc.freeze()  # what was loaded stays: the collector need not look it through again and again
            await wiring.run(product, stop)


@app.command()
def api() -> None:
    """Serve the HTTP API alone, at HOSPITAL_API_HOST (127.0.0.1) and HOSPITAL_API_PORT (5000)."""
    logs.set_up()
    with plain_errors():
        _serve(_api(settings.load()))


def _serve(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop, which Windows does without."""
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        import uvloop

        new_loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main)


async def _api(chosen: Settings) -> None:
    stop = asyncio.Event()
    wiring.stop_on_signals(stop)
    await wiring.run_api(chosen, stop)


@app.command()
def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the dialogue on the terminal and exit.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the chat page is.")] = 8080,
    folder: Annotated[Path, typer.Option(help="What happens stays there; delete it to begin anew.")] = Path("demo"),
) -> None:
    """The whole product with an invented hospital in a Telegram on this machine: no token, no server."""
    from hospital_bot.demo import play, serve  # only the demo needs the simulator

    logs.set_up(logging.WARNING)
    with plain_errors():
        folder.mkdir(parents=True, exist_ok=True)
        raise typer.Exit(asyncio.run(play() if script else serve(folder, port)))
