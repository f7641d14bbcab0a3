"""On a real server: what only holds when many do the same at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update

from hospital_bot import passwords
from hospital_bot.db import Database
from hospital_bot.errors import Refusal, WrongCredentials
from hospital_bot.models import OtpCode, Throttle, User
from hospital_bot.services import doctors, emails, logins, otp, throttles, totp
from tests import tables
from tests.accounts.conftest import KEYS, Hospital, Person, ann, hashed

__all__ = ["ann"]

THREADS = 20
pytestmark = pytest.mark.mariadb


@pytest.fixture
def hospital(mariadb_url: str) -> Iterator[Hospital]:
    tables.prepare(mariadb_url)
    db = Database(mariadb_url, connections=THREADS)
    connected = Barrier(THREADS)  # else the first to be connected is done before the second begins
    at_once(THREADS, lambda _: db.run(lambda session: (session.connection(), connected.wait())))
    yield Hospital(db)
    db.close()


def at_once(times: int, act: Callable[[int], Any]) -> Counter[str]:
    """How often each outcome came: `ok`, or a refusal's code."""
    start = Barrier(THREADS)

    def one(number: int) -> str:
        if number < THREADS:
            start.wait()
        try:
            act(number)
        except Refusal as refusal:
            return refusal.code
        return "ok"

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(one, range(times)))


def test_two_hundred_wrong_logins_at_once_look_at_the_hash_five_times(ann: Person) -> None:
    looked: list[int] = []

    def guess(number: int) -> None:
        thief = ann.on(telegram_id=1000 + number)
        facts = {"email": ann.email, "source": thief.channel, "telegram_id": thief.telegram_id, "keys": KEYS}
        check = ann.hospital.do(logins.begin_password, **facts)
        if check.stored != passwords.DUMMY:
            looked.append(number)
        ann.hospital.do(logins.finish_password, check=check, correct=False, channel=thief.channel)

    assert at_once(200, guess) == {"wrong_credentials": 200}

    assert len(looked) == 5
    with pytest.raises(WrongCredentials):
        ann.on(telegram_id=666).gives_password()
    assert ann.logs_in().actor.user_id == ann.user_id


def test_the_same_right_code_twenty_times_at_once_is_one_success(ann: Person) -> None:
    facts = {"user_id": ann.user_id, "purpose": "login", **ann.bound()}
    code = ann.hospital.do(otp.issue, **facts)

    outcomes = at_once(20, lambda _: ann.hospital.do(otp.redeem, typed=code, **facts))

    assert outcomes == {"ok": 1, "code_spent": 19}


def test_twenty_logins_with_one_code_are_one_session(ann: Person) -> None:
    ann.gives_password()
    code = ann.asks_for_code().code or ""

    outcomes = at_once(20, lambda _: ann.gives_code(code))

    assert outcomes["ok"] == 1
    assert ann.actor


def test_two_hundred_guesses_at_one_code_count_five(ann: Person) -> None:
    facts = {"user_id": ann.user_id, "purpose": "login", **ann.bound()}
    code = ann.hospital.do(otp.issue, **facts)
    wrong = [f"{(int(code) + step) % 1_000_000:06}" for step in range(1, 201)]

    outcomes = at_once(200, lambda number: ann.hospital.do(otp.redeem, typed=wrong[number], **facts))

    assert outcomes == {"wrong_code": 5, "code_spent": 195}
    assert ann.hospital.read(select(OtpCode.tries).where(OtpCode.purpose == "login")) == [(5,)]


def test_a_code_of_the_app_twenty_times_at_once_is_one_success(ann: Person) -> None:
    clear, sealed = totp.new_secret(KEYS)
    enrol = update(User).where(User.user_id == ann.user_id).values(totp_secret=sealed)
    ann.hospital.db.run(lambda session: session.execute(enrol))
    shown = pyotp.TOTP(clear).at(ann.hospital.now)
    facts = {"user_id": ann.user_id, "sealed": sealed, "typed": shown, "keys": KEYS}

    outcomes = at_once(20, lambda _: ann.hospital.do(totp.accept, **facts))

    assert outcomes == {"ok": 1, "wrong_code": 19}


def test_two_chats_that_race_for_one_invitation_are_one_success(hospital: Hospital) -> None:
    user_id = hospital.do(doctors.add_admin, name="Ida", email="ida@hospital.example")
    token = hospital.do(doctors.invite, user_id=user_id, keys=KEYS)
    facts = {"token": token, "password_hash": hashed("rounds begin at seven"), "keys": KEYS}

    outcomes = at_once(20, lambda number: hospital.do(doctors.use_invitation, channel=f"tg:{number}", **facts))

    assert outcomes == {"ok": 1, "code_spent": 19}


def test_twenty_chats_that_ask_for_a_code_at_once_send_one_mail(ann: Person) -> None:
    outcomes = at_once(20, lambda number: ann.on(telegram_id=2000 + number).asks_for_code())

    assert outcomes == {"ok": 1, "wait_for_code": 19}


def test_twenty_who_register_one_address_at_once_get_one_code(hospital: Hospital) -> None:
    outcomes = at_once(20, lambda number: Person(hospital, "Bob", 3000 + number).asks_to_register())

    assert outcomes == {"ok": 1, "wait_for_code": 19}
    assert len(hospital.read(select(User.user_id))) == 1


def test_waits_double_up_to_an_hour_and_end_at_a_hundred_failures(ann: Person) -> None:
    """Also here and not on SQLite alone: the two assign the columns of one UPDATE in different ways."""
    waits = []
    for _ in range(throttles.LAST):
        assert ann.hospital.do(throttles.reserve, key="user:99")
        [(until,)] = ann.hospital.read(select(Throttle.blocked_until_at).where(Throttle.key == "user:99"))
        waits.append(round((until - ann.hospital.now).total_seconds()) if until else 0)
        ann.hospital.wait(seconds=waits[-1])

    assert waits[:14] == [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert not ann.hospital.do(throttles.reserve, key="user:99")


def test_twenty_people_who_prove_one_new_address_are_one_success(hospital: Hospital) -> None:
    people = [Person(hospital, f"Ann{number}", 600 + number) for number in range(20)]
    codes = []
    for person in people:
        person.registers()
        asked = {"user_id": person.user_id, "email": "new@people.example", **person.bound()}
        codes.append(hospital.do(emails.request_change, **asked))

    def change(number: int) -> None:
        asked = {"user_id": people[number].user_id, "email": "new@people.example", **people[number].bound()}
        hospital.do(emails.change, typed=codes[number], **asked)

    assert at_once(20, change) == {"ok": 1, "wrong_code": 19}
    assert len(hospital.read(select(User.user_id).where(User.email == "new@people.example"))) == 1
