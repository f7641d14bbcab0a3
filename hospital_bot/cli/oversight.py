"""What the hospital looks after day by day: calls, the log of who did what, who wants to be forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer

from hospital_bot import settings
from hospital_bot.cli.common import database, fail, plain_errors
from hospital_bot.clock import system_clock
from hospital_bot.errors import NotFound
from hospital_bot.keys import Keys
from hospital_bot.services import calls as call_sheet
from hospital_bot.services import chain, erasure, insiders

app = typer.Typer()
audit_app = typer.Typer(help="The log of who did what.", no_args_is_help=True)
erasures_app = typer.Typer(help="Patients who want to be forgotten.", no_args_is_help=True)


@app.command()
def calls(
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today, unless said.")] = None,
) -> None:
    """Patients to telephone: whom no message reaches, and who has not said whether they come."""
    with plain_errors():
        chosen = settings.load()
        clinic, now = chosen.clinic, system_clock()
        with database(chosen) as db:
            day = date.date() if date else clinic.today(now)
            found = db.run(call_sheet.call_list, day=day, clinic=clinic, now=now)
    for each in found:
        when = f"{each.start:%H:%M}" if each.start.date() == day else f"{each.start:%Y-%m-%d %H:%M}"
        typer.echo(f"{when}  {each.patient_name}  {each.phone}  {each.doctor_name}  {each.why}")
    typer.echo(f"{len(found)} to call on {day:%Y-%m-%d}.")


@audit_app.command("verify")
def verify_audit(
    head: Annotated[str, typer.Option(help="A head that was noted before: it must still be there.")] = "",
) -> None:
    """Find entries that were changed, taken out, put in or moved; each is a line, and the exit code is then 1."""
    with plain_errors():
        chosen = settings.load()
        chosen.require_key()
        with database(chosen) as db:
            key = Keys.derive(chosen.secret_key.get_secret_value()).audit
            found = db.run(chain.verify, key=key, head=head, now=system_clock())
    for line in found.problems:
        typer.echo(line)
    typer.echo(f"{found.entries} entries in the chain, {found.waiting} waiting. Head: {found.head}")
    raise typer.Exit(1 if found.problems else 0)


@audit_app.command("report")
def report_looks(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back.")] = 1,
    patients: Annotated[
        int, typer.Option(min=0, help="More than so many within an hour are reported.")
    ] = insiders.MANY,
) -> None:
    """Staff who saw the data of unusually many patients within an hour."""
    with plain_errors(), database(settings.load()) as db:
        now = system_clock()
        found = db.run(insiders.report, since=now - timedelta(days=days), many=patients, now=now)
    for each in found:
        typer.echo(
            f"user {each.user_id:>5}  {each.name}  {each.patients} patients  from {each.since:%Y-%m-%d %H:%M} UTC"
        )
    typer.echo(f"{len(found)} saw the data of more than {patients} patients within an hour.")


@erasures_app.command("list")
def list_erasures() -> None:
    """Who asked, and when it happens unless you refuse or the patient takes it back."""
    with plain_errors(), database(settings.load()) as db:
        for wish in db.run(erasure.waiting, now=system_clock()):
            typer.echo(f"user {wish.user_id:>5}  asked {wish.asked_at:%Y-%m-%d}  due {wish.due_at:%Y-%m-%d %H:%M} UTC")


@erasures_app.command("refuse")
def refuse_erasure(user_id: int) -> None:
    """Keep the data of this user, for a reason that the law gives. The patient is asked to call."""
    with plain_errors(), database(settings.load()) as db:
        try:
            db.run(erasure.refuse, user_id=user_id, now=system_clock())
        except NotFound:
            fail(f"user {user_id} has not asked, or is refused or forgotten already")
        typer.echo("Refused.")
