"""Mail over real SMTP."""

import asyncio
import smtplib
from email.message import EmailMessage

import pytest

from hospital_bot.simulator.mailbox import Mailbox
from tests.clock import Clock


def letter(to: str, text: str, subject: str = "Your code") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bot@hospital.example", to, subject
    message.set_content(text)
    return message


async def post(port: int, *messages: EmailMessage) -> None:
    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for message in messages:
                smtp.send_message(message)

    await asyncio.to_thread(deliver)


async def test_mail_is_kept_newest_first_and_read_by_address(mailbox: Mailbox, clock: Clock) -> None:
    async with mailbox.listening() as port:
        await post(port, letter("Ann@x.org", "one"), letter("bob@x.org", "two"), letter("ann@x.org", "three"))
    assert [each.text for each in mailbox.letters] == ["three", "two", "one"]
    assert [each.text for each in mailbox.to("ANN@x.org")] == ["three", "one"]
    assert mailbox.letters[0].received_at == clock.now.timestamp()


async def test_a_letter_shows_its_subject_text_and_code(mailbox: Mailbox) -> None:
    async with mailbox.listening() as port:
        await post(port, letter("ann@x.org", "Grüße! Call 1234567.\nCode: 042137", "Ihr Code – heute"))
    got = mailbox.letters[0]
    assert (got.sender, got.subject, got.code) == ("bot@hospital.example", "Ihr Code – heute", "042137")
    assert got.text == "Grüße! Call 1234567.\nCode: 042137"


async def test_attachments_are_named(mailbox: Mailbox) -> None:
    message = letter("ann@x.org", "no code here")
    message.add_attachment(b"BEGIN", maintype="text", subtype="calendar", filename="visit.ics")
    async with mailbox.listening() as port:
        await post(port, message)
    assert (mailbox.letters[0].attachments, mailbox.letters[0].code) == (["visit.ics"], None)


def test_a_letter_may_be_empty(mailbox: Mailbox) -> None:
    got = mailbox.receive("a@x.org", ["b@x.org"], b"Content-Type: image/png\r\n\r\n")
    assert (got.subject, got.text) == ("", "")


async def test_refused_addresses_bounce(mailbox: Mailbox) -> None:
    mailbox.refused.add("gone@x.org")
    async with mailbox.listening() as port:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await post(port, letter("Gone@x.org", "x"))
    assert not mailbox.letters
