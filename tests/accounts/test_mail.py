from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hospital_bot.mail import Mailer, MailError, Server


class Mailbox:
    """A mail server on this machine that keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
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

    def mailer(self, login: str = "", *, scheme: str = "smtp", context: ssl.SSLContext | None = None) -> Mailer:
        url = f"{scheme}://{login}127.0.0.1:{self.port}"
        return Mailer(url, "St Mary's <bot@hospital.example>", context=context)


@contextmanager
def serving(**options: Any) -> Iterator[Post]:
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, authenticator=mailbox.login, **options)
    controller.start()
    try:
        yield Post(mailbox, port)
    finally:
        controller.stop()


@pytest.fixture
def post() -> Iterator[Post]:
    """Without encryption."""
    with serving(auth_require_tls=False) as post:
        yield post


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine's own, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begun = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    clear = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def speaks(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusts(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


def test_a_server_that_offers_to_encrypt_is_taken_at_its_word(speaks: ssl.SSLContext, trusts: ssl.SSLContext) -> None:
    with serving(tls_context=speaks, require_starttls=True) as post:
        post.mailer("bot:p%3Aw%2Fd%40!@", context=trusts).send("ann@people.example", "Code", "123456")

    assert (len(post.mailbox.taken), len(post.mailbox.logins)) == (1, 1)


def test_smtps_is_encrypted_from_the_first_byte(speaks: ssl.SSLContext, trusts: ssl.SSLContext) -> None:
    with serving(ssl_context=speaks) as post:
        post.mailer(scheme="smtps", context=trusts).send("ann@people.example", "Code", "123456")

    assert len(post.mailbox.taken) == 1


def test_a_server_nobody_vouches_for_gets_nothing(speaks: ssl.SSLContext) -> None:
    with serving(tls_context=speaks, require_starttls=True) as post, pytest.raises(MailError, match="SSLCert"):
        post.mailer("bot:sesame@").send("ann@people.example", "Code", "123456")

    assert (post.mailbox.logins, post.mailbox.taken) == ([], [])


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
