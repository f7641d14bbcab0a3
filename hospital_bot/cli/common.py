"""What every command does alike: the settings, the database, errors in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from hospital_bot.backup import BackupError
from hospital_bot.db import Database
from hospital_bot.errors import BadInput, ImportRefused, NotFound, Unavailable
from hospital_bot.keys import Keys
from hospital_bot.services import audit
from hospital_bot.settings import Settings, SettingsError
from hospital_bot.telegram.bot import WrongToken


def fail(message: str) -> NoReturn:
    """One line on standard error, and exit code 2."""
    typer.echo(f"hospital-bot: {message}", err=True)
    raise typer.Exit(2)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a person can mend is said in a line; nothing of it is a traceback."""
    try:
        yield
    except (SettingsError, WrongToken, BackupError) as error:
        fail(str(error))
    except Unavailable:
        fail("the database can't be reached, or refuses us: see HOSPITAL_DATABASE_URL")
    except OSError as error:
        fail(f"{error.strerror or type(error).__name__}{f': {error.filename}' if error.filename else ''}")


@contextmanager
def database(chosen: Settings) -> Iterator[Database]:
    """The database, reached. Raises Unavailable."""
    db = Database(chosen.database_url.get_secret_value(), connections=2)
    if key := chosen.secret_key.get_secret_value():
        db.info[audit.SIGNER] = Keys.derive(key).audit
    try:
        db.reach()
        yield db
    finally:
        db.close()


@contextmanager
def mendable() -> Iterator[None]:
    """Wrong values are listed by line, or named."""
    try:
        yield
    except ImportRefused as refused:
        for each in refused.errors:
            typer.echo(str(each), err=True)
        fail("nothing was imported")
    except NotFound:
        fail("nobody has an account with this e-mail address")
    except BadInput as error:
        fail(f"{error.field}: {error.problem.replace('_', ' ')}{f' ({error.detail})' if error.detail else ''}")
