from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from hospital_bot import roster
from hospital_bot.errors import BadInput, CodeSpent, ImportRefused, NotFound
from hospital_bot.models import Doctor, User
from hospital_bot.services import doctors
from tests.accounts.conftest import KEYS, Hospital, Person, hashed

PASSWORD = "rounds begin at seven"
HEADER = "name,email,specialization,room,slot_minutes,weekly"
OSEI = "Dr. Ama Osei,osei@hospital.example,Cardiology,12 B,30,mon-fri 09:00-13:00 14:00-17:00; sat 09:00-12:00"
HALL = "Dr. Ben Hall,hall@hospital.example,Dermatology,,20,tue 08:00-12:00"


def added(hospital: Hospital, email: str = "osei@hospital.example") -> doctors.Added:
    week = {"weekly": {"mon": [["09:00", "12:00"]]}}
    facts = {"name": "Dr. Ama Osei", "specialization": "Cardiology", "room": "12 B", "schedule": week}
    return hospital.do(doctors.add, email=email, **facts)


def imports(hospital: Hospital, folder: Path, text: str | bytes) -> list[doctors.Added]:
    file = folder / "doctors.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return hospital.do(doctors.import_rows, rows=roster.read_csv(file))


def refusal(hospital: Hospital, folder: Path, text: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(ImportRefused) as refused:
        imports(hospital, folder, text)
    return [(error.line, error.column, error.problem) for error in refused.value.errors]


def invites(hospital: Hospital, user_id: int) -> str:
    return hospital.do(doctors.invite, user_id=user_id, keys=KEYS)


def uses(hospital: Hospital, token: str) -> doctors.Invited:
    facts = {"password_hash": hashed(PASSWORD), "channel": "tg:503", "keys": KEYS}
    return hospital.do(doctors.use_invitation, token=token, **facts)


def test_a_doctor_is_added_and_listed(hospital: Hospital) -> None:
    doctor = added(hospital)

    [listed] = hospital.db.run(doctors.list_doctors)
    assert (listed.doctor_id, listed.email, listed.room) == (doctor.doctor_id, "osei@hospital.example", "12 B")
    assert (listed.active, listed.joined) == (True, False)


def test_an_email_is_used_by_one_person(hospital: Hospital, ann: Person) -> None:
    with pytest.raises(BadInput) as refused:
        added(hospital, ann.email)

    assert (refused.value.field, refused.value.problem) == ("email", "taken")
    with pytest.raises(BadInput):
        hospital.do(doctors.add_admin, name="Ann", email=ann.email)


def test_who_registers_a_doctors_address_without_proof_keeps_nobody_out(hospital: Hospital, bob: Person) -> None:
    bob.asks_to_register()

    assert added(hospital, bob.email).email == bob.email


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_file_of_doctors_is_imported(hospital: Hospital, tmp_path: Path, start: str, end: str) -> None:
    done = imports(hospital, tmp_path, start + end.join([HEADER, OSEI, HALL, "", ""]))

    assert [doctor.email for doctor in done] == ["osei@hospital.example", "hall@hospital.example"]
    [(what, schedule)] = hospital.read(
        select(Doctor.specialization, Doctor.availability_schedule).where(Doctor.doctor_id == done[1].doctor_id)
    )
    assert (what, schedule["slot_minutes"], schedule["weekly"]) == ("Dermatology", 20, {"tue": [["08:00", "12:00"]]})


def test_semicolons_and_another_order_are_understood(hospital: Hospital, tmp_path: Path) -> None:
    text = (
        'Weekly;Email;Name;Room;Slot_minutes;Specialization\n"mon 9:00-12:00; sat 9:00-11:00";a@h.example;Ämä;1;15;Eyes'
    )

    [doctor] = imports(hospital, tmp_path, text)

    assert (doctor.name, doctor.email) == ("Ämä", "a@h.example")


def test_every_mistake_is_listed_and_nothing_is_taken(hospital: Hospital, tmp_path: Path, ann: Person) -> None:
    lines = [
        HEADER,
        OSEI,
        " ,not an address,Eyes,1,four,someday",
        "Cy,osei@hospital.example,Eyes,1,30,mon 09:00-12:00",
        "Di,d@h.example,Eyes,1,30",
        f"Ed,{ann.email},Eyes,1,30,mon 09:00-12:00",
        f"Flo,f@h.example,Eyes,{'x' * 65},500,mon 12:00-09:00",
    ]

    found = refusal(hospital, tmp_path, "\n".join(lines))

    assert found == [
        (3, "email", "not_an_address"),
        (3, "name", "empty"),
        (3, "slot_minutes", "slot_minutes"),
        (3, "weekly", "no_hours"),
        (4, "email", "twice"),
        (5, "", "cells"),
        (6, "email", "taken"),
        (7, "room", "too_long"),
        (7, "slot_minutes", "slot_minutes"),
        (7, "weekly", "backwards"),
    ]
    assert hospital.read(select(Doctor.doctor_id)) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", (1, "", "columns")),
        (HEADER, (1, "", "empty")),
        ("name,email\nAnn,a@h.example", (1, "", "columns")),
        (f"{HEADER}\n{OSEI}\n".encode() + b"J\xf6rg,j@h.example,Eyes,1,30,mon 09:00-12:00", (3, "", "not_utf8")),
        (f'{HEADER}\n{OSEI}\n"Jo"e,j@h.example,Eyes,1,30,mon 09:00-12:00', (3, "", "no_csv")),
        (b"x" * 5_000_001, (1, "", "too_long")),
    ],
    ids=["nothing", "no doctors", "columns", "latin-1", "quotes", "huge"],
)
def test_what_is_no_such_file_is_refused(
    hospital: Hospital, tmp_path: Path, content: str | bytes, expected: tuple[int, str, str]
) -> None:
    assert refusal(hospital, tmp_path, content) == [expected]


