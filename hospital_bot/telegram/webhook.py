"""The webhook: Telegram posts each update, and posts it again until it hears 200."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram import Update

from hospital_bot.telegram.bot import HospitalBot, Json, is_update
from hospital_bot.telegram.lanes import Lanes

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")
LONGEST_BODY = 1024 * 1024
STOP_SECONDS = 8
"""How long running requests may take to finish when the server stops."""

Deliver = Callable[[Update], Awaitable[None]]
log = structlog.get_logger()


class TooLong(Exception):
    """The body is over `LONGEST_BODY` bytes."""


def webhook_app(bot: HospitalBot, deliver: Deliver, *, secret: str, path: str) -> Starlette:
    """POST ``path`` and GET /health. ``deliver`` raises when Telegram must post the update again.

    Raises ValueError for a secret that is too short or that Telegram would refuse.
    """
    if not SECRET.fullmatch(secret):
        raise ValueError("HOSPITAL_WEBHOOK_SECRET: needs 32 to 256 characters of A-Z a-z 0-9 _ -")
    webhook = Webhook(bot, deliver, secret)
    return Starlette(
        routes=[
            Route(path, webhook.take, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
        ]
    )


async def health(_request: Request) -> Response:
    return PlainTextResponse("ok")


class Webhook:
    def __init__(self, bot: HospitalBot, deliver: Deliver, secret: str) -> None:
        self._bot = bot
        self._deliver = deliver
        self._secret = secret.encode()
        self._lanes = Lanes()

    async def take(self, request: Request) -> Response:
        """200 when the update is dealt with; 503 asks for it again."""
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._secret):
            return Response(status_code=403)
        try:
            raw = json.loads(await _body(request))
        except TooLong:
            return Response(status_code=413)
        except ValueError:
            raw = None
        if not is_update(raw):
            log.warning("webhook.malformed")
            return Response(status_code=400)
        return await self._hand_on(raw)

    async def _hand_on(self, raw: Json) -> Response:
        """What the library can't read is taken all the same: repeated for a day, it would hold up its chat."""
        try:
            update = self._bot.read(raw)
        except Exception as error:  # noqa: BLE001 - the library raises whatever an odd field led to
            log.warning("webhook.unreadable", update_id=raw["update_id"], error=type(error).__name__)
            return Response(status_code=200)
        try:
            async with self._lanes.of(update):
                await self._deliver(update)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the update is delivered again
            log.warning("update.failed", update_id=update.update_id, error=type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=200)


async def _body(request: Request) -> bytes:
    """The body, read no further than allowed. Raises TooLong."""
    said = request.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) > LONGEST_BODY:
        raise TooLong
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise TooLong
    return bytes(body)


class _Server(uvicorn.Server):
    """Uvicorn inside a loop that is not its own: signals are the process's matter."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Starlette, host: str, port: int) -> AsyncIterator[int]:
    """Serve while the block runs, then finish the running requests. Gives the port; 0 takes a free one.

    Raises OSError when the address is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer's second half waits for 40 ms
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,  # who may speak for others is the app's matter
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running
