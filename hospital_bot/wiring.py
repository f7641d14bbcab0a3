"""The composition root: settings in, running parts out."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from telegram import Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import Application
from telegram.request import BaseRequest

import handlers
from handlers import texts
from handlers.dispatch import Dispatcher, Post
from handlers.screen import Letter
from handlers.turn import Hospital
from hospital_bot import revision
from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.errors import Busy
from hospital_bot.gate import Gate
from hospital_bot.keys import Keys
from hospital_bot.mail import Mailer, MailError
from hospital_bot.scheduler import Scheduler
from hospital_bot.services import (
    approvals,
    audit,
    chain,
    conversations,
    erasure,
    offers,
    otp,
    outbox,
    registration,
    requests,
    throttles,
)
from hospital_bot.settings import Settings, SettingsError
from hospital_bot.telegram.bot import ALLOWED_UPDATES, HospitalBot, build_application, build_bot, set_commands
from hospital_bot.telegram.insist import Insist
from hospital_bot.telegram.outbox import Outbox
from hospital_bot.telegram.pace import Pace
from hospital_bot.telegram.poll import Poller
from hospital_bot.telegram.show import Show
from hospital_bot.telegram.webhook import serve, webhook_app

Clock = Callable[[], datetime]
Send = Callable[[str, str, str], bool]
"""Mails a text (to, subject, body) once; False when it could not be sent. Blocks."""

log = structlog.get_logger()

TIDYING = timedelta(hours=1)
LINKING = timedelta(minutes=1)
API_PORT = 5000
PLANNING = timedelta(seconds=30)
SENDING = timedelta(seconds=2)
LETTERS_AT_ONCE, LETTERS_WAITING = 8, 92
"""Where the mail server does not answer, even the last of these is given up before its code would end."""


class Stopped(Exception):
    """Asked to stop before there was anything to stop."""


@dataclass(frozen=True, slots=True)
class Product:
    """Everything that runs, put together. `deliver` takes one update from Telegram to its answer."""

    settings: Settings
    db: Database
    gate: Gate
    hospital: Hospital
    clock: Clock
    bot: HospitalBot
    application: Application[Any, Any, Any, Any, Any, Any]
    dispatcher: Dispatcher
    show: Show
    outbox: Outbox
    scheduler: Scheduler

    async def deliver(self, update: Update) -> None:
        await self.dispatcher.deliver(self.application, update)

    async def expire(self) -> None:
        """End the requests that no doctor answered in time."""
        await self.db.run_async(approvals.expire, clinic=self.hospital.clinic, now=self.clock())

    async def tidy(self) -> None:
        """Forget what no longer matters: old updates, used codes, past throttles and so on; and people who wish it."""
        for purge in (
            conversations.purge,
            otp.purge,
            throttles.purge,
            registration.purge,
            requests.purge,
            offers.purge,
            outbox.purge,
            chain.purge,
            erasure.purge,
        ):
            await self.db.run_async(purge, now=self.clock())
        while await self.db.run_async(erasure.carry_out, clinic=self.hospital.clinic, now=self.clock()):
            pass

    async def link(self) -> None:
        """Make links of the audit log's new entries."""
        while await self.db.run_async(chain.link, key=self.hospital.keys.audit, now=self.clock()) == chain.BATCH:
            pass


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    request: BaseRequest | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncIterator[Product]:
    """The product, connected and ready, until the block ends. `request` replaces the network (tests).

    Given `stop`, it waits for Telegram while that is away, and raises Stopped when `stop` is set meanwhile. Raises
    SettingsError for what is missing, WrongToken when Telegram doesn't know the bot.
    """
    settings.require("bot_token", "smtp_url", "mail_from")
    settings.require_key()
    async with AsyncExitStack() as stack:
        db = open_database(settings)
        stack.callback(db.close)
        gate, mail = Gate(), Gate(at_once=LETTERS_AT_ONCE, waiting=LETTERS_WAITING)
        stack.callback(gate.close)
        stack.callback(mail.close)
        post, pace = postman(settings, mail), Pace()
        bot = build_bot(settings.bot_token.get_secret_value(), settings.bot_api_url, pace, request)
        stack.push_async_callback(bot.shutdown)
        if stop:
            await _meet(bot, stop)
        application = await stack.enter_async_context(build_application(bot))
        keys = Keys.derive(settings.secret_key.get_secret_value())
        hospital = Hospital(settings.clinic, keys, bot.username)
        show = Show(bot, texts.COMMANDS, delete_yourself=texts.DELETE_YOURSELF)
        dispatcher = Dispatcher(db=db, gate=gate, hospital=hospital, clock=clock, show=show, post=post)
        stack.push_async_callback(dispatcher.finish)
        handlers.load()
        dispatcher.register(application)
        outbox = Outbox(db=db, show=show, pace=pace, clinic=settings.clinic, clock=clock)
        yield Product(settings, db, gate, hospital, clock, bot, application, dispatcher, show, outbox, Scheduler())


