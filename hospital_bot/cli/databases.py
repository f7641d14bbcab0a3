"""The database: made, compared, copied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hospital_bot import backup, settings
from hospital_bot.cli.common import database, plain_errors

app = typer.Typer(help="The database: bring it up to date, compare it with this version.", no_args_is_help=True)


@app.command("upgrade")
def upgrade() -> None:
    """Create the tables, or bring them up to this version."""
    from hospital_bot import schema  # slow to load, and `run` does without it

    with plain_errors(), database(settings.load()) as db:
        schema.upgrade(db.engine)
        typer.echo("The database is up to date.")


@app.command("check")
def check() -> None:
    """Compare the database with this version; each difference is a line, and the exit code is then 1."""
    from hospital_bot import schema  # as above

    with plain_errors(), database(settings.load()) as db:
        found = schema.differences(db.engine)
    for line in found:
        typer.echo(line)
    typer.echo("No differences." if not found else f"{len(found)} differences.")
    raise typer.Exit(1 if found else 0)


@app.command("backup")
def backup_database(file: Path) -> None:
    """Write everything into a new file that only you can read. Keep HOSPITAL_SECRET_KEY with it, but elsewhere."""
    with plain_errors(), database(settings.load()) as db:
        backup.back_up(db.engine, file)
        typer.echo(f"Everything is in {file}.")


@app.command("restore")
def restore_database(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Fill an empty database from such a file."""
    with plain_errors(), database(settings.load()) as db:
        backup.restore(db.engine, file)
        typer.echo("Restored. `hospital-bot db check` and `hospital-bot audit verify` look it over.")
