"""`hospital-bot …`: run the bot, look after its database, add its doctors."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hospital_bot import backup, logs, roster, schedules, settings, wiring
from hospital_bot.backup import BackupError
from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.errors import BadInput, ImportRefused, NotFound, Unavailable
from hospital_bot.keys import Keys
from hospital_bot.mail import Mailer, MailError
from hospital_bot.services import audit, chain, erasure, insiders
from hospital_bot.services import calls as call_sheet
from hospital_bot.services import doctors as roster_service
from hospital_bot.settings import Settings, SettingsError
from hospital_bot.telegram.bot import WrongToken

app = typer.Typer(help="A hospital's appointment bot for Telegram.", no_args_is_help=True, add_completion=False)
db_app = typer.Typer(help="The database: bring it up to date, compare it with this version.", no_args_is_help=True)
doctors_app = typer.Typer(help="The hospital's doctors.", no_args_is_help=True)
admins_app = typer.Typer(help="The hospital's administrators.", no_args_is_help=True)
audit_app = typer.Typer(help="The log of who did what.", no_args_is_help=True)
erasures_app = typer.Typer(help="Patients who want to be forgotten.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(doctors_app, name="doctors")
app.add_typer(admins_app, name="admins")
app.add_typer(audit_app, name="audit")
app.add_typer(erasures_app, name="erasures")

SendMail = Annotated[bool, typer.Option("--mail", help="Mail each invitation instead of printing its link.")]


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


@app.command()
def run() -> None:
    """Run the bot and its scheduler: long polling, or a webhook where HOSPITAL_WEBHOOK_URL is set."""
    logs.set_up()
    with plain_errors():
        _serve(_run(settings.load()))


async def _run(chosen: Settings) -> None:
    stop = asyncio.Event()
    wiring.stop_on_signals(stop)
    async with wiring.build(chosen) as product:
        gc.freeze()  # what was loaded stays: the collector need not look it through again and again
        await wiring.run(product, stop)


@app.command()
def api() -> None:
    """Serve the HTTP API alone, at HOSPITAL_API_HOST (127.0.0.1) and HOSPITAL_API_PORT (5000)."""
    logs.set_up()
    with plain_errors():
        _serve(_api(settings.load()))


def _serve(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop, which Windows does without."""
    new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):
        import uvloop

        new_loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main)


async def _api(chosen: Settings) -> None:
    stop = asyncio.Event()
    wiring.stop_on_signals(stop)
    await wiring.run_api(chosen, stop)


@app.command()
def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the dialogue on the terminal and exit.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the chat page is.")] = 8080,
    folder: Annotated[Path, typer.Option(help="What happens stays there; delete it to begin anew.")] = Path("demo"),
) -> None:
    """The whole product with an invented hospital in a Telegram on this machine: no token, no server."""
    from hospital_bot.demo import play, serve  # only the demo needs the simulator

    logs.set_up(logging.WARNING)
    with plain_errors():
        folder.mkdir(parents=True, exist_ok=True)
        raise typer.Exit(asyncio.run(play() if script else serve(folder, port)))


@app.command()
def calls(
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today, unless said.")] = None,
) -> None:
    """Patients to telephone: whom no message reaches, and who has not said whether they come."""
    with plain_errors():
        chosen = settings.load()
        clinic, now = chosen.clinic, system_clock()
        with _database(chosen) as db:
            day = date.date() if date else clinic.today(now)
            found = db.run(call_sheet.call_list, day=day, clinic=clinic, now=now)
    for each in found:
        typer.echo(f"{each.start:%H:%M}  {each.patient_name}  {each.phone}  {each.doctor_name}  {each.why}")
    typer.echo(f"{len(found)} to call on {day:%Y-%m-%d}.")


@db_app.command("upgrade")
def upgrade() -> None:
    """Create the tables, or bring them up to this version."""
    from hospital_bot import schema  # slow to load, and `run` does without it

    with plain_errors(), _database(settings.load()) as db:
        schema.upgrade(db.engine)
        typer.echo("The database is up to date.")