async def _meet(bot: HospitalBot, stop: asyncio.Event) -> None:
    """Ask Telegram who the bot is, until it says so. Raises WrongToken, or Stopped."""
    await Insist(stop)(bot.initialize)
    if stop.is_set():
        raise Stopped


async def bot_name(settings: Settings) -> str:
    """The bot's own name, asked of Telegram. Raises SettingsError when it can't be asked."""
    settings.require("bot_token")
    bot = build_bot(settings.bot_token.get_secret_value(), settings.bot_api_url, Pace())
    try:
        async with bot:
            return bot.username
    except TelegramError as error:
        raise SettingsError(f"HOSPITAL_BOT_API_URL: Telegram can't be reached ({type(error).__name__})") from None


def open_database(settings: Settings) -> Database:
    """The database, its tables checked: SQLite brings its own up to date, a server's DBA decides when.

    Raises SettingsError when the tables are not those of this version.
    """
    db = Database(settings.database_url.get_secret_value(), connections=settings.database_connections)
    db.info[audit.SIGNER] = Keys.derive(settings.secret_key.get_secret_value()).audit
    try:
        if not revision.is_current(db.engine):
            _bring_up_to_date(db)
        if not db.is_durable():
            log.warning("database_may_forget", reason="innodb_flush_log_at_trx_commit is not 1")
    except BaseException:
        db.close()
        raise
    return db


def mail_sender(settings: Settings) -> Send:
    """Mails a text once; blocks. False when it could not be sent."""
    try:
        mailer = Mailer(settings.smtp_url.get_secret_value(), settings.mail_from)
    except ValueError as error:
        raise SettingsError(f"HOSPITAL_SMTP_URL or HOSPITAL_MAIL_FROM: {error}") from None

    def send(to: str, subject: str, body: str) -> bool:
        try:
            mailer.send(to, subject, body)
        except MailError as error:
            log.warning("mail_failed", reason=str(error))
            return False
        return True

    return send


def _bring_up_to_date(db: Database) -> None:
    from hospital_bot import schema  # Alembic is slow to load, and needed once a version

    if db.engine.dialect.name == "sqlite":
        schema.upgrade(db.engine)
    elif schema.pending(db.engine):
        raise SettingsError("the database is not up to date: run `hospital-bot db upgrade`")


def postman(settings: Settings, gate: Gate) -> Post:
    """Mails a letter once, in a thread of the gate's. False when it could not be sent."""
    send = mail_sender(settings)

    async def post(letter: Letter) -> bool:
        try:
            return await gate.run_async(partial(send, letter.to, letter.subject, letter.body))
        except Busy:
            log.warning("mail_failed", reason="too many letters are waiting")
            return False

    return post


