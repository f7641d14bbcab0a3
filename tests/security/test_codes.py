from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hospital_bot.errors import CodeSpent, WaitForCode, WrongCode
from hospital_bot.models import OtpCode
from hospital_bot.services import otp
from tests.accounts.conftest import KEYS, Person, ann, bob, hospital
from tests.accounts.test_registration import other

__all__ = ["ann", "bob", "hospital"]


def asks(person: Person, purpose: str = "login") -> str:
    return person.hospital.do(otp.issue, user_id=person.user_id, purpose=purpose, **person.bound())


def gives(person: Person, typed: str, purpose: str = "login") -> None:
    person.hospital.do(otp.redeem, user_id=person.user_id, purpose=purpose, typed=typed, **person.bound())


def test_a_code_is_six_digits_and_works_once(ann: Person) -> None:
    code = asks(ann)

    assert len(code) == 6
    gives(ann, f"{code[:3]} {code[3:]}")
    with pytest.raises(CodeSpent):
        gives(ann, code)


@pytest.mark.parametrize(("age", "works"), [(299, True), (301, False)])
def test_a_code_lives_for_five_minutes(ann: Person, age: int, works: bool) -> None:
    code = asks(ann)
    ann.hospital.wait(seconds=age)

    if works:
        gives(ann, code)
    else:
        with pytest.raises(CodeSpent):
            gives(ann, code)


def test_after_five_wrong_tries_the_right_code_is_dead(ann: Person) -> None:
    code = asks(ann)
    for _ in range(5):
        with pytest.raises(WrongCode):
            gives(ann, other(code))

    with pytest.raises(CodeSpent):
        gives(ann, code)


def test_the_fifth_try_may_be_the_right_one(ann: Person) -> None:
    code = asks(ann)
    for _ in range(4):
        with pytest.raises(WrongCode):
            gives(ann, other(code))

    gives(ann, code)


def test_a_new_code_kills_the_old_one(ann: Person) -> None:
    old = asks(ann)
    ann.hospital.wait(seconds=60)
    new = asks(ann)

    with pytest.raises(WrongCode):
        gives(ann, old)
    gives(ann, new)


def test_a_new_code_in_one_chat_kills_the_old_one_in_another(ann: Person) -> None:
    old = asks(ann)
    ann.hospital.wait(seconds=60)
    asks(ann.on(telegram_id=777))

    with pytest.raises(CodeSpent):
        gives(ann, old)


def test_a_code_for_one_purpose_is_refused_for_another(ann: Person) -> None:
    code = asks(ann, "login")

    with pytest.raises(CodeSpent):
        gives(ann, code, "reset")


def test_a_row_moved_to_another_purpose_person_or_chat_proves_nothing(ann: Person, bob: Person) -> None:
    bob.registers()
    code = asks(ann)
    moved = {"user_id": bob.user_id, "channel": bob.channel}

    ann.hospital.db.run(lambda session: session.execute(update(OtpCode).values(moved)))

    with pytest.raises(WrongCode):
        gives(bob, code)


@pytest.mark.parametrize("typed", ["１２３４５６", "١٢٣٤٥٦", "12345", "1234567", "12345x", "", "1" * 5000, "\ud800"])
def test_only_six_ascii_digits_can_be_right_and_anything_else_counts_as_a_try(ann: Person, typed: str) -> None:
    asks(ann)

    with pytest.raises(WrongCode):
        gives(ann, typed)

    assert (1,) in ann.hospital.read(select(OtpCode.tries).where(OtpCode.purpose == "login"))


@pytest.mark.parametrize("typed", ["123456", "123 456", "123-456", " 123456 "])
def test_a_pasted_code_may_have_spaces_or_a_dash(typed: str) -> None:
    assert otp.digits(typed) == "123456"


@pytest.mark.parametrize("typed", ["１２３４５６", "١٢٣٤٥٦", "123\u00a0456", "123\n456", "12345\u0666", ""])
def test_nothing_else_is_read_as_digits(typed: str) -> None:
    assert otp.digits(typed) is None


def test_full_width_digits_of_the_right_code_are_wrong(ann: Person) -> None:
    code = asks(ann)

    with pytest.raises(WrongCode):
        gives(ann, code.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}))


def test_codes_come_a_minute_apart(ann: Person) -> None:
    asks(ann)
    ann.hospital.wait(seconds=18)

    with pytest.raises(WaitForCode) as refused:
        asks(ann)

    assert refused.value.seconds == 42


def test_five_codes_an_hour_and_ten_a_day(ann: Person) -> None:
    begun = ann.hospital.now
    for _ in range(5):
        asks(ann)
        ann.hospital.wait(minutes=2)
    with pytest.raises(WaitForCode) as refused:
        asks(ann)
    assert ann.hospital.now + timedelta(seconds=refused.value.seconds) == begun + timedelta(hours=1)

    ann.hospital.wait(seconds=refused.value.seconds)
    for _ in range(5):
        asks(ann)
        ann.hospital.wait(hours=1)
    with pytest.raises(WaitForCode) as refused:
        asks(ann)
    assert ann.hospital.now + timedelta(seconds=refused.value.seconds) == begun + timedelta(days=1)


def test_the_table_never_holds_a_code(ann: Person) -> None:
    code = asks(ann)

    stored = ann.hospital.read(select(OtpCode.code))

    assert all(len(digest) == 64 and digest != code for (digest,) in stored)


def test_codes_are_gone_after_a_day(ann: Person) -> None:
    asks(ann)
    ann.hospital.wait(hours=23)
    ann.hospital.do(otp.purge)
    assert ann.hospital.read(select(OtpCode.otp_id).where(OtpCode.purpose == "login"))

    ann.hospital.wait(hours=1)
    ann.hospital.do(otp.purge)

    assert ann.hospital.read(select(OtpCode.otp_id)) == []


def test_keys_and_codes_show_in_no_repr() -> None:
    shown = f"{KEYS} {KEYS!r} {KEYS.pepper} {KEYS.codes!r}"

    assert all(key.hex() not in shown and repr(bytes(key))[2:10] not in shown for key in (KEYS.pepper, KEYS.codes))
