"""The hospital's doctors and administrators: they come, change and leave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hospital_bot import roster, schedules, settings
from hospital_bot.cli.common import database, fail, mendable, plain_errors
from hospital_bot.cli.invitations import Inviter, SendMail
from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.errors import VisitsAhead
from hospital_bot.services import callers, leaving
from hospital_bot.services import doctors as roster_service

doctors_app = typer.Typer(help="The hospital's doctors.", no_args_is_help=True)
admins_app = typer.Typer(help="The hospital's administrators.", no_args_is_help=True)


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
        inviter = Inviter.ready(chosen, mail=mail)
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
            inviter.invite(db, added.user_id, added.name, added.email)


@doctors_app.command("import")
def import_doctors(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], mail: SendMail = False) -> None:
    """Add the doctors of a CSV file (name,email,specialization,room,slot_minutes,weekly): all of them, or none."""
    with plain_errors():
        chosen = settings.load()
        inviter = Inviter.ready(chosen, mail=mail)
        with database(chosen) as db, mendable():
            for added in db.run(roster_service.import_rows, rows=roster.read_csv(file), now=system_clock()):
                inviter.invite(db, added.user_id, added.name, added.email)


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


@doctors_app.command("change")
def change_doctor(
    email: str,
    specialization: Annotated[str | None, typer.Option()] = None,
    room: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Another specialization or room. Hours and leave are the doctor's own, in the chat; the name is the account's."""
    if specialization is None and room is None:
        fail("say what changes: --specialization or --room")
    with plain_errors(), database(settings.load()) as db, mendable():
        doctor_id = _doctor(db, email)
        db.run(roster_service.change, doctor_id=doctor_id, specialization=specialization, room=room, now=system_clock())
        typer.echo("Changed.")


@doctors_app.command("leave")
def let_doctor_go(
    email: str,
    cancel_visits: Annotated[bool, typer.Option("--cancel-visits", help="Take back the visits ahead.")] = False,
) -> None:
    """A doctor leaves: logged out, not booked any more. The patients of visits ahead are offered other times."""
    with plain_errors():
        chosen = settings.load()
        with database(chosen) as db, mendable():
            doctor_id = _doctor(db, email, here=True)
            try:
                taken_back = db.run(
                    leaving.doctor_leaves,
                    doctor_id=doctor_id,
                    take_back=cancel_visits,
                    clinic=chosen.clinic,
                    now=system_clock(),
                )
            except VisitsAhead as ahead:
                fail(f"{ahead}; --cancel-visits takes them back")
    for entry in taken_back:
        if not entry.reachable:
            typer.echo(f"call: {entry.start:%Y-%m-%d %H:%M}  {entry.patient_name}  {entry.phone}")
    typer.echo(f"Left. Visits taken back: {len(taken_back)}.")


@doctors_app.command("return")
def take_doctor_back(email: str) -> None:
    """A doctor who left works here again, with the hours of before; they log in anew."""
    with plain_errors(), database(settings.load()) as db, mendable():
        db.run(leaving.doctor_returns, doctor_id=_doctor(db, email, here=False), now=system_clock())
        typer.echo("Back.")


def _doctor(db: Database, email: str, *, here: bool | None = None) -> int:
    """The doctor_id of one who is `here`, or has left; either, when that is not said."""
    found = db.run(callers.find, email=email, now=system_clock())
    if found.doctor_id is None:
        fail(f"{found.email} is no doctor's")
    if here is not None and found.active != here:
        fail(f"{found.name} {'has left already' if here else 'has not left'}")
    return found.doctor_id


@admins_app.command("add")
def add_admin(name: str, email: str, mail: SendMail = False) -> None:
    """Add an administrator and invite them."""
    with plain_errors():
        chosen = settings.load()
        inviter = Inviter.ready(chosen, mail=mail)
        with database(chosen) as db, mendable():
            user_id = db.run(roster_service.add_admin, name=name, email=email, now=system_clock())
            inviter.invite(db, user_id, name, email)


@admins_app.command("list")
def list_admins() -> None:
    """Every administrator, and whether they have joined."""
    with plain_errors(), database(settings.load()) as db:
        for each in db.run(roster_service.list_admins):
            typer.echo(f"{each.name}  <{each.email}>  {'joined' if each.joined else 'invited'}")


@admins_app.command("leave")
def let_admin_go(email: str) -> None:
    """An administrator leaves: logged out, and the account is an ordinary patient's from now on."""
    with plain_errors(), database(settings.load()) as db, mendable():
        found = db.run(callers.find, email=email, now=system_clock())
        if found.role != "admin":
            fail(f"{found.email} is no administrator's")
        db.run(leaving.admin_leaves, user_id=found.user_id, now=system_clock())
        typer.echo("Left.")
