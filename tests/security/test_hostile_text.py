"""Whatever a person calls themselves or types is kept as it is, shown as it is, and does nothing; or it is refused."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from hospital_bot.simulator.phone import Phone
from hospital_bot.telegram import pace
from tests.chat.conftest import PASSWORD, Hospital, chat_of, email_of, opened
from tests.chat.practice import deliver, visit
from tests.chat.test_beside_the_api import upgraded
from tests.clock import Clock
from tests.data.databases import rows

NAMES = [
    "<b>Ann</b>",
    "</code></b></a>",
    '<a href="tg://user?id=1">Ann</a>',
    "&lt;&amp;&#x41;",
    "*Ann* _Lee_ [x](tg://user?id=1) `~>#+-=|{}.!",
    "'; DROP TABLE users; --",
    'Ann" OR "1"="1',
    "{0.__class__} %s %(name)s ${jndi:ldap://x}",
    "=cmd('calc')",
    "Анна Ли",
    "李小龙",
    "علي الحسن",
    "😀 Ann",
    "Zoë Ångström",
]
INVISIBLE = {
    "Ann\u202eeeL": "AnneeL",
    "A\u200bnn": "Ann",
    "\u2066Ann\u2069": "Ann",
    "Ann\nLee": "Ann Lee",
    "  Ann ": "Ann",
}
"""Typed, and kept."""
IMPOSSIBLE = ["x" * 5000, "😀" * 2000, "\u200b\u200b", "\u2800", "a" + "\u0301" * 200]


async def registers(hospital: Hospital, name: str, number: int = 0) -> Phone:
    phone = await hospital.phone("Somebody")
    for said in ("/register", name, email_of(f"Person {number}"), "030 901820", "1 Harbour Road, Kiel", PASSWORD):
        await phone.says(said)
    await phone.taps("✅ Confirm")
    await phone.says(hospital.code(f"Person {number}"))
    return phone


@pytest.mark.mariadb
async def test_any_name_and_reason_is_shown_as_it_was_typed_to_the_patient_and_the_doctor(
    mariadb_url: str, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulated Telegram refuses markup that it can't read, as the real one does."""
    monkeypatch.setattr(pace, "PERSON", ())
    upgraded(mariadb_url)
    async with opened(mariadb_url, clock, tmp_path) as hospital:
        doctor = hospital.doctor("Dr. Osei", weekly="mon-sun 08:00-20:00")
        osei = await hospital.staff(doctor)
        await osei.says("/start")
        for number, name in enumerate(NAMES):
            phone = await registers(hospital, name, number)
            assert name in phone.last.text
            visit(hospital, phone, doctor, f"2026-11-20 {13 + number // 2}:{30 * (number % 2):02}", reason=name[::-1])
            await phone.says("/appointments")
            assert "Dr. Osei" in chat_of(phone)
            hospital.clock.turn(minutes=2)
        await deliver(hospital)
        await osei.says("/today")

        shown = chat_of(osei)
        assert [name for name in NAMES if name not in shown] == []
        assert [name for name in NAMES if name[::-1] not in shown] == []
        stored = "SELECT COUNT(*) FROM users WHERE name = :name COLLATE utf8mb4_bin"
        assert [name for name in NAMES if not hospital.scalar(stored, name=unicodedata.normalize("NFC", name))] == []


@pytest.mark.parametrize(("typed", "kept"), INVISIBLE.items())
async def test_what_nobody_can_see_is_dropped_from_a_name(hospital: Hospital, typed: str, kept: str) -> None:
    await registers(hospital, typed)

    assert hospital.scalar("SELECT name FROM users") == kept


@pytest.mark.parametrize("typed", IMPOSSIBLE)
async def test_what_nobody_can_read_is_asked_for_again(hospital: Hospital, typed: str) -> None:
    phone = await hospital.phone()
    await phone.says("/register")
    await phone.says(typed)

    assert "(1 of 5)" in phone.last.text


@pytest.mark.mariadb
async def test_an_address_that_only_looks_like_anothers_is_no_address(
    mariadb_url: str, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the column's collation they are the same; no such address gets as far."""
    monkeypatch.setattr(pace, "PERSON", ())
    upgraded(mariadb_url)
    async with opened(mariadb_url, clock, tmp_path) as hospital:
        await hospital.patient("Ann")
        assert hospital.scalar("SELECT COUNT(*) FROM users WHERE email = 'ánn@people.example'") == 1
        thief = await hospital.phone("Thief")
        await thief.says("/login")
        for alike in ("ánn@people.example", "ａｎｎ@people.example", "\u0430nn@people.example"):
            await thief.says(alike)
            assert thief.last.text.startswith("That does not look like an e-mail address")


@pytest.mark.mariadb
def test_codes_tokens_and_keys_are_compared_byte_by_byte(mariadb_url: str) -> None:
    upgraded(mariadb_url)
    loose = """
        SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND collation_name NOT LIKE '%\\_bin'
        AND column_name IN ('code', 'key', 'totp_secret', 'request_id', 'claim_token', 'channel', 'mac', 'seal')
    """
    assert rows(mariadb_url, loose) == []
