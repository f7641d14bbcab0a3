"""A mail server that delivers nothing: it keeps what the bot mails, for people, tests and the demo to read."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP

KEPT_LETTERS = 1000
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


@dataclass(frozen=True)
class Letter:
    """``code`` is the first number of exactly six digits in the text, ``attachments`` are file names."""

    sender: str
    to: list[str]
    subject: str
    text: str
    code: str | None
    attachments: list[str]
    received_at: float


class Mailbox:
    """Everybody's mail, newest first. Mail to an address in ``refused`` is turned away with 550."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.letters: deque[Letter] = deque(maxlen=KEPT_LETTERS)
        self.refused: set[str] = set()
        self._clock = clock
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` when a letter came, or all were thrown away; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def to(self, address: str) -> list[Letter]:
        return [letter for letter in self.letters if address.lower() in letter.to]

    def clear(self) -> None:
        self.letters.clear()
        self._tell()

    def receive(self, sender: str, to: list[str], content: bytes) -> Letter:
        """Keep one letter; ``content`` is the message as it came over the wire."""
        message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        body = message.get_body(("plain", "html"))
        text = str(body.get_content()).replace("\r\n", "\n").strip() if body else ""
        code = CODE.search(text)
        letter = Letter(
            sender=sender,
            to=[address.lower() for address in to],
            subject=str(message["subject"] or ""),
            text=text,
            code=code.group() if code else None,
            attachments=[part.get_filename() or "" for part in message.iter_attachments()],
            received_at=self._clock().timestamp(),
        )
        self.letters.appendleft(letter)
        self._tell()
        return letter

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Take mail over SMTP while the block runs; gives the port, a free one for 0."""
        protocol = partial(SMTP, self, hostname="localhost", enable_SMTPUTF8=True)
        server = await asyncio.get_running_loop().create_server(protocol, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address.lower() in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.receive(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        return "250 OK"
