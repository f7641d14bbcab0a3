"""`hospital-bot …`: run the bot, look after its database, its people and its log."""

from __future__ import annotations

import typer

from hospital_bot.cli import accounts, databases, oversight, serving, staff

app = typer.Typer(help="A hospital's appointment bot for Telegram.", no_args_is_help=True, add_completion=False)
app.add_typer(serving.app)
app.add_typer(oversight.app)
app.add_typer(databases.app, name="db")
app.add_typer(staff.doctors_app, name="doctors")
app.add_typer(staff.admins_app, name="admins")
app.add_typer(accounts.app, name="accounts")
app.add_typer(oversight.audit_app, name="audit")
app.add_typer(oversight.erasures_app, name="erasures")
