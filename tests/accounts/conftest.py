"""A hospital with its database, and people who act as they would in a chat: one step, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import bcrypt
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from hospital_bot import passwords
from hospital_bot.db import Database
from hospital_bot.errors import Refusal
from hospital_bot.keys import Keys
from hospital_bot.services import accounts, logins, registration
from hospital_bot.services.accounts import Actor
from tests import tables

T = TypeVar("T")

KEYS = Keys.derive("an invented secret of more than 32 characters")
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def hashed(password: str) -> str:
    return passwords.hash_password(password, pepper=KEYS.pepper)


class Hospital:
    """Runs use cases as the chat does: what a refused step has counted is kept."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = START

    def wait(self, **period: float) -> None:
        self.now += timedelta(**period)

    def do(self, use_case: Callable[..., T], **facts: Any) -> T:
        result = self.db.run(_settle, use_case, {**facts, "now": self.now})
        if isinstance(result, Refusal):
            raise result
        return result  # type: ignore[no-any-return]  # _settle can't say more than Any

    def read(self, statement: Any) -> list[Any]:
        return self.db.run(lambda session: list(session.execute(statement)))

    def statements(self, use_case: Callable[..., Any], **facts: Any) -> int:
        """How many SQL statements the use case needs."""
        seen: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(self.db.engine, "before_cursor_execute", note)
        try:
            self.do(use_case, **facts)
        finally:
            event.remove(self.db.engine, "before_cursor_execute", note)
        return len([statement for statement in seen if not statement.startswith("BEGIN")])


def _settle(session: Session, use_case: Callable[..., Any], facts: dict[str, Any]) -> Any:
    try:
        return use_case(session, **facts)
    except Refusal as refusal:
        return refusal


class Person:
    """Somebody with an e-mail, a password and a chat."""

    def __init__(self, hospital: Hospital, name: str, telegram_id: int) -> None:
        self.hospital = hospital
        self.name = name
        self.email = f"{name.lower()}@people.example"
        self.password = f"{name} sails at dawn"
        self.telegram_id = telegram_id
        self.user_id = 0

    @property
    def channel(self) -> str:
        return f"tg:{self.telegram_id}"

    def bound(self) -> dict[str, Any]:
        return {"channel": self.channel, "keys": KEYS}

    def asks_to_register(self) -> registration.Pending:
        return self.hospital.do(registration.register, email=self.email, **self.bound())

    def confirms(self, pending: registration.Pending, typed: str) -> Actor:
        return self.hospital.do(
            registration.confirm_registration,
            user_id=pending.user_id,
            email=self.email,
            typed=typed,
            name=self.name,
            phone="+4930123456",
            address="1 Harbour Road",
            password_hash=hashed(self.password),
            telegram_id=self.telegram_id,
            **self.bound(),
        )

    def registers(self) -> Actor:
        pending = self.asks_to_register()
        assert pending.code
        actor = self.confirms(pending, pending.code)
        self.user_id = actor.user_id
        return actor

    def gives_password(self, password: str | None = None) -> int:
        """The three steps of the chat; the hash is checked between two transactions."""
        check = self.hospital.do(
            logins.begin_password,
            email=self.email,
            source=self.channel,
            telegram_id=self.telegram_id,
            keys=KEYS,
        )
        typed = self.password if password is None else password
        correct = passwords.matches(typed, check.stored, pepper=KEYS.pepper)
        return self.hospital.do(logins.finish_password, check=check, correct=correct, channel=self.channel)

    def asks_for_code(self) -> logins.Challenge:
        return self.hospital.do(logins.login_code, user_id=self.user_id, **self.bound())

    def gives_code(self, typed: str) -> logins.LoggedIn:
        return self.hospital.do(
            logins.login, user_id=self.user_id, typed=typed, telegram_id=self.telegram_id, **self.bound()
        )

    def logs_in(self) -> logins.LoggedIn:
        self.gives_password()
        return self.gives_code(self.asks_for_code().code or "")

    def on(self, telegram_id: int) -> Person:
        """The same person (or a thief of their password) at another telephone."""
        other = Person(self.hospital, self.name, telegram_id)
        other.user_id, other.password = self.user_id, self.password
        return other

    @property
    def actor(self) -> Actor | None:
        return self.hospital.do(accounts.actor, telegram_id=self.telegram_id)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    url = f"sqlite:///{tmp_path}/hospital.db"
    tables.prepare(url)
    db = Database(url)
    yield Hospital(db)
    db.close()


@pytest.fixture
def ann(hospital: Hospital) -> Person:
    """Registered and logged in."""
    person = Person(hospital, "Ann", 501)
    person.registers()
    hospital.wait(minutes=2)
    return person


@pytest.fixture
def bob(hospital: Hospital) -> Person:
    """Nobody here knows him yet."""
    return Person(hospital, "Bob", 502)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every hash that a password is checked against from now on: the time an answer takes, with no clock."""
    seen: list[bytes] = []
    check = bcrypt.checkpw

    def counted(secret: bytes, stored: bytes) -> bool:
        right = check(secret, stored)
        seen.append(stored)
        return right

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return seen
