from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_bot import people
from hospital_bot.errors import BadInput


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ann \n\t Lee ", "Ann Lee"),
        ("Zoe\u0308", "Zoë"),
        ("b\u0301\u0302\u0303\u0304", "b\u0301\u0302\u0303\u0304"),
        ("\u202eeeL nnA\u202c", "eeL nnA"),
        ("A\u200bn\ufeffn\u00ad", "Ann"),
        ("<b>Ann</b> & 'Co'", "<b>Ann</b> & 'Co'"),
        ("محمد", "محمد"),
        ("李", "李"),
        ("=cmd()", "=cmd()"),
        ("a" * 100, "a" * 100),
    ],
)
def test_a_name_is_kept_as_it_reads(typed: str, kept: str) -> None:
    assert people.name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        (" \u200b\u3164 ", "empty"),
        ("12 !", "no_letter"),
        ("😀", "no_letter"),
        ("Ann\x00", "bad_characters"),
        ("Ann\x1b[31m", "bad_characters"),
        ("Ann\ud800", "bad_characters"),
        ("a" * 101, "too_long"),
        ("a" * 5000, "too_long"),
        ("a" + "\u0301" * 300, "bad_characters"),
        ("e" + "\u0302" * 6, "bad_characters"),
    ],
)
def test_a_name_nobody_could_read_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        people.name(typed)

    assert (refused.value.field, refused.value.problem) == ("name", problem)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann.Lee+bot@People.EXAMPLE ", "ann.lee+bot@people.example"),
        ("ann@müller.de", "ann@xn--mller-kva.de"),
        ("Ann@Mail.Hospital.Local", "ann@mail.hospital.local"),
        ("ann@ward.test", "ann@ward.test"),
    ],
)
def test_an_email_has_one_spelling(typed: str, kept: str) -> None:
    assert people.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ann", "ann@", "@people.example", "a b@people.example", "änn@people.example", "ann@localhost",
     "ann@local", "ann@people.invalid", "erased-7@account.invalid", "ann@-ward-.local",
     "a" * 250 + "@people.example", "ann@people.example\nBcc: all@people.example", "ann@\ud800.example"],
)  # fmt: skip
def test_what_is_no_email_is_refused(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        people.email(typed)

    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("030 1234567", "DE", "+49301234567"),
        ("+1 (202) 555-0143", "DE", "+12025550143"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("+٤٩٣٠١٢٣٤٥٦٧", "US", "+49301234567"),
    ],
)
def test_a_phone_number_is_kept_with_its_country(typed: str, region: str, kept: str) -> None:
    assert people.phone(typed, region=region) == kept


def test_a_shared_contact_is_international_with_or_without_its_plus() -> None:
    assert people.contact_phone("49301234567") == people.contact_phone("+49301234567") == "+49301234567"


@pytest.mark.parametrize("typed", ["", "call me", "12", "030 12", "+999 1234567", "1" * 5000])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        people.phone(typed, region="DE")

    assert refused.value.field == "phone"


def test_an_address_is_put_on_one_line() -> None:
    assert people.address("1 Harbour Road\n20457  Hamburg") == "1 Harbour Road 20457 Hamburg"


@pytest.mark.parametrize("typed", ["", "home", "-----", "x" * 256, "1 Harbour Road\x07"])
def test_an_address_that_can_not_be_one_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        people.address(typed)


@pytest.mark.parametrize("check", [people.name, people.address, people.email, people.contact_phone])
@given(st.text(st.characters(codec=None), max_size=400))
def test_whatever_is_typed_is_refused_or_fits_its_column(check: Callable[[str], str], typed: str) -> None:
    try:
        kept = check(typed)
    except BadInput:
        return
    assert 0 < len(kept) <= 255
    assert check(kept) == kept


BIRTHDAY = date(1984, 5, 23)


@pytest.mark.parametrize(
    "typed",
    [
        "23 May 1984",
        "23. may 1984",
        "23.05.1984",
        "23-5-1984",
        "23/05/1984",
        "1984-05-23",
        "1984/05/23",
        "23/May/1984",
        " 23  MAY 1984 ",
    ],
)
def test_a_date_of_birth_is_read_as_it_is_written(typed: str) -> None:
    assert people.birth_date(typed, today=date(2026, 11, 20)) == BIRTHDAY


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "empty"),
        ("long ago", "not_a_date"),
        ("23 May", "not_a_date"),
        ("23.05.84", "not_a_date"),
        ("31.02.1984", "not_a_date"),
        ("23 Mud 1984", "not_a_date"),
        ("٢٣.٠٥.١٩٨٤", "not_a_date"),
        ("05/04/1984", "ambiguous"),
        ("05-04-1984", "ambiguous"),
        ("23 99999999999999999999 1984", "not_a_date"),
        ("21.11.2026", "not_possible"),
        ("23 May 1884", "not_possible"),
    ],
)
def test_a_date_nobody_was_born_on_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        people.birth_date(typed, today=date(2026, 11, 20))

    assert (refused.value.field, refused.value.problem) == ("birth_date", problem)


@pytest.mark.parametrize(("on", "years"), [(date(2026, 5, 22), 41), (date(2026, 5, 23), 42), (BIRTHDAY, 0)])
def test_age_is_counted_in_whole_years(on: date, years: int) -> None:
    assert people.age(BIRTHDAY, on) == years
