"""The chat page: its files, its events, the clock, and the headers that fence it in.

GET  /              the page; /page/… its styles and modules
GET  /sim/events    the world, then every change: `events.Events`
GET  /sim/cast      who there is to play
POST /sim/clock     {"forward": "1h" | "next_morning" | "next_visit"}, where a clock was lent
"""

import asyncio
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hospital_bot.simulator import people_api
from hospital_bot.simulator.backstage import Backstage, cards, forward
from hospital_bot.simulator.events import Events
from hospital_bot.simulator.records import Change
from hospital_bot.simulator.telegram import Telegram

FOLDER = Path(__file__).parent / "page"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Page:
    def __init__(self, telegram: Telegram, events: Events, backstage: Backstage) -> None:
        self._telegram = telegram
        self._events = events
        self._backstage = backstage

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.show, methods=["GET"]),
            Mount("/page", StaticFiles(directory=FOLDER)),
            Route("/sim/events", self.stream, methods=["GET"]),
            Route("/sim/cast", self.cast, methods=["GET"]),
            Route("/sim/clock", self.turn_clock, methods=["POST"]),
        ]

    async def show(self, _request: Request) -> Response:
        return FileResponse(FOLDER / "index.html")

    async def stream(self, _request: Request) -> Response:
        return StreamingResponse(
            self._events.stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def cast(self, _request: Request) -> Response:
        return JSONResponse(cards(self._backstage))

    async def turn_clock(self, request: Request) -> Response:
        """Without a clock that can be turned there is nothing here."""
        clock = self._backstage.clock
        if clock is None:
            return JSONResponse({"error": "this clock can't be turned"}, 404)
        how = (await people_api.json_object(request)).get("forward")
        clock.turn(await asyncio.to_thread(forward, self._backstage, how, clock.now()))
        self._telegram.tell(Change("clock", self._telegram.bot.id))
        return JSONResponse(self._events.clock())


class Fence:
    """Puts the security headers on every answer, and turns away what another site's page would write here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def fenced(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        app = FORBIDDEN if _is_foreign_write(scope) else self._app
        await app(scope, receive, fenced)


FORBIDDEN = PlainTextResponse("not from here", 403)


def _is_foreign_write(scope: Scope) -> bool:
    """Browsers say where a request comes from; programs say nothing and are let in."""
    site = Headers(scope=scope).get("sec-fetch-site", "none")
    return scope["method"] != "GET" and site not in {"same-origin", "none"}
