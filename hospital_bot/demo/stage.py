"""Simulator, mailbox and bot in one process, talking over HTTP and SMTP as they would in earnest."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from hospital_bot import wiring
from hospital_bot.clock import TurnableClock
from hospital_bot.demo import cast, hospital
from hospital_bot.settings import Settings
from hospital_bot.simulator import server
from hospital_bot.simulator.backstage import Backstage
from hospital_bot.simulator.mailbox import Mailbox
from hospital_bot.simulator.storage import kept
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.wiring import Product

NAME = "St. Brigid's Hospital"
ZONE = ZoneInfo("Europe/Berlin")
SOON = timedelta(seconds=1)
"""Who turned the clock to a morning waits for the digest: it is planned more often than in earnest."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is on: `address` is where the simulator serves its chat page and the Bot API."""

    address: str
    telegram: Telegram
    mailbox: Mailbox
    clock: TurnableClock
    product: Product
    cards: list[cast.Card]


@asynccontextmanager
async def stage(folder: Path, *, port: int = 0) -> AsyncIterator[Stage]:
    """The demo's hospital, as it was left in `folder`, or a new one; running until the block ends."""
    clock = TurnableClock()
    telegram, mailbox = Telegram(clock.now, bot_name=NAME), Mailbox(clock.now)
    backstage = Backstage(NAME, ZONE, clock=clock)
    async with kept(folder / "world.json", telegram, mailbox, clock) as was_there:
        backstage.cast = cards = cast.assemble(telegram)  # before the first page asks
        async with (
            mailbox.listening() as smtp_port,
            server.running(telegram, mailbox, backstage, port=port) as address,
            wiring.build(_settings(folder, telegram, address, smtp_port), clock=clock.now) as product,
            _bot(product, backstage, cards, is_new=not was_there),
        ):
            if not was_there:
                cast.greet(telegram, cards)
            yield Stage(address, telegram, mailbox, clock, product, cards)


@asynccontextmanager
async def _bot(product: Product, backstage: Backstage, cards: list[cast.Card], *, is_new: bool) -> AsyncIterator[None]:
    """The product at work in the invented hospital."""
    facts, db, now = product.hospital, product.db, product.clock()
    await db.run_async(hospital.open_doors, clinic=facts.clinic, keys=facts.keys, now=now)
    if is_new:
        await db.run_async(cast.log_in, cards=cards, now=now)
    backstage.next_visit = lambda: db.run(cast.next_visit, clinic=facts.clinic, now=product.clock())
    product.scheduler.every(SOON, product.outbox.plan, name="plan_soon")
    stop = asyncio.Event()
    running = asyncio.create_task(wiring.run(product, stop))
    try:
        yield
    finally:
        stop.set()
        await running


def _settings(folder: Path, telegram: Telegram, address: str, smtp_port: int) -> Settings:
    """Settings of an invented hospital; those of the environment don't reach the demo."""
    return Settings.model_construct(
        bot_token=SecretStr(telegram.token),
        bot_api_url=address,
        database_url=SecretStr(f"sqlite:///{folder / 'hospital.db'}"),
        secret_key=SecretStr(_key(folder)),
        name=NAME,
        address="1 Well Lane",
        phone="+1 555 0100",
        timezone=ZONE,
        smtp_url=SecretStr(f"smtp://127.0.0.1:{smtp_port}"),
        mail_from=f"{NAME} <bot@stbrigid.example>",
    )


def _key(folder: Path) -> str:
    """Made once for each folder: what it protects is invented, but must stay readable."""
    file = folder / "secret.key"
    if not file.exists():
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()
