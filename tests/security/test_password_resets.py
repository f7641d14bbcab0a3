from __future__ import annotations

import pytest
from sqlalchemy import select, update

from hospital_bot.errors import WrongCode, WrongCredentials
from hospital_bot.models import Throttle
from hospital_bot.services import resets, throttles
from tests.accounts.conftest import Person, ann, bob, hashed, hospital
from tests.accounts.test_registration import other

__all__ = ["ann", "bob", "hospital"]


def asks(person: Person) -> resets.Reset:
    return person.hospital.do(resets.request_reset, email=person.email, **person.bound())


def sets(person: Person, reset: resets.Reset, typed: str, password: str) -> None:
    facts = {"user_id": reset.user_id, "typed": typed, "password_hash": hashed(password), **person.bound()}
    person.hospital.do(resets.reset_password, **facts)
    person.password = password


def test_a_mailed_code_sets_a_new_password_and_ends_the_session(ann: Person) -> None:
    old = ann.password
    reset = asks(ann)

    sets(ann, reset, reset.code or "", "a new one entirely")

    assert ann.actor is None
    assert ann.gives_password() == ann.user_id
    with pytest.raises(WrongCredentials):
        ann.gives_password(old)


def test_known_and_unknown_addresses_are_answered_alike(ann: Person, bob: Person) -> None:
    known, unknown = asks(ann), asks(bob)

    assert (known.email, unknown.email, unknown.code) == (ann.email, bob.email, None)
    for person, reset in ((ann, known), (bob, unknown)):
        for _ in range(7):
            with pytest.raises(WrongCode):
                sets(person, reset, other(known.code or ""), "a new one entirely")


def test_asking_too_often_is_answered_alike_and_the_first_code_still_works(ann: Person) -> None:
    first = asks(ann)
    assert asks(ann).code is None

    sets(ann, first, first.code or "", "a new one entirely")


def test_who_never_set_a_password_has_nothing_to_reset(bob: Person) -> None:
    bob.asks_to_register()

    assert asks(bob) == resets.Reset(None, bob.email, None)


def test_a_reset_is_the_way_out_of_the_lock_after_a_hundred_failures(ann: Person) -> None:
    stranger = ann.on(telegram_id=666)
    with pytest.raises(WrongCredentials):
        stranger.gives_password("not it")
    reach_the_limit = update(Throttle).where(Throttle.key.like("user:%")).values(attempts=throttles.LAST)
    ann.hospital.db.run(lambda session: session.execute(reach_the_limit))
    ann.hospital.wait(days=365)
    with pytest.raises(WrongCredentials):
        stranger.gives_password()

    reset = asks(stranger)
    sets(stranger, reset, reset.code or "", "a new one entirely")

    assert stranger.gives_password() == ann.user_id


def test_failures_are_kept_and_other_old_counts_forgotten(ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        with pytest.raises(WrongCredentials):
            person.gives_password("not it")
    ann.hospital.wait(days=2)

    ann.hospital.do(throttles.purge)

    assert ann.hospital.read(select(Throttle.key)) == [(f"user:{ann.user_id}@tg:501",)]
