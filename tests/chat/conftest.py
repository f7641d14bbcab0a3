"""The whole product on a simulated Telegram: a hospital with a database, a mailbox, a clock to turn, and phones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, text
from telegram import Update

from hospital_bot import passwords, schedules, wiring
from hospital_bot.clinic import Clinic
from hospital_bot.db import Database
from hospital_bot.keys import Keys
from hospital_bot.services import accounts, doctors, registration
from hospital_bot.settings import Settings
from hospital_bot.simulator.lines import LocalLine
from hospital_bot.simulator.mailbox import Letter, Mailbox
from hospital_bot.simulator.phone import Phone
from hospital_bot.simulator.request import SimulatorRequest
from hospital_bot.simulator.telegram import Telegram
from hospital_bot.telegram import pace
from hospital_bot.wiring import Product
from tests import tables
from tests.clock import Clock
from tests.hospital import NOW

T = TypeVar("T")

PASSWORD = "nine geese fly south"


@dataclass
class Hospital:
    """People and doctors by name; what a test does not talk about is done by the services."""

    product: Product
    telegram: Telegram
    mailbox: Mailbox
    clock: Clock
    file: Path

    @property
    def db(self) -> Database:
        return self.product.db

    @property
    def clinic(self) -> Clinic:
        return self.product.hospital.clinic

    @property
    def keys(self) -> Keys:
        return self.product.hospital.keys

    async def phone(self, name: str = "Ann", **details: Any) -> Phone:
        """Somebody's phone, on which nobody has logged in."""
        return await Phone.bought(LocalLine(self.telegram, self._process), name, **details)

    async def patient(self, name: str = "Ann") -> Phone:
        """Registered with `email_of(name)` and PASSWORD a while ago, and logged in on this phone."""
        phone = await self.phone(name)
        bound = {"channel": f"tg:{phone.id}", "keys": self.keys}
        pending = self.do(registration.register, email=email_of(name), **bound)
        self.do(
            registration.confirm_registration,
            user_id=pending.user_id,
            email=pending.email,
            typed=pending.code,
            name=name,
            phone="+4930123456",
            address="1 Harbour Road, Kiel",
            password_hash=self.hashed(PASSWORD),
            telegram_id=phone.id,
            **bound,
        )
        self.clock.turn(minutes=2)
        return phone

    def doctor(
        self,
        name: str = "Dr. Osei",
        specialization: str = "Cardiology",
        *,
        room: str = "12",
        weekly: str = "mon-sun 09:00-12:00",
        minutes: int = 30,
    ) -> doctors.Added:
        """One who works these hours, and whom nobody has invited yet."""
        schedule = {"slot_minutes": minutes, "weekly": schedules.parse_weekly(weekly)}
        facts = {"specialization": specialization, "room": room, "schedule": schedule}
        return self.do(doctors.add, name=name, email=email_of(name), **facts)

    async def staff(self, doctor: doctors.Added) -> Phone:
        """The doctor's phone, logged in."""
        phone = await self.phone(doctor.name)
        self.do(accounts.link, telegram_id=phone.id, user_id=doctor.user_id, role="doctor")
        return phone

    def do(self, use_case: Callable[..., T], **facts: Any) -> T:
        return self.db.run(use_case, **facts, now=self.clock())

    def hashed(self, password: str) -> str:
        return passwords.hash_password(password, pepper=self.keys.pepper)

    def letter(self, name: str = "Ann") -> Letter:
        """The newest mail to this person."""
        return self.mailbox.to(email_of(name))[0]

    def code(self, name: str = "Ann") -> str:
        """The one-time code in the newest mail to this person."""
        return self.letter(name).code or ""

    def scalar(self, statement: str, **values: Any) -> Any:
        with self.db.engine.connect() as connection:
            return connection.scalar(text(statement), values)

    def stored(self) -> bytes:
        """Every byte that the database has on the disk."""
        return b"".join(part.read_bytes() for part in self.file.parent.glob(f"{self.file.name}*"))

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL that runs meanwhile."""
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        event.listen(self.db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(self.db.engine, "before_cursor_execute", note)

    async def _process(self, update: dict[str, Any]) -> None:
        """To the end: mail has gone, too."""
        await self.product.deliver(Update.de_json(update, self.product.bot))
        await self.product.dispatcher.finish()


def email_of(name: str) -> str:
    return f"{name.lower().replace('. ', '.').replace(' ', '.')}@people.example"


def chat_of(phone: Phone) -> str:
    """All that the chat shows now, buttons too."""
    return "\n".join(line for message in phone.messages for line in (message.text, *message.buttons))


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = NOW
    return clock


@pytest.fixture
async def hospital(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hospital]:
    """It keeps Telegram's pace elsewhere: here nobody waits."""
    monkeypatch.setattr(pace, "PERSON", ())
    file = tmp_path / "hospital.db"
    async with opened(f"sqlite:///{file}", clock, file) as hospital:
        yield hospital


@asynccontextmanager
async def opened(database_url: str, clock: Clock, file: Path, **settings: Any) -> AsyncIterator[Hospital]:
    """A hospital on this database, while the block runs; `file` is where SQLite has it."""
    tables.prepare(database_url)
    telegram, mailbox = Telegram(clock), Mailbox(clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(telegram.close)
        port = await stack.enter_async_context(mailbox.listening())
        chosen = _settings(telegram, database_url, port).model_copy(update=settings)
        built = wiring.build(chosen, clock=clock, request=SimulatorRequest(telegram))
        yield Hospital(await stack.enter_async_context(built), telegram, mailbox, clock, file)


def _settings(telegram: Telegram, database_url: str, smtp_port: int) -> Settings:
    facts: dict[str, Any] = {
        "bot_token": telegram.token,
        "bot_api_url": "http://127.0.0.1",
        "database_url": database_url,
        "secret_key": "an invented secret of more than 32 characters",
        "name": "Harbour Hospital",
        "address": "2 Quay, Kiel",
        "phone": "+49 431 9876543",
        "timezone": "Europe/Berlin",
        "country": "DE",
        "smtp_url": f"smtp://127.0.0.1:{smtp_port}",
        "mail_from": "bot@harbour.example",
    }
    return Settings(_env_file=None, **facts)  # type: ignore[call-arg]  # pydantic-settings' own argument
