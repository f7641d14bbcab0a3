"""A TCP proxy: the link to a server, which can be broken in the middle of whatever is being said over it."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Trouble = Literal["", "refuses", "cuts", "delays", "swallows", "half closes"]
TROUBLES: tuple[Trouble, ...] = ("refuses", "cuts", "delays", "swallows", "half closes")
"""Connections are refused, and those that are open end; an answer ends in the middle of a packet, and its connection
with it; every answer comes late; nothing comes through any more, and nothing ends; what is asked arrives, but the
answers are at an end."""
DELAY = 2.0
CHUNK = 65_536


@dataclass(eq=False)
class Connection:
    """Where bytes are missing, nothing more may pass: that way is no longer open."""

    client: StreamWriter
    server: StreamWriter
    asks: bool = True
    answers: bool = True

    def abort(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()


@dataclass(eq=False)
class Link:
    """From `port` to the server's port `beyond`, both on this machine."""

    beyond: int
    port: int = 0
    trouble: Trouble = ""
    _answers: int = 0
    _server: asyncio.Server | None = None
    _open: set[Connection] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def breaks(self, trouble: Trouble, *, after: int = 0) -> None:
        """From now on, once so many more answers came through."""
        self.trouble, self._answers = trouble, after
        if trouble == "refuses":
            self._close()

    async def heals(self) -> None:
        """New connections work again. What was broken stays so until one of its ends gives up."""
        self.trouble = ""
        if self._server is None:
            self._server = await asyncio.start_server(self._begin, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for connection in self._open:
            connection.abort()

    def _begin(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        async with _ending(writer):
            try:
                answers, server = await asyncio.open_connection("127.0.0.1", self.beyond)
            except OSError:
                return
            async with _ending(server):
                connection = Connection(writer, server)
                self._open.add(connection)
                try:
                    await asyncio.gather(self._ask(connection, reader), self._answer(connection, answers))
                finally:
                    self._open.discard(connection)

    async def _ask(self, connection: Connection, reader: StreamReader) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                connection.asks &= not self._is_broken("swallows")
                if connection.asks:
                    connection.server.write(chunk)
        connection.abort()

    async def _answer(self, connection: Connection, reader: StreamReader) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self._is_broken(self.trouble):
                    await self._spoil(connection, chunk)
                elif self.trouble:
                    self._answers -= 1
                if connection.answers:
                    connection.client.write(chunk)
        if connection.answers:
            connection.abort()

    async def _spoil(self, connection: Connection, chunk: bytes) -> None:
        if self.trouble == "delays":
            await asyncio.sleep(DELAY)
            return
        connection.answers = False
        if self.trouble == "cuts":
            connection.client.write(chunk[: len(chunk) // 2])
            connection.abort()
        if self.trouble == "half closes":
            connection.client.write_eof()

    def _is_broken(self, trouble: Trouble) -> bool:
        return bool(trouble) and trouble == self.trouble and self._answers <= 0

    async def stop(self) -> None:
        self._close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def _ending(writer: StreamWriter) -> AsyncIterator[None]:
    """It is closed after the block, and not only about to be."""
    try:
        yield
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def linked(beyond: int) -> AsyncIterator[Link]:
    """A sound link to the port of this machine, until the block ends."""
    link = Link(beyond)
    await link.heals()
    try:
        yield link
    finally:
        await link.stop()
