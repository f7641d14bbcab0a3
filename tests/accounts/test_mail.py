from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from hospital_bot.mail import Mailer, MailError, Server


class Mailbox:
    """A mail server on this machine that keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - as above
        if address.startswith("nobody"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    def login(self, _server: SMTP, _session: Any, _envelope: Any, _way: str, given: LoginPassword) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == b"p:w/d@!", handled=False)


@dataclass
class Post:
    mailbox: Mailbox
    port: int

    def mailer(self, login: str = "") -> Mailer:
        return Mailer(f"smtp://{login}127.0.0.1:{self.port}", "St Mary's <bot@hospital.example>")


@pytest.fixture
def post() -> Iterator[Post]:
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=mailbox.login, auth_require_tls=False
    )
    controller.start()
    yield Post(mailbox, port)
    controller.stop()


def test_a_mail_arrives_as_plain_text(post: Post) -> None:
    post.mailer().send("ann@people.example", "Ваш код · 1", "Grüße, 👋\n123456\n")

    [mail] = post.mailbox.taken
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "St Mary's <bot@hospital.example>",
        "ann@people.example",
        "Ваш код · 1",
    )
    assert (mail.get_content_type(), mail.get_content().splitlines()) == ("text/plain", ["Grüße, 👋", "123456"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@hospital.example>")
    assert mail["Date"]


def test_user_and_password_may_hold_any_character(post: Post) -> None:
    post.mailer("bot%40hospital.example:p%3Aw%2Fd%40!@").send("ann@people.example", "Code", "123456")

    assert post.mailbox.logins == [(b"bot@hospital.example", b"p:w/d@!")]


def test_a_refused_login_is_told_without_the_password(post: Post) -> None:
    with pytest.raises(MailError) as failed:
        post.mailer("bot:sesame@").send("ann@people.example", "Code", "123456")

    assert str(failed.value) == "SMTPAuthenticationError 535"
    assert failed.value.__suppress_context__


def test_no_line_break_becomes_a_header(post: Post) -> None:
    post.mailer().send("ann@people.example", "Code\r\nBcc: all@people.example", "123456")
    with pytest.raises(MailError):
        post.mailer().send("ann@people.example\r\nBcc: all@people.example", "Code", "123456")

    [mail] = post.mailbox.taken
    assert mail["Bcc"] is None


@pytest.mark.parametrize("to", ["", "nobody@people.example", "ann"])
def test_an_address_that_takes_no_mail_is_told(post: Post, to: str) -> None:
    with pytest.raises(MailError):
        post.mailer().send(to, "Code", "123456")

    assert post.mailbox.taken == []


def test_a_server_that_is_down_is_told(post: Post) -> None:
    mailer = Mailer("smtp://127.0.0.1:1", "bot@hospital.example")

    with pytest.raises(MailError, match="ConnectionRefusedError"):
        mailer.send("ann@people.example", "Code", "123456")


def test_a_server_elsewhere_that_does_not_encrypt_gets_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "is_local", False)

    with pytest.raises(MailError, match="SMTPNotSupportedError"):
        post.mailer("bot:sesame@").send("ann@people.example", "Code", "123456")

    assert (post.mailbox.logins, post.mailbox.taken) == ([], [])


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", Server("mail.example", 587, tls=False)),
        ("smtps://mail.example/", Server("mail.example", 465, tls=True)),
        ("smtp://a%40b:c%25@mail.example:25", Server("mail.example", 25, tls=False, user="a@b", password="c%")),
        ("smtp://[::1]:25", Server("::1", 25, tls=False)),
    ],
)
def test_a_url_names_the_server(url: str, server: Server) -> None:
    assert Server.of(url) == server


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://u:sesame@mail.example:port", "smtp://m?x=1"]
)
def test_a_url_that_names_none_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"not a URL|expected smtp") as refused:
        Mailer(url, "bot@hospital.example")

    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("sender", ["", "St Mary's", "bot@hospital.example\nBcc: all@people.example"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Mailer("smtp://127.0.0.1", sender)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("[::1]", True), ("192.0.2.1", False), ("mail.example", False)],
)
def test_only_this_machine_is_local(host: str, local: bool) -> None:
    assert Server.of(f"smtp://{host}").is_local is local


def test_the_password_shows_in_no_repr() -> None:
    assert "sesame" not in repr(Server.of("smtp://bot:sesame@mail.example"))
