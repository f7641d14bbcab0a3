"""Sending mail by SMTP. Blocking: call it in a thread. What it says of a failure never holds the password."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr
from functools import cached_property
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

TIMEOUT = 10
"""Seconds for each exchange with the server."""
PORTS = {"smtp": 587, "smtps": 465}


class MailError(Exception):
    """The mail was not taken, or nobody knows whether it was. Never repeat a one-time code: ask for a new one."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes, read from `smtp://user:password@host:587` or `smtps://…`."""

    host: str
    port: int
    tls: bool
    """Encrypted from the first byte; otherwise STARTTLS, which only this machine's own server may lack."""
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises ValueError, which doesn't quote the URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("not a URL") from None
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("expected smtp://user:password@host:587 or smtps://user:password@host:465")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "smtps", user, password)

    @property
    def is_local(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Mailer:
    """Sends plain text from one address. `context` decides which servers are trusted; the system's by default."""

    def __init__(self, url: str, sender: str, *, context: ssl.SSLContext | None = None) -> None:
        """Raises ValueError for an SMTP URL or a sender that can't be used."""
        self._server = Server.of(url)
        self._sender = _address(sender)
        self._given = context

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Made when it is needed: reading all the authorities takes as long as a tenth of the bot's start."""
        return self._given or ssl.create_default_context()

    def send(self, to: str, subject: str, body: str) -> None:
        """Raises MailError."""
        message = self._message(to, subject, body)
        try:
            with self._connect() as smtp:
                smtp.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(_reason(error)) from None

    def _message(self, to: str, subject: str, body: str) -> EmailMessage:
        message = EmailMessage()
        try:
            message["From"], message["To"], message["Subject"] = self._sender, _address(to), " ".join(subject.split())
        except ValueError:
            raise MailError("not an address") from None
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=self._sender.domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        return message

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        smtp: smtplib.SMTP
        if server.tls:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=self._context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        try:
            self._secure(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        """Encrypt, then log in. A server elsewhere that won't encrypt gets neither password nor code."""
        smtp.ehlo_or_helo_if_needed()
        if not self._server.tls and (smtp.has_extn("starttls") or not self._server.is_local):
            smtp.starttls(context=self._context)
        if self._server.user:
            smtp.login(self._server.user, self._server.password)


def _address(text: str) -> Address:
    """`Name <box@host>` or `box@host`. Raises ValueError, also for line breaks that would begin a header."""
    name, mailbox = parseaddr(text)
    if "\n" in text or "\r" in text or "@" not in mailbox:
        raise ValueError("not an address")
    return Address(display_name=name, addr_spec=mailbox)


def _reason(error: Exception) -> str:
    """The kind of failure and the server's number; its text may quote what was sent."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
