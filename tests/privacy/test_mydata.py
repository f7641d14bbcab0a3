"""A patient gets a copy of everything, and nobody else does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert, text

from hospital_bot.errors import NotAllowed
from hospital_bot.models import Base, MedicalRecord
from hospital_bot.services import accounts, privacy
from hospital_bot.services.privacy import LEFT_OUT, PARTS
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital
from tests.chat.test_booking import TO_DAYS

SOMEBODY = {"user_id", "patient_id", "doctor_id", "actor_id", "chat_id", "telegram_id"}
SEALED = "a diagnosis nobody should see"


async def told(phone: Phone) -> dict[str, Any]:
    """What the file on the screen holds."""
    tables: dict[str, Any] = json.loads(await phone.downloads(phone.last.document))["tables"]
    return tables


async def booked(hospital: Hospital, name: str, day: str, clock: str) -> Phone:
    phone = await hospital.patient(name)
    await phone.walks(*TO_DAYS, day, clock)
    await phone.says(f"an itching arm of {name}'s")
    await phone.taps("✅ Confirm")
    return phone


async def test_the_copy_holds_everything_about_this_patient_and_nothing_about_others(hospital: Hospital) -> None:
    hospital.doctor()
    await booked(hospital, "Bob", "Mon 23 Nov · 6 free", "10:00")
    ann = await booked(hospital, "Ann", "Mon 23 Nov · 5 free", "11:00")
    seal = hospital.keys.seal
    with hospital.db.engine.begin() as connection:
        facts = {"patient_id": 2, "doctor_id": 1, "diagnosis": seal(SEALED), "description": "written in clear"}
        connection.execute(insert(MedicalRecord).values(**facts))
    await ann.says("/mydata")

    tables = await told(ann)

    assert tables["users"][0]["name"] == "Ann"
    assert tables["appointments"][0]["reason"] == "an itching arm of Ann's"
    assert tables["appointments"][0]["doctor_name"] == "Dr. Osei"
    assert (tables["medical_records"][0]["diagnosis"], tables["medical_records"][0]["description"]) == (
        SEALED,
        "written in clear",
    )
    assert "Bob" not in json.dumps(tables)


async def test_the_copy_is_protected_kept_nowhere_and_written_down(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("/mydata")

    assert ann.last.json["has_protected_content"]
    assert b"my-data" not in hospital.stored()
    assert hospital.scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'export' AND patient_id = 1") == 1


async def test_after_a_quarter_of_an_hour_it_needs_a_fresh_code(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    hospital.clock.turn(minutes=13)
    await ann.says("/mydata")
    assert "fresh code" in ann.last.text

    await ann.says(hospital.code())

    assert (await told(ann))["users"][0]["name"] == "Ann"
    assert hospital.scalar("SELECT proved_at FROM telegram_accounts").startswith("2026-11-20 08:15")


async def test_a_wrong_code_opens_nothing(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    hospital.clock.turn(hours=1)
    await ann.says("/mydata")
    wrong = "111111" if hospital.code() != "111111" else "222222"

    await ann.says(wrong)

    assert ann.last.document is None
    assert "not the code" in ann.last.text


async def test_the_code_of_a_login_is_not_one_for_the_data(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    hospital.clock.turn(hours=1)
    await ann.says("/mydata")

    assert hospital.scalar("SELECT purpose FROM otp_codes ORDER BY otp_id DESC LIMIT 1") == "stepup"


async def test_strangers_and_staff_get_no_copy(hospital: Hospital) -> None:
    doctor = await hospital.staff(hospital.doctor())
    stranger = await hospital.phone("Eve")

    for phone in (doctor, stranger):
        await phone.says("/mydata")
        assert phone.last.document is None


async def test_a_service_that_is_asked_directly_refuses_staff(hospital: Hospital) -> None:
    doctor = await hospital.staff(hospital.doctor())
    actor = hospital.do(accounts.actor, telegram_id=doctor.id)

    with pytest.raises(NotAllowed):
        hospital.do(privacy.export, actor=actor, keys=hospital.keys, channel="x")


def _forgotten(tables: Iterable[Table]) -> set[str]:
    known = {part.table.__tablename__ for part in PARTS} | set(LEFT_OUT)
    return {table.name for table in tables if _names_somebody(table)} - known


def _names_somebody(table: Table) -> bool:
    points = {key.column.table.name for key in table.foreign_keys}
    return bool(points & {"users", "patients"}) or bool(SOMEBODY & set(table.columns.keys()))


def test_every_table_that_names_somebody_is_in_the_copy_or_left_out_for_a_reason() -> None:
    assert _forgotten(Base.metadata.sorted_tables) == set()


def test_a_new_table_would_be_missed() -> None:
    tables = MetaData()
    Table("users", tables, Column("user_id", Integer, primary_key=True))
    diary = Table("diaries", tables, Column("owner", ForeignKey("users.user_id")))

    assert _forgotten([diary]) == {"diaries"}


def test_what_is_withheld_is_there_to_withhold() -> None:
    for part in PARTS:
        columns = set(Base.metadata.tables[part.table.__tablename__].columns.keys())
        assert set(part.withheld) | set(part.sealed) <= columns, part.table


async def test_no_secret_is_in_the_copy(hospital: Hospital) -> None:
    ann = await hospital.patient("Ann")
    await ann.says("/mydata")
    with hospital.db.engine.connect() as connection:
        password, code = connection.execute(
            text("SELECT password, code FROM users JOIN otp_codes USING (user_id)")
        ).one()

    content = json.dumps(await told(ann))

    assert password not in content
    assert code not in content