@db_app.command("check")
def check() -> None:
    """Compare the database with this version; each difference is a line, and the exit code is then 1."""
    from hospital_bot import schema  # as above

    with plain_errors(), _database(settings.load()) as db:
        found = schema.differences(db.engine)
    for line in found:
        typer.echo(line)
    typer.echo("No differences." if not found else f"{len(found)} differences.")
    raise typer.Exit(1 if found else 0)


@db_app.command("backup")
def backup_database(file: Path) -> None:
    """Write everything into a new file that only you can read. Keep HOSPITAL_SECRET_KEY with it, but elsewhere."""
    with plain_errors(), _database(settings.load()) as db:
        backup.back_up(db.engine, file)
        typer.echo(f"Everything is in {file}.")


@db_app.command("restore")
def restore_database(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Fill an empty database from such a file."""
    with plain_errors(), _database(settings.load()) as db:
        backup.restore(db.engine, file)
        typer.echo("Restored. `hospital-bot db check` and `hospital-bot audit verify` look it over.")


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
        with _database(chosen) as db, _mendable():
            added = db.run(
                roster_service.add,
                name=name,
                email=email,
                specialization=specialization,
                room=room,
                schedule={"slot_minutes": slot_minutes, "weekly": schedules.parse_weekly(weekly)},
                now=system_clock(),
            )
            _invite(chosen, db, [(added.user_id, added.name, added.email)], mail=mail)


@doctors_app.command("import")
def import_doctors(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], mail: SendMail = False) -> None:
    """Add the doctors of a CSV file (name,email,specialization,room,slot_minutes,weekly): all of them, or none."""
    with plain_errors():
        chosen = settings.load()
        chosen.require_key()
        with _database(chosen) as db, _mendable():
            added = db.run(roster_service.import_rows, rows=roster.read_csv(file), now=system_clock())
            _invite(chosen, db, [(each.user_id, each.name, each.email) for each in added], mail=mail)


@doctors_app.command("list")
def list_doctors() -> None:
    """Every doctor, with what patients see and whether they have joined."""
    with plain_errors(), _database(settings.load()) as db:
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
        with _database(chosen) as db, _mendable():
            user_id = db.run(roster_service.add_admin, name=name, email=email, now=system_clock())
            _invite(chosen, db, [(user_id, name, email)], mail=mail)


@audit_app.command("verify")
def verify_audit(
    head: Annotated[str, typer.Option(help="A head that was noted before: it must still be there.")] = "",
) -> None:
    """Find entries that were changed, taken out, put in or moved; each is a line, and the exit code is then 1."""
    with plain_errors():
        chosen = settings.load()
        chosen.require_key()
        with _database(chosen) as db:
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
    with plain_errors(), _database(settings.load()) as db:
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
    with plain_errors(), _database(settings.load()) as db:
        for wish in db.run(erasure.waiting, now=system_clock()):
            typer.echo(f"user {wish.user_id:>5}  asked {wish.asked_at:%Y-%m-%d}  due {wish.due_at:%Y-%m-%d %H:%M} UTC")


@erasures_app.command("refuse")
def refuse_erasure(user_id: int) -> None:
    """Keep the data of this user, for a reason that the law gives. The patient is asked to call."""
    with plain_errors(), _database(settings.load()) as db:
        try:
            db.run(erasure.refuse, user_id=user_id, now=system_clock())
        except NotFound:
            fail(f"user {user_id} has not asked, or is refused or forgotten already")
        typer.echo("Refused.")


@contextmanager
def _database(chosen: Settings) -> Iterator[Database]:
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
def _mendable() -> Iterator[None]:
    """Wrong values are listed by line, or named."""
    try:
        yield
    except ImportRefused as refused:
        for each in refused.errors:
            typer.echo(str(each), err=True)
        fail("nothing was imported")
    except BadInput as error:
        fail(f"{error.field}: {error.problem.replace('_', ' ')}{f' ({error.detail})' if error.detail else ''}")


def _invite(chosen: Settings, db: Database, people: list[tuple[int, str, str]], *, mail: bool) -> None:
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
