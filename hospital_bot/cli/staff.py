"""The hospital's doctors and administrators, and their invitations."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from hospital_bot import roster, schedules, settings, wiring
from hospital_bot.cli.common import database, mendable, plain_errors
from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.keys import Keys
from hospital_bot.mail import Mailer, MailError
from hospital_bot.services import doctors as roster_service
from hospital_bot.settings import Settings

doctors_app = typer.Typer(help="The hospital's doctors.", no_args_is_help=True)
admins_app = typer.Typer(help="The hospital's administrators.", no_args_is_help=True)

SendMail = Annotated[bool, typer.Option("--mail", help="Mail each invitation instead of printing its link.")]


@doctors_app.command("add")
def add_doctor(
    name: str,
    email: str,
    specialization: str,
    room: Annotated[str, typer.Option()] = "",
    slot_minutes: Annotated[int, typer.Option(help="Length of a visit.")] = 30,
    weekly: Annotated[str, typer.Option(help="Working hours.")] = "mon-fri 09:00-13:00 14:00-17:00",
    mail: SendMail = False,
) -> None:
    """Add one doctor and invite them."""
    with plain_errors():
        chosen = settings.load()
        chosen.require_key()
        with database(chosen) as db, mendable():
            added = db.run(
                roster_service.add,
                name=name,
                email=email,
                specialization=specialization,
                room=room,
                schedule={"slot_minutes": slot_minutes, "weekly": schedules.parse_weekly(weekly)},
                now=system_clock(),
            )
            invite(chosen, db, [(added.user_id, added.name, added.email)], mail=mail)


@doctors_app.command("import")
def import_doctors(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], mail: SendMail = False) -> None:
    """Add the doctors of a CSV file (name,email,specialization,room,slot_minutes,weekly): all of them, or none."""
    with plain_errors():
        chosen = settings.load()
        chosen.require_key()
        with database(chosen) as db, mendable():
            added = db.run(roster_service.import_rows, rows=roster.read_csv(file), now=system_clock())
            invite(chosen, db, [(each.user_id, each.name, each.email) for each in added], mail=mail)


@doctors_app.command("list")
def list_doctors() -> None:
    """Every doctor, with what patients see and whether they have joined."""
    with plain_errors(), database(settings.load()) as db:
        for each in db.run(roster_service.list_doctors):
            state = "" if each.active else " (left)"
            joined = "joined" if each.joined else "invited"
            typer.echo(
                f"{each.doctor_id:>5}  {each.name}  <{each.email}>  {each.specialization}  {each.room}  {joined}{state}"
            )


@admins_app.command("add")
def add_admin(name: str, email: str, mail: SendMail = False) -> None:
    """Add an administrator and invite them."""
    with plain_errors():
        chosen = settings.load()
        chosen.require_key()
        with database(chosen) as db, mendable():
            user_id = db.run(roster_service.add_admin, name=name, email=email, now=system_clock())
            invite(chosen, db, [(user_id, name, email)], mail=mail)


def invite(chosen: Settings, db: Database, people: list[tuple[int, str, str]], *, mail: bool) -> None:
    bot_name = asyncio.run(wiring.bot_name(chosen))
    keys = Keys.derive(chosen.secret_key.get_secret_value())
    for user_id, name, email in people:
        token = db.run(roster_service.invite, user_id=user_id, keys=keys, now=system_clock())
        address = f"https://t.me/{bot_name}?start=i_{token}"
        if mail:
            _mail_invitation(chosen, name, email, address)
        typer.echo(f"{name} <{email}>: {'mailed' if mail else address}")


def _mail_invitation(chosen: Settings, name: str, email: str, address: str) -> None:
    chosen.require("smtp_url", "mail_from")
    mailer = Mailer(chosen.smtp_url.get_secret_value(), chosen.mail_from)
    body = (
        f"Hello {name},\n\n{chosen.name} invites you to its appointment bot. Open this link in Telegram within a week "
        f"to set your password; it works once:\n\n{address}\n"
    )
    try:
        mailer.send(email, f"Your invitation from {chosen.name}", body)
    except MailError as error:
        typer.echo(f"{name} <{email}>: not mailed ({error}); the link is {address}", err=True)