def test_formulas_are_data(hospital: Hospital, tmp_path: Path) -> None:
    [doctor] = imports(hospital, tmp_path, f"{HEADER}\n=HYPERLINK(A1),a@h.example,@Eyes,+1,30,mon 09:00-12:00")

    assert doctor.name == "=HYPERLINK(A1)"


def test_a_mistake_is_told_in_one_line(hospital: Hospital, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused) as refused:
        imports(hospital, tmp_path, f"{HEADER}\n{OSEI}\n{OSEI}")

    assert [str(error) for error in refused.value.errors] == ["line 3, email: twice (also in line 2)"]


def test_an_invitation_sets_the_password_once(hospital: Hospital) -> None:
    doctor = Person(hospital, "Osei", 503)
    doctor.email, doctor.user_id = "osei@hospital.example", added(hospital).user_id
    doctor.password = PASSWORD
    token = invites(hospital, doctor.user_id)

    assert hospital.do(doctors.accept_invitation, token=token, keys=KEYS).name == "Dr. Ama Osei"
    invited = uses(hospital, token)

    assert (invited.user_id, invited.role) == (doctor.user_id, "doctor")
    assert doctor.logs_in().actor.is_doctor
    with pytest.raises(CodeSpent):
        uses(hospital, token)


def test_an_invitation_fits_a_start_link(hospital: Hospital) -> None:
    token = invites(hospital, added(hospital).user_id)

    assert len(f"i_{token}") <= 64
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def test_an_invitation_lives_for_a_week(hospital: Hospital) -> None:
    token = invites(hospital, added(hospital).user_id)
    hospital.wait(days=6, hours=23, minutes=59)
    assert hospital.do(doctors.accept_invitation, token=token, keys=KEYS)

    hospital.wait(minutes=1)

    with pytest.raises(CodeSpent):
        hospital.do(doctors.accept_invitation, token=token, keys=KEYS)


def test_a_new_invitation_kills_the_old_one(hospital: Hospital) -> None:
    user_id = added(hospital).user_id
    old, new = invites(hospital, user_id), invites(hospital, user_id)

    with pytest.raises(CodeSpent):
        uses(hospital, old)
    assert uses(hospital, new)


@pytest.mark.parametrize("token", ["", "x" * 32, "x" * 5000, "ü" * 32, "\ud800"])
def test_a_made_up_invitation_is_refused(hospital: Hospital, token: str) -> None:
    with pytest.raises(CodeSpent):
        uses(hospital, token)


def test_patients_and_nobody_are_not_invited(hospital: Hospital, ann: Person) -> None:
    for user_id in (ann.user_id, 999):
        with pytest.raises(NotFound):
            invites(hospital, user_id)


def test_an_admin_is_invited_too(hospital: Hospital) -> None:
    user_id = hospital.do(doctors.add_admin, name="Ida", email="ida@hospital.example")

    assert uses(hospital, invites(hospital, user_id)).role == "admin"
    assert hospital.read(select(User.role)) == [("admin",)]
