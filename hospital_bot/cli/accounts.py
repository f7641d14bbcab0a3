"""Everybody's accounts, for the desk that is called: by patients, doctors and administrators."""

from __future__ import annotations

from typing import Annotated

import typer

from hospital_bot import settings
from hospital_bot.cli.common import database, fail, mendable, plain_errors
from hospital_bot.cli.invitations import Inviter, SendMail, mailer
from hospital_bot.clock import system_clock
from hospital_bot.mail import MailError
from hospital_bot.services import callers
from hospital_bot.settings import Settings

app = typer.Typer(help="Everybody's accounts, for whoever calls the hospital.", no_args_is_help=True)


@app.command("show")
def show(email: str) -> None:
    """Whose it is, and what stands in the way of logging in."""
    with plain_errors(), database(settings.load()) as db, mendable():
        found = db.run(callers.find, email=email, now=system_clock())
    typer.echo(f"user {found.user_id}  {found.name}  <{found.email}>  {found.role}{'' if found.active else ' (left)'}")
    typer.echo("password: " + ("set" if found.joined else "not set yet"))
    typer.echo("codes: " + ("authenticator app" if found.app else "by mail"))
    typer.echo(f"Telegram: {found.reach}")


@app.command("change")
def change(
    email: str,
    name: Annotated[str | None, typer.Option()] = None,
    new_email: Annotated[str | None, typer.Option("--email", help="Where mail and codes go from now on.")] = None,
) -> None:
    """Another name or e-mail address, once you know that it is really them. Mail to the old address says so."""
    if name is None and new_email is None:
        fail("say what changes: --name or --email")
    with plain_errors():
        chosen = settings.load()
        post = mailer(chosen) if new_email else None
        with database(chosen) as db, mendable():
            found = db.run(callers.find, email=email, now=system_clock())
            if name is not None:
                typer.echo("name: " + db.run(callers.rename, account=found, name=name, now=system_clock()))
            if new_email is not None:
                kept = db.run(callers.change_email, account=found, email=new_email, now=system_clock())
                typer.echo(f"e-mail: {kept}. They log in again, with a code that goes there.")
        if post:
            try:
                post.send(found.email, f"Your account at {chosen.name}", _letter(chosen))
            except MailError as error:
                typer.echo(f"{found.email} could not be told ({error})", err=True)


def _letter(chosen: Settings) -> str:
    return (
        f"Your account at {chosen.name} has another e-mail address from now on: somebody asked us for it, and we made "
        "sure that it was you. We won't write to this one any more.\n\n"
        f"If it wasn't you, please call us at once{f': {chosen.phone}' if chosen.phone else ''}.\n"
    )


@app.command("reset-app")
def reset_app(email: str) -> None:
    """The telephone with the authenticator app is lost: it is logged out, and codes go by mail again."""
    with plain_errors(), database(settings.load()) as db, mendable():
        found = db.run(callers.find, email=email, now=system_clock())
        db.run(callers.take_app_away, account=found, now=system_clock())
        typer.echo(f"Codes for {found.name} go to {found.email}.")


@app.command("invite")
def invite(email: str, mail: SendMail = False) -> None:
    """A new invitation for a doctor or an administrator: the one before is too old, or was lost."""
    with plain_errors():
        chosen = settings.load()
        inviter = Inviter.ready(chosen, mail=mail)
        with database(chosen) as db, mendable():
            found = db.run(callers.find, email=email, now=system_clock())
            if found.role == "patient" or not found.active:
                fail(f"{found.email} is no doctor's or administrator's here: patients register in the chat")
            if found.joined:
                fail(f"{found.name} has set a password already; “I forgot my password” is in the chat, below /login")
            inviter.invite(db, found.user_id, found.name, found.email)
