"""What stands around every route: the size of a body, the pace of an address, safe headers, numbers, a last answer."""

from __future__ import annotations

import time
from typing import Any, Self

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hospital_bot.api import problems
from hospital_bot.api.quotas import Quotas, source

log = structlog.get_logger()

LONGEST_BODY = 64 * 1024
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
WATCHED = ("/health", "/ready", "/metrics")
"""Asked by the hospital's own machines, again and again: their pace is not limited."""


class TooLong(Exception):
    pass


class Numbers:
    """What Prometheus reads. Labels are routes, methods and statuses, never what was asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("hospital_api_requests_total", "Answered requests", labels, registry=self.registry)
        self._seconds = Histogram(
            "hospital_api_request_seconds", "Time to answer", ("method", "route"), registry=self.registry
        )

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        path = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if path != "none" else "any"  # a method that nobody knows would be a new label
        self._requests.labels(method, path, status).inc()
        self._seconds.labels(method, path).observe(seconds)


class Guard:
    """The outermost layer. Whatever happens within, there is one answer, and no traceback that quotes a person."""

    def __init__(self, app: ASGIApp, *, quotas: Quotas, numbers: Numbers) -> None:
        self._app, self._quotas, self._numbers = app, quotas, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, reply = time.perf_counter(), Reply(send)
        try:
            await self._answer(scope, receive, reply)
        finally:
            self._numbers.note(scope, reply.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, reply: Reply) -> None:
        if scope["path"] not in WATCHED and not self._quotas.admits(source(scope)):
            await _say(problems.of_status(429), scope, receive, reply)
            return
        try:
            body = await Body.read(scope, receive)
            await self._app(scope, body, reply)
        except TooLong:
            await _say(problems.of_status(413), scope, receive, reply)
        except Exception as error:  # noqa: BLE001 - the last resort: nothing is known but that it broke
            route = getattr(scope.get("route"), "path", "")
            log.error("request_failed", route=route, error=type(error).__name__)  # noqa: TRY400 - a traceback may quote
            await _say(problems.of_status(500), scope, receive, reply)


async def _say(response: Response, scope: Scope, receive: Receive, reply: Reply) -> None:
    if not reply.started:
        await response(scope, receive, reply)


class Body:
    """A request's body, read as a whole before any route sees it: it is short, or it is refused."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._messages: list[Message] = [{"type": "http.request", "body": body}]
        self._receive = receive

    @classmethod
    async def read(cls, scope: Scope, receive: Receive) -> Self:
        """Raises TooLong, before reading where the request tells its length."""
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if said.isdigit() and int(said[:20]) > LONGEST_BODY:
            raise TooLong
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LONGEST_BODY:
                raise TooLong
        return cls(bytes(body), receive)

    async def __call__(self) -> Message:
        return self._messages.pop() if self._messages else await self._receive()


class Reply:
    """Sends the answer with our headers, and remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.started = 500, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.started = message["status"], True
            headers: list[Any] = list(message.get("headers", []))
            said = {name.lower() for name, _ in headers}
            message = {**message, "headers": headers + [pair for pair in HEADERS if pair[0] not in said]}
        await self._send(message)
