"""The Bot API over aiohttp: half of what a tap costs with PTB's own HTTP client is spent in that client.

It plugs into PTB's seam, `BaseRequest`. Errors name their kind only: an address holds the token.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, FormData, TCPConnector
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

CONNECT_SECONDS = 5.0


class Backend(BaseRequest):
    """At most `connections` at once; `answer_seconds` is how long an answer may take unless a call says otherwise."""

    def __init__(self, *, connections: int, answer_seconds: float) -> None:
        self._connections, self._answer_seconds = connections, answer_seconds
        self._session: ClientSession | None = None
        self._places: dict[str, tuple[URL, str | None]] = {}

    @property
    def read_timeout(self) -> float:
        return self._answer_seconds

    async def initialize(self) -> None:
        if self._session is None:
            connector = TCPConnector(limit=self._connections, keepalive_timeout=60)
            headers = {"User-Agent": self.USER_AGENT}
            self._session = ClientSession(connector=connector, headers=headers, cookie_jar=DummyCookieJar())

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - aiohttp has no limit of its own for it
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - whoever waits for a place is paced elsewhere
    ) -> tuple[int, bytes]:
        """The status and the body. Raises TimedOut or NetworkError."""
        if self._session is None:
            raise RuntimeError("not initialized")
        limits = _limits(_or(connect_timeout, CONNECT_SECONDS), _or(read_timeout, self._answer_seconds))
        body, headers = _body(request_data)
        address, proxy = self._place(url)
        facts: dict[str, Any] = {"data": body, "headers": headers, "proxy": proxy, "timeout": limits}
        try:
            async with self._session.request(method, address, **facts) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (ClientError, OSError, asyncio.IncompleteReadError) as error:
            raise NetworkError(type(error).__name__) from None

    def _place(self, url: str) -> tuple[URL, str | None]:
        """The address, taken apart, and the proxy that the environment names for it: once for each of the few methods.
        aiohttp (`trust_env`) asks for the proxy before each call, and reads ~/.netrc, both in another thread."""
        if url not in self._places:
            address = URL(url)
            bypassed = proxy_bypass(address.authority)
            self._places[url] = address, None if bypassed else getproxies().get(address.scheme)
        return self._places[url]


@cache
def _limits(connect: float | None, read: float | None) -> ClientTimeout:
    return ClientTimeout(sock_connect=connect, sock_read=read)


def _or(value: Any, default: float) -> float | None:
    limit: float | None = default if value is BaseRequest.DEFAULT_NONE else value
    return limit


def _body(data: RequestData | None) -> tuple[FormData | bytes | None, dict[str, str]]:
    """JSON, with its header; with files, a form in several parts."""
    if data is None:
        return None, {}
    if not data.multipart_data:
        return json.dumps(data.parameters).encode(), {"Content-Type": "application/json"}
    form = FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime_type)
    return form, {}