def api_of(settings: Settings, db: Database, gate: Gate, clock: Clock, *, at_once: int) -> Starlette:
    """The HTTP API on this database, using `at_once` of its connections at most."""
    from hospital_bot.api.app import Limits, create_api  # FastAPI is slow to load, and few bots serve the API as well
    from hospital_bot.api.desk import Desk

    keys = Keys.derive(settings.secret_key.get_secret_value())
    desk = Desk(db, gate, keys, settings.clinic, clock, mail_sender(settings), BoundedSemaphore(max(1, at_once)))
    limits = Limits(
        every=settings.api_limit,
        changes=settings.api_change_limit,
        origins=settings.api_origins,
        proxies=settings.api_proxies,
        metrics_token=settings.api_metrics_token.get_secret_value(),
    )
    return create_api(desk, limits)


async def run_api(settings: Settings, stop: asyncio.Event, *, clock: Clock = system_clock) -> None:
    """The HTTP API alone, until `stop` is set. Raises SettingsError for what is missing."""
    settings.require("smtp_url", "mail_from")
    settings.require_key()
    with closing(open_database(settings)) as db, closing(Gate()) as gate:
        app = api_of(settings, db, gate, clock, at_once=db.connections)
        async with serve(app, settings.api_host, settings.api_port or API_PORT) as port:
            log.info("api", host=settings.api_host, port=port)
            await stop.wait()


@asynccontextmanager
async def _api_beside(product: Product) -> AsyncIterator[None]:
    """The HTTP API in the bot's own process, if it is wanted there; the bot keeps half of the connections."""
    settings, db = product.settings, product.db
    if settings.api_port is None:
        yield
        return
    app = api_of(settings, db, product.gate, product.clock, at_once=db.connections // 2)
    async with serve(app, settings.api_host, settings.api_port) as port:
        log.info("api", host=settings.api_host, port=port)
        yield


async def run(product: Product, stop: asyncio.Event) -> None:
    """The bot, its scheduler, and the API where wanted, until `stop` is set; then what was received is finished."""
    introduce = partial(set_commands, product.bot, texts.COMMANDS, texts.describes(product.settings.name))
    introducing = asyncio.create_task(Insist(stop)(introduce))
    product.scheduler.every(TIDYING, product.tidy, name="tidy")
    product.scheduler.every(LINKING, product.link, name="link")
    product.scheduler.every(PLANNING, product.outbox.plan, name="plan")
    product.scheduler.every(PLANNING, product.expire, name="expire")
    product.scheduler.every(SENDING, product.outbox.tick, name="send")
    product.scheduler.start()
    try:
        async with _api_beside(product):
            await (_serve_webhook if product.settings.webhook_url else _poll)(product, stop)
    finally:
        introducing.cancel()
        await asyncio.gather(introducing, return_exceptions=True)
        await product.outbox.stop()
        await product.scheduler.stop()


async def _poll(product: Product, stop: asyncio.Event) -> None:
    poller = Poller(product.bot, product.deliver)
    polling = asyncio.create_task(poller.run())
    stopping = asyncio.create_task(stop.wait())
    log.info("polling", bot=product.bot.username)
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await poller.stop()
    await polling


async def _serve_webhook(product: Product, stop: asyncio.Event) -> None:
    """Telegram is told the address once we listen; any number of processes may tell it the same. Raises SettingsError
    when it will not have it."""
    settings = product.settings
    secret = settings.webhook_secret.get_secret_value()
    app = webhook_app(product.bot, product.deliver, secret=secret, path=urlsplit(settings.webhook_url).path or "/")
    async with serve(app, settings.webhook_host, settings.webhook_port) as port:
        if refusal := await Insist(stop)(partial(_tell_address, product.bot, settings.webhook_url, secret)):
            raise SettingsError(f"HOSPITAL_WEBHOOK_URL: Telegram refuses it ({refusal})")
        log.info("webhook", bot=product.bot.username, port=port)
        await stop.wait()


async def _tell_address(bot: HospitalBot, url: str, secret: str) -> str | None:
    """Why Telegram will never take it; None when it has."""
    try:
        await bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES, max_connections=100)
    except BadRequest as refusal:
        return refusal.message
    return None


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT ask for a clean stop; a second one ends at once."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows has no such handlers: there Ctrl-C ends it
            loop.add_signal_handler(number, ask)
