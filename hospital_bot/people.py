"""What people type about themselves: cleaned, checked, or refused with a BadInput that says how to mend it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from hospital_bot.errors import BadInput
from hospital_bot.passwords import MAX_BYTES, normal

SPECIAL_USE_DOMAIN_NAMES[:] = ["invalid"]
"""The others that the library refuses stand in a hospital's own network: `.local`, `.test`. It has no parameter for
them; to change its list is the way it names. What ends with NO_MAIL is ours."""

NO_MAIL = "@account.invalid"
"""Ends what stands where an address should: of the forgotten, and of whoever registers one that is known."""

NAME_LETTERS = 100
"""As a person counts them: accents don't count."""
MAX_TEXT = 255
"""Code points of a column."""
MAX_REASON = 500
"""The same, of what a visit is about."""
PASSWORD_LENGTH = range(8, 129)
"""Code points. Eight are enough because a one-time code always follows. Source: NIST 800-63B-4, 3.1.1.2."""
OLDEST = 130
"""Years. Nobody is known to have lived so long."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
OWN_CHARACTERS = 5
"""How many characters of a password must not be the person's or the hospital's own words."""

PILE = "M" * 5
"""So many accents on one letter no script has; they would cover the lines above."""

_BLANK = dict.fromkeys(map(ord, "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"))
"""Letters and marks that show nothing; a name made of them would be invisible."""


def name(text: str) -> str:
    """A person's name, on one line, with nothing invisible in it."""
    cleaned = _clean("name", text)
    if not any(character.isalpha() for character in cleaned):
        raise BadInput("name", "no_letter")
    if sum(not unicodedata.category(character).startswith("M") for character in cleaned) > NAME_LETTERS:
        raise BadInput("name", "too_long", f"at most {NAME_LETTERS} characters")
    return cleaned


def address(text: str) -> str:
    cleaned = _clean("address", text)
    if len(cleaned) < 5 or not any(character.isalnum() for character in cleaned):
        raise BadInput("address", "too_short", "street, number, town")
    return cleaned


def line(field: str, text: str, *, limit: int = MAX_TEXT) -> str:
    """Any other short text, such as a room; never empty."""
    return _clean(field, text, limit)


def reason(text: str | None, *, limit: int = MAX_REASON) -> str | None:
    """What the patient says a visit is about, or why it is cancelled, on one line; None for nothing."""
    return line("reason", text, limit=limit) if text and text.strip() else None


def email(text: str) -> str:
    """Lower case, the domain in its ASCII form. Whether anybody reads mail there is shown by a code alone."""
    if len(text) > MAX_TEXT:
        raise BadInput("email", "too_long")
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError) as error:
        raise BadInput("email", "not_an_address", str(error) if isinstance(error, EmailNotValidError) else "") from None
    return (found.ascii_email or found.normalized).lower()


def phone(text: str, *, region: str) -> str:
    """E.164, such as +4930123456. `region` is the country whose numbers need no country code."""
    try:
        number = phonenumbers.parse(text[:MAX_TEXT], region)
    except phonenumbers.NumberParseException:
        raise BadInput("phone", "not_a_number") from None
    if not phonenumbers.is_valid_number(number):
        raise BadInput("phone", "no_such_number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def given_phone(text: str, *, region: str) -> str:
    """As `phone`, for a number from other software: in full international form it is taken as it is."""
    try:
        return phone(text, region=region)
    except BadInput:
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", text, re.ASCII):
            raise
        return text


def contact_phone(text: str) -> str:
    """As `phone`, for a number out of a shared contact: always international, often without its plus."""
    return phone(f"+{text.lstrip('+')}", region="ZZ")


def birth_date(text: str, *, today: date) -> date:
    """`23 May 1984`, `23.05.1984` or `1984-05-23`; `05/04/1984` could be two days: `ambiguous`."""
    found = re.fullmatch(r"(\d{1,4})[\s./-]+(\w{1,9})[\s./-]+(\d{1,4})", _clean("birth_date", text), re.ASCII)
    if found is None:
        raise BadInput("birth_date", "not_a_date")
    first, middle, last = found.groups()
    year_first = len(first) == 4
    day, year = (last, first) if year_first else (first, last)
    month = int(middle) if middle.isdecimal() else _month(middle)
    if not year_first and "." not in text and middle.isdecimal() and max(int(day), month) <= 12:
        raise BadInput("birth_date", "ambiguous")
    try:
        born = date(int(year) if len(year) == 4 else 0, month, int(day))
    except ValueError:
        raise BadInput("birth_date", "not_a_date") from None
    if not today.year - OLDEST <= born.year or born > today:
        raise BadInput("birth_date", "not_possible")
    return born


def _month(word: str) -> int:
    """0 for what is none."""
    return MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in MONTHS else 0


def age(born: date, on: date) -> int:
    """Whole years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def password(text: str, *, context: Iterable[str] = ()) -> str:
    """The password, if it may be set. `context`: the person's name, e-mail, phone and the hospital's name."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise BadInput("password", "too_long", f"at most {PASSWORD_LENGTH[-1]} characters")
    normalised = normal(text)
    if len(normalised) not in PASSWORD_LENGTH:
        problem = "too_short" if len(normalised) < PASSWORD_LENGTH[0] else "too_long"
        raise BadInput("password", problem, f"{PASSWORD_LENGTH[0]} to {PASSWORD_LENGTH[-1]} characters")
    folded = normalised.casefold()
    if folded in common_passwords():
        raise BadInput("password", "common", "one of the first that a thief tries")
    if _own_characters(folded, context) < OWN_CHARACTERS:
        raise BadInput("password", "personal", "made of your own name, e-mail or phone, or the hospital's name")
    return text


@cache
def common_passwords() -> frozenset[str]:
    """The passwords that people choose most, of those long enough to be asked about."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # half a megabyte, read when first needed

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= PASSWORD_LENGTH[0])


def _clean(field: str, text: str, limit: int = MAX_TEXT) -> str:
    """One line in NFC: white space folded, marks of direction and other invisible characters taken out."""
    shown = "".join(character for character in text[: 8 * limit].translate(_BLANK) if not _is_format(character))
    cleaned = unicodedata.normalize("NFC", " ".join(shown.split()))
    if not cleaned:
        raise BadInput(field, "empty")
    kinds = [unicodedata.category(character) for character in cleaned]
    if {"Cc", "Cs"} & set(kinds) or PILE in "".join(kind[0] for kind in kinds):
        raise BadInput(field, "bad_characters")
    if len(cleaned) > limit:
        raise BadInput(field, "too_long", f"at most {limit} characters")
    return cleaned


def _is_format(character: str) -> bool:
    return unicodedata.category(character) == "Cf"


def _own_characters(password: str, context: Iterable[str]) -> int:
    for word in sorted(set(_words(context)), key=len, reverse=True):
        password = password.replace(word, "")
    return len(password)


def _words(context: Iterable[str]) -> Iterator[str]:
    """Of four letters or more: each fact, its words, these run together, and the end of a telephone number."""
    for fact in context:
        folded = normal(fact).casefold()
        words = re.findall(r"[^\W_]+", folded)
        for word in (folded, *words, "".join(words), *(run[-7:] for run in words if run.isdecimal())):
            if len(word) >= 4:
                yield word
