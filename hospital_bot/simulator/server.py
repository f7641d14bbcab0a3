"""The simulator on a port of this machine: the Bot API, the people's side, the mail."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hospital_bot.simulator import methods, page, people_api
from hospital_bot.simulator.backstage import Backstage
from hospital_bot.simulator.events import Events
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.parameters import Upload
from hospital_bot.simulator.refusals import ApiError, Hung, Json, bad_request
from hospital_bot.simulator.telegram import Telegram

LONGEST_FIELD = 1024 * 1024
SHUTDOWN_SECONDS = 1


class BotApi:
    """``/bot{token}/{method}`` and ``/file/bot{token}/{path}``, as on api.telegram.org."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    def routes(self) -> list[Route]:
        return [
            Route("/bot{token}/{method}", self.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self.download, methods=["GET"]),
        ]

    async def call(self, request: Request) -> Response:
        token, method = request.path_params["token"], request.path_params["method"]
        try:
            values, uploads = await _read(request)
            answer = await methods.answer(self._telegram, token, method, values, uploads)
        except ApiError as error:
            return JSONResponse(error.json(), error.code)
        except ClientDisconnect:  # the bot died in the middle of its request
            return Response(status_code=400)
        except Hung as hung:
            await asyncio.sleep(hung.seconds)
            return Response(status_code=504)
        return JSONResponse(answer.body, answer.status)

    async def download(self, request: Request) -> Response:
        token, path = request.path_params["token"], request.path_params["path"]
        try:
            stored = methods.file_content(self._telegram, token, path)
        except ApiError as error:
            return JSONResponse(error.json(), error.code)
        return Response(stored.content, media_type=stored.mime_type)


async def _read(request: Request) -> tuple[dict[str, object], dict[str, Upload]]:
    """The parameters of a query string, a form, a multipart form or a JSON body."""
    values: dict[str, object] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return values | _json_object(await request.body()), {}
    uploads = {}
    async with request.form(max_part_size=LONGEST_FIELD) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                kind = value.content_type or "application/octet-stream"
                uploads[name] = Upload(value.filename or name, await value.read(), kind)
            else:
                values[name] = value
    return values, uploads


def _json_object(body: bytes) -> Json:
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise bad_request("can't parse JSON encoded request")
    return values


def create_app(telegram: Telegram, mailbox: Mailbox, backstage: Backstage | None = None) -> Starlette:
    """The whole simulator as an ASGI application, for hosts of this machine only.

    ``app.state.events`` are the chat page's streams, to be closed before the server stops.
    """
    backstage = backstage or Backstage()
    events = Events(telegram, mailbox, backstage)
    routes = [
        *BotApi(telegram).routes(),
        *people_api.PeopleApi(telegram, mailbox).routes(),
        *page.Page(telegram, events, backstage).routes(),
    ]
    local = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    app = Starlette(routes=routes, middleware=[local, Middleware(page.Fence)], exception_handlers=people_api.REFUSED)
    app.state.events = events
    return app


class _Server(uvicorn.Server):
    """Leaves signals to the program that runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(
    telegram: Telegram,
    mailbox: Mailbox,
    backstage: Backstage | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[str]:
    """Serve while the block runs; gives the address, ``http://host:port``. Port 0 takes a free one."""
    app = create_app(telegram, mailbox, backstage)
    async with serving(app, host=host, port=port) as address:
        try:
            yield address
        finally:
            app.state.events.close()
            await telegram.close()


@asynccontextmanager
async def serving(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Any application, served by this event loop while the block runs."""
    listener = _listener(host, port)
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=SHUTDOWN_SECONDS
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def _listener(host: str, port: int) -> socket.socket:
    """The socket listens from here on, so nobody needs to wait for the server. Raises OSError if taken."""
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"the simulator serves this machine only, not {host}")
    listener = socket.create_server((host, port))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio forgets it for a socket that it is given
    return listener


async def serve(host: str, port: int, smtp_port: int, clock: Callable[[], datetime]) -> None:
    """Run the simulator alone, until cancelled."""
    telegram, mailbox = Telegram(clock), Mailbox(clock)
    async with mailbox.listening(host, smtp_port), running(telegram, mailbox, host=host, port=port):
        await asyncio.Event().wait()
