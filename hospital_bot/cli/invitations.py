"""Invitations of doctors and administrators: a link to the bot, printed or mailed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Self

import typer

from hospital_bot import wiring
from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.keys import Keys
from hospital_bot.mail import Mailer, MailError
from hospital_bot.services import doctors
from hospital_bot.settings import Settings

SendMail = Annotated[bool, typer.Option("--mail", help="Mail each invitation instead of printing its link.")]


@dataclass(frozen=True, slots=True)
class Inviter:
    """Made before anybody is added, who else could be added and not invited."""

    settings: Settings
    bot_name: str
    mailer: Mailer | None

    @classmethod
    def ready(cls, chosen: Settings, *, mail: bool) -> Self:
        """Raises SettingsError for what is missing, also when Telegram can't be asked for the bot's name."""
        chosen.require_key()
        return cls(chosen, asyncio.run(wiring.bot_name(chosen)), mailer(chosen) if mail else None)

    def invite(self, db: Database, user_id: int, name: str, email: str) -> None:
        """Once more is allowed: the link before is dead then."""
        keys = Keys.derive(self.settings.secret_key.get_secret_value())
        token = db.run(doctors.invite, user_id=user_id, keys=keys, now=system_clock())
        address = f"https://t.me/{self.bot_name}?start=i_{token}"
        if self.mailer is None:
            typer.echo(f"{name} <{email}>: {address}")
            return
        body = (
            f"Hello {name},\n\n{self.settings.name} invites you to its appointment bot. Open this link in Telegram "
            f"within a week to set your password; it works once:\n\n{address}\n"
        )
        try:
            self.mailer.send(email, f"Your invitation from {self.settings.name}", body)
        except MailError as error:
            typer.echo(f"{name} <{email}>: not mailed ({error}); the link is {address}", err=True)
        else:
            typer.echo(f"{name} <{email}>: mailed")


def mailer(chosen: Settings) -> Mailer:
    """Raises SettingsError."""
    chosen.require("smtp_url", "mail_from")
    return Mailer(chosen.smtp_url.get_secret_value(), chosen.mail_from)
