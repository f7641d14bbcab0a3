"""Somebody of the staff looks at many patients: each look is written down, and the many are reported."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from hospital_bot.services import accounts, doctors, insiders, leaving
from hospital_bot.simulator.phone import Phone
from tests.chat.conftest import Hospital
from tests.chat.practice import deliver, heard, visit
from tests.cli.test_cli import Run, run
from tests.data.databases import run as sql

__all__ = ["run"]

LOOK = "INSERT INTO audit_log (happened_at, actor_id, patient_id, action) VALUES {}"
STAFF = "INSERT INTO users (name, email, password, role) VALUES ('Dr. Osei', 'osei@hospital.example', '!', 'doctor')"
ALARM = "Unusually many looks"


async def looks_at(hospital: Hospital, patients: int) -> Phone:
    """Dr. Osei opens the visits of so many patients, within minutes; gives the admin's phone."""
    doctor = hospital.doctor(weekly="mon-sun 00:00-23:30")
    osei = await hospital.staff(doctor)
    admin = hospital.do(doctors.add_admin, name="Nora Lind", email="nora@people.example")
    nora = await hospital.phone("Nora")
    hospital.do(accounts.link, telegram_id=nora.id, user_id=admin, role="admin")
    await nora.says("/start")
    await osei.says("/start")
    for number in range(patients):
        booked = visit(hospital, await hospital.patient(f"P{number}"), doctor, slot(number))
        hospital.clock.turn(minutes=-2)  # which registering took
        await osei.forges(f"doctor.visit:{booked.appointment_id}", osei.last.id)
    return nora


def slot(number: int) -> str:
    return f"2026-11-{23 + number // 40} {number % 40 // 2:02}:{30 * (number % 2):02}"


async def test_the_admin_hears_in_the_morning_who_saw_more_than_thirty_patients_within_an_hour(
    hospital: Hospital,
) -> None:
    nora = await looks_at(hospital, insiders.MANY + 1)
    assert hospital.scalar("SELECT COUNT(DISTINCT patient_id) FROM audit_log WHERE action = 'visit.read'") == 31

    hospital.clock.turn(days=1)
    await deliver(hospital)
    assert heard(nora, f"{ALARM}: please ask why\nDr. Osei: data of 31 patients within an hour") == 1


async def test_thirty_are_nothing_unusual(hospital: Hospital) -> None:
    nora = await looks_at(hospital, insiders.MANY)
    hospital.clock.turn(days=1)
    await deliver(hospital)

    assert heard(nora, ALARM) == 0


def test_the_report_counts_different_patients_in_any_hour(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hospital.db"
    run("db", "upgrade")
    sql(url, STAFF)
    now = "datetime('now', '-{} minutes')"
    for minutes, patient in ((130, 1), (95, 2), (50, 3), (45, 3), (36, 4)):
        sql(url, LOOK.format(f"({now.format(minutes)}, 1, {patient}, 'records.read')"))

    assert run("audit", "report", "--patients", "1").output.splitlines()[-1] == (
        "1 saw the data of more than 1 patients within an hour."
    )
    assert "Dr. Osei  3 patients" in run("audit", "report", "--patients", "2").output
    assert run("audit", "report", "--patients", "3").output.startswith("0 saw")


async def test_whoever_has_left_meanwhile_is_reported_all_the_same(hospital: Hospital) -> None:
    await looks_at(hospital, 1)
    admin = hospital.scalar("SELECT user_id FROM users WHERE role = 'admin'")
    rows = ", ".join(
        f"('{hospital.clock():%Y-%m-%d %H:%M:%S}', {admin}, {patient}, 'patient.find')" for patient in range(1, 40)
    )
    with hospital.db.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(LOOK.format(rows))
    hospital.do(leaving.admin_leaves, user_id=admin)

    (found,) = hospital.do(insiders.report, since=hospital.clock() - timedelta(hours=1))
    assert (found.user_id, found.patients) == (admin, 39)
