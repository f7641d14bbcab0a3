"""A database that can be read and not written, or whose disk is full: a kind answer, nothing half done, and all goes on
once there is space again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, event, make_url, text

from handlers import texts
from handlers.texts import booking as words
from hospital_bot import schema
from hospital_bot.db import Database
from hospital_bot.simulator import acts
from hospital_bot.simulator.acts import Outcome
from hospital_bot.simulator.lines import LocalLine
from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import pace
from hospital_bot.telegram.poll import Poller
from tests.chat.conftest import Hospital, clock, opened
from tests.clock import Clock
from tests.servers import PrivateServer, Server

__all__ = ["clock"]

pytestmark = pytest.mark.prove

PROVE = bool(os.environ.get("HOSPITAL_PROVE"))
MANY = 1000
"""Updates that fill what space a table had left."""
SIZE = "220m"
LOOK = 0.01


class Polled(LocalLine):
    """The bot fetches its updates itself, and again until they are dealt with."""

    def __init__(self, hospital: Hospital) -> None:
        super().__init__(hospital.telegram, self._fetched)

    async def _fetched(self, _update: dict[str, Any]) -> None:
        """Nothing is handed over."""

    async def act(self, person_id: int, action: str, details: dict[str, Any], *, seconds: float, wait: bool) -> Outcome:
        done = acts.perform(self.telegram, person_id, action, details)
        async with asyncio.timeout(seconds):
            while not (outcome := acts.outcome(self.telegram, done)).is_answered and wait:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(LOOK)
        return outcome


@asynccontextmanager
async def polling(database_url: str, clock: Clock, file: Path) -> AsyncIterator[Hospital]:
    """The bot at work."""
    async with opened(database_url, clock, file) as hospital:
        poller = Poller(hospital.product.bot, hospital.product.deliver)
        at_work = asyncio.create_task(poller.run())
        yield hospital
        await poller.stop()
        await at_work


@pytest.fixture(autouse=True)
def at_any_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PERSON", ())
    monkeypatch.setattr(pace, "PEOPLE", ())


async def about_to_book(hospital: Hospital) -> Phone:
    """Ann has chosen, and only needs to confirm."""
    hospital.doctor()
    phone = await hospital.patient()
    ann = Phone(Polled(hospital), phone.id, "Ann")
    await ann.says("/book")
    for step in ("book.doctors", "book.days", "book.times", "book.time", "book.check"):
        await ann.taps_in(ann.last.id, await button(ann, step))
    await button(ann, "book.yes")
    return ann


async def button(phone: Phone, step: str) -> str:
    """The first of this step, once it is shown: a tap is answered before its screen is there."""
    async with asyncio.timeout(30):
        while not (shown := [data for data in buttons(phone) if data.startswith(f"{step}:")]):  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK)
    return shown[0]


def buttons(phone: Phone) -> list[str]:
    rows = phone.last.json["reply_markup"]["inline_keyboard"]
    return [button["callback_data"] for row in rows for button in row]


async def nothing_fits_any_more(hospital: Hospital) -> None:
    """Somebody begins and stops until the last free places are taken: who only looks takes none."""
    bob = Phone(Polled(hospital), (await hospital.phone("Bob")).id, "Bob")
    for number in range(MANY):
        await bob.says("/cancel" if number % 2 else "/login")
        if bob.last.text == texts.TRY_LATER:
            return
    pytest.fail("there was space all the time")


def stored(hospital: Hospital) -> list[int]:
    """How many rows there are of what a booking writes; read by somebody else than the bot."""
    engine = create_engine(hospital.product.settings.database_url.get_secret_value(), poolclass=NullPool)
    with engine.connect() as connection:
        counts = "SELECT (SELECT COUNT(*) FROM appointments), (SELECT COUNT(*) FROM notifications)"
        return list(connection.execute(text(counts)).one())


async def ann_hears_and_books_later(hospital: Hospital, ann: Phone, trouble: Any) -> None:
    before = stored(hospital)
    with trouble:
        await nothing_fits_any_more(hospital)
        await ann.taps(words.CONFIRM)
        assert ann.alert == texts.TRY_LATER
        assert stored(hospital) == before == [0, 0]
        assert not any("Booked" in message.text for message in ann.messages)

    await ann.hears("Booked")
    assert stored(hospital)[0] == 1
    assert hospital.scalar("SELECT COUNT(*) FROM notifications WHERE kind = 'booked'") == 1
    assert (await ann.says("/start")).is_answered


@contextmanager
def pragma(hospital: Hospital, trouble: str, remedy: str) -> Iterator[None]:
    """SQLite asks these of each connection."""
    wanted = [trouble]

    def ask(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA {wanted[0]}")

    event.listen(hospital.db.engine, "checkout", ask)
    yield
    wanted[0] = remedy


@pytest.mark.parametrize(
    ("trouble", "remedy"),
    [("query_only = ON", "query_only = OFF"), ("max_page_count = 1", "max_page_count = 1000000")],
    ids=["read-only", "full"],
)
async def test_on_sqlite_nothing_is_half_done_and_later_it_is_booked(
    tmp_path: Path, clock: Clock, trouble: str, remedy: str
) -> None:
    """SQLite makes `max_page_count` as large as the file is."""
    file = tmp_path / "hospital.db"
    async with polling(f"sqlite:///{file}", clock, file) as hospital:
        ann = await about_to_book(hospital)
        await ann_hears_and_books_later(hospital, ann, pragma(hospital, trouble, remedy))


@contextmanager
def read_only(server: Server) -> Iterator[None]:
    server.execute("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        server.execute("SET GLOBAL read_only = 0")


@pytest.mark.mariadb
async def test_on_a_read_only_server_nothing_is_half_done_and_later_it_is_booked(
    mariadb: Server, hospital_url: str, tmp_path: Path, clock: Clock
) -> None:
    """As a replica is, or a server that its administrators are moving. They may write; the bot's account may not."""
    url = make_url(hospital_url)
    mariadb.execute("DROP USER IF EXISTS bot@'%'")
    mariadb.execute("CREATE USER bot@'%' IDENTIFIED BY 'an invented password'")
    mariadb.execute(f"GRANT ALL ON {url.database}.* TO bot@'%'")
    plain = url.set(username="bot", password="an invented password").render_as_string(hide_password=False)
    async with polling(plain, clock, tmp_path) as hospital:
        ann = await about_to_book(hospital)
        await ann_hears_and_books_later(hospital, ann, read_only(mariadb))


@contextmanager
def small_disk() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="disk-") as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", folder], capture_output=True)
        if mounted.returncode:
            pytest.skip("needs the right to mount a small disk")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Every byte that is left is taken."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


@pytest.mark.mariadb
@pytest.mark.skipif(not PROVE, reason="a server of its own takes its time")
async def test_on_a_full_disk_nothing_is_half_done_and_later_it_is_booked(tmp_path: Path, clock: Clock) -> None:
    with small_disk() as disk:
        server = PrivateServer(disk)
        try:
            url = server.create_database()
            db = Database(url, connections=1)
            schema.upgrade(db.engine)
            db.close()
            async with polling(url, clock, tmp_path) as hospital:
                ann = await about_to_book(hospital)
                await ann_hears_and_books_later(hospital, ann, full(disk))
        finally:
            server.remove()
