from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import select

from hospital_bot.errors import Busy, CodeSpent, WaitForCode, WrongCode
from hospital_bot.models import AuditEntry, OtpCode, Patient, User
from hospital_bot.passwords import UNUSABLE
from hospital_bot.services import registration
from tests.accounts.conftest import KEYS, Hospital, Person


def other(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_patient_who_gives_the_mailed_code_is_registered_and_logged_in(bob: Person) -> None:
    actor = bob.registers()

    assert bob.actor == actor
    assert (actor.name, actor.email, actor.is_patient) == ("Bob", "bob@people.example", True)
    assert bob.hospital.read(select(Patient.patient_id, Patient.phone_number, Patient.address)) == [
        (actor.patient_id, "+4930123456", "1 Harbour Road")
    ]


def test_nothing_but_the_address_is_stored_before_the_code_comes_back(bob: Person) -> None:
    bob.asks_to_register()

    [user] = bob.hospital.read(select(User.name, User.email, User.password, User.verified_at))
    assert tuple(user) == ("", bob.email, UNUSABLE, None)
    assert bob.hospital.read(select(Patient.patient_id)) == []


def test_a_wrong_code_opens_no_account(bob: Person) -> None:
    pending = bob.asks_to_register()

    with pytest.raises(WrongCode):
        bob.confirms(pending, other(pending.code or ""))

    assert bob.actor is None


def test_a_code_mailed_for_one_chat_is_worth_nothing_in_another(bob: Person) -> None:
    pending = bob.asks_to_register()

    with pytest.raises(CodeSpent):
        bob.on(telegram_id=666).confirms(pending, pending.code or "")


def test_who_registers_a_strangers_address_never_owns_the_account_the_stranger_confirms(bob: Person) -> None:
    thief = bob.on(telegram_id=666)
    thief.password = "the thief's own password"
    thief.asks_to_register()
    bob.hospital.wait(seconds=61)

    bob.registers()

    assert bob.gives_password() == bob.user_id
    assert thief.actor is None


def test_a_registered_address_is_answered_like_a_new_one_but_gets_no_code(ann: Person) -> None:
    thief = ann.on(telegram_id=666)

    pending = thief.asks_to_register()

    assert pending.code is None
    with pytest.raises(WaitForCode):
        thief.asks_to_register()
    for _ in range(5):
        with pytest.raises(WrongCode):
            thief.confirms(pending, "123456")
    with pytest.raises(CodeSpent):
        thief.confirms(pending, "123456")


def test_even_a_code_guessed_right_gives_nobody_a_registered_account(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyotp, "random_base32", lambda: "A" * 32)
    thief, code = ann.on(telegram_id=666), pyotp.HOTP("A" * 32).at(0)
    pending = thief.asks_to_register()
    [(digest,)] = ann.hospital.read(select(OtpCode.code).where(OtpCode.channel == thief.channel))
    assert digest == KEYS.codes.digest(pending.user_id, "verify", thief.channel, code)

    with pytest.raises(WrongCode):
        thief.confirms(pending, code)
    assert ann.gives_password() == ann.user_id


def test_a_chat_that_asks_too_much_is_told_to_wait_a_minute(hospital: Hospital) -> None:
    crowd = [Person(hospital, f"Guest{number}", telegram_id=700) for number in range(42)]
    for first in (0, 21):
        for guest in crowd[first : first + 20]:
            guest.asks_to_register()
        with pytest.raises(Busy):
            crowd[first + 20].asks_to_register()
        hospital.wait(seconds=60)


def test_addresses_nobody_confirmed_are_forgotten_after_a_day(ann: Person, bob: Person) -> None:
    bob.asks_to_register()
    bob.hospital.wait(hours=23)
    assert bob.hospital.do(registration.purge) == 0

    bob.hospital.wait(hours=1)

    assert bob.hospital.do(registration.purge) == 1
    assert bob.hospital.read(select(User.email)) == [(ann.email,)]


def test_registering_leaves_a_trace_of_ids(bob: Person) -> None:
    actor = bob.registers()

    entries = bob.hospital.read(select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.patient_id))
    assert entries == [("register", actor.user_id, actor.patient_id)]
