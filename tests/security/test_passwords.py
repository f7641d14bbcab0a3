from __future__ import annotations

import unicodedata

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_bot import passwords, people
from hospital_bot.errors import BadInput
from tests.accounts.conftest import KEYS, hashed, hashes

__all__ = ["hashes"]

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)


def fits(typed: str, stored: str) -> bool:
    return passwords.matches(typed, stored, pepper=KEYS.pepper)


@given(ANY_TEXT)
def test_every_password_matches_itself_and_not_its_neighbour(text: str) -> None:
    stored = hashed(text)

    assert fits(text, stored)
    assert not fits(text + "x", stored)
    if passwords.normal(text[:-1]) != passwords.normal(text):
        assert not fits(text[:-1], stored)


@given(st.text(max_size=200))
def test_composed_and_decomposed_forms_are_one_password(text: str) -> None:
    assert fits(unicodedata.normalize("NFD", text), hashed(unicodedata.normalize("NFC", text)))


@pytest.mark.parametrize("length", [71, 72, 73, 200, 1000])
def test_no_byte_of_a_long_password_is_cut_off(length: int) -> None:
    assert not fits("x" * (length - 1) + "z", hashed("x" * length))


@pytest.mark.parametrize("text", ["a\0b", "😀" * 19, "س" * 37, "\ud800 half a pair"])
def test_odd_passwords_are_whole(text: str) -> None:
    assert fits(text, hashed(text))
    assert not fits(text[:-1], hashed(text))


def test_another_pepper_matches_nothing() -> None:
    assert not passwords.matches("a password", hashed("a password"), pepper=b"another")


def test_an_earlier_users_plain_hash_is_verified_and_to_be_replaced() -> None:
    plain = bcrypt.hashpw(b"patient password", bcrypt.gensalt(4)).decode()

    assert fits("patient password", plain)
    assert fits("patient password", plain.replace("$2b$", "$2y$"))
    assert not fits("patient passwore", plain)
    assert passwords.needs_rehash(plain)


def test_a_plain_hash_is_not_matched_by_the_first_72_bytes() -> None:
    plain = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    assert fits("x" * 72, plain)
    assert not fits("x" * 73, plain)


@pytest.mark.dear_passwords
def test_a_hash_of_today_is_kept_and_a_cheaper_one_replaced() -> None:
    today = passwords.hash_password("a password", pepper=KEYS.pepper)

    assert today.startswith("hmac384$2b$12$")
    assert fits("a password", today)
    assert not passwords.needs_rehash(today)
    assert passwords.needs_rehash(today.replace("$12$", "$11$"))


@pytest.mark.dear_passwords
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a password", ""),
        ("a password", passwords.UNUSABLE),
        ("a password", "a password"),
        ("a password", "$2b$12$short"),
        ("a password", "$2b$31$" + "a" * 53),
        ("a password", "hmac384$2b$04$" + "z" * 53),
        ("a password", "\0" * 60),
        ("x" * 1_000_000, hashed("")),
        ("x" * 73, bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()),
        ("a password", passwords.DUMMY),
    ],
    ids=["empty", "unusable", "clear", "short", "endless", "no salt", "zeros", "megabyte", "73 bytes", "dummy"],
)
def test_what_cannot_match_costs_one_full_hash(typed: str, stored: str, hashes: list[bytes]) -> None:
    assert not fits(typed, stored)
    assert [checked[4:6] for checked in hashes] == [b"12"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("seven77", "too_short"),
        ("x" * 129, "too_long"),
        ("é" * 600, "too_long"),
        ("\ufdfa" * 20, "too_long"),
        ("x" * 1_000_000, "too_long"),
        ("password", "common"),
        ("PassWord", "common"),
        ("12345678", "common"),
        ("hospital1", "personal"),
        ("St Mary's Hospital!", "personal"),
        ("annlee1980", "personal"),
        ("ann.lee@people.example", "personal"),
        ("0301234567", "personal"),
    ],
)
def test_a_password_that_is_easily_guessed_or_has_the_wrong_length_is_refused(text: str, problem: str) -> None:
    context = ["Ann Lee", "ann.lee@people.example", "+49301234567", "St Mary's Hospital"]

    with pytest.raises(BadInput) as refused:
        people.password(text, context=context)

    assert (refused.value.field, refused.value.problem) == ("password", problem)


@pytest.mark.parametrize(
    "text", ["eight 8s", "x" * 120 + "12345678", "aaaaaaaB", "пароль для больницы", "sailing home", "\0 \t \n \0 \0"]
)
def test_there_are_no_rules_of_composition(text: str) -> None:
    assert people.password(text, context=["Ann Lee"]) == text


def test_the_list_of_common_passwords_is_long_and_every_entry_of_it_refused() -> None:
    words = people.common_passwords()

    assert len(words) >= 3_000
    for word in words:
        with pytest.raises(BadInput):
            people.password(word)
    assert people.password("password" + "§") == "password§"


@given(st.text(st.characters(codec=None), max_size=2_000))
def test_whatever_is_typed_as_a_password_is_taken_or_refused(text: str) -> None:
    try:
        taken = people.password(text, context=[text[:5], "Hospital"])
    except BadInput:
        return
    assert fits(taken, hashed(taken))
