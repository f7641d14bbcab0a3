from __future__ import annotations

from datetime import timedelta

import bcrypt
import pytest
from sqlalchemy import select, update

from hospital_bot import passwords
from hospital_bot.errors import CodeSpent, NotLoggedIn, WrongCode, WrongCredentials
from hospital_bot.models import AuditEntry, Doctor, TelegramAccount, User
from hospital_bot.services import accounts, doctors, logins, registration, resets
from tests.accounts.conftest import KEYS, Hospital, Person, ann, bob, hashed, hashes, hospital
from tests.accounts.test_registration import other

__all__ = ["ann", "bob", "hashes", "hospital"]


def change(hospital: Hospital, user_id: int, **values: object) -> None:
    hospital.db.run(lambda session: session.execute(update(User).where(User.user_id == user_id).values(values)))


def fails(person: Person, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            person.gives_password("not it")


def test_password_and_mailed_code_log_in(ann: Person) -> None:
    ann.hospital.do(accounts.logout, user_id=ann.user_id, channel=ann.channel)
    assert ann.actor is None

    logged_in = ann.logs_in()

    assert ann.actor == logged_in.actor
    assert (logged_in.actor.proved_at, logged_in.replaced_telegram_id) == (ann.hospital.now, None)


def test_each_step_leaves_the_chat_room_within_ten_statements(ann: Person, bob: Person) -> None:
    """The dispatch needs four of the ten itself; the first of a chat's attempts may need one more."""
    count = ann.hospital.statements
    new = {"name": "Bob", "phone": "+4930123456", "address": "1 Harbour Road", "password_hash": hashed(bob.password)}
    pending = bob.asks_to_register()
    one = {"user_id": pending.user_id, "email": bob.email, "typed": pending.code, "telegram_id": bob.telegram_id}
    ann.gives_password()
    check = {"email": ann.email, "source": ann.channel, "telegram_id": ann.telegram_id, "keys": KEYS}
    two = {"user_id": ann.user_id, "typed": ann.asks_for_code().code, "telegram_id": ann.telegram_id}
    ann.hospital.wait(minutes=2)

    assert count(accounts.actor, telegram_id=ann.telegram_id) == 1
    assert count(registration.confirm_registration, **one, **new, **bob.bound()) == 6
    assert count(registration.register, email="cy@people.example", **ann.bound()) <= 6
    assert count(logins.begin_password, **check) == 3
    assert count(logins.login, **two, **ann.bound()) == 6
    assert count(logins.login_code, user_id=ann.user_id, **ann.bound()) <= 5
    assert count(resets.request_reset, email=ann.email, **ann.bound()) <= 5


def test_unknown_wrong_locked_and_unfinished_people_get_one_answer(ann: Person, bob: Person) -> None:
    def answer(person: Person, password: str) -> tuple[type[Exception], str]:
        with pytest.raises(WrongCredentials) as refused:
            person.gives_password(password)
        return refused.type, str(refused.value)

    stranger = ann.on(telegram_id=666)
    unknown, wrong = answer(bob, "a password"), answer(stranger, "not it")
    fails(stranger, 4)
    locked = answer(stranger, stranger.password)
    bob.asks_to_register()

    assert unknown == wrong == locked == answer(bob, "a password")


def test_everybody_costs_one_hash_known_or_not(ann: Person, bob: Person, hashes: list[bytes]) -> None:
    stranger = ann.on(telegram_id=666)

    fails(stranger, 5)
    assert len(hashes) == 5
    fails(stranger, 1)  # locked by now
    fails(bob, 1)  # unknown
    bob.asks_to_register()
    fails(bob, 1)  # no password yet
    assert hashes[5:] == [passwords.DUMMY.removeprefix("hmac384").encode()] * 3


def test_after_five_wrong_passwords_the_right_one_waits_30_seconds_then_twice_that(ann: Person) -> None:
    stranger = ann.on(telegram_id=666)
    fails(stranger, 5)
    ann.hospital.wait(seconds=29)
    with pytest.raises(WrongCredentials):
        stranger.gives_password()

    ann.hospital.wait(seconds=1)
    fails(stranger, 1)
    ann.hospital.wait(seconds=59)
    with pytest.raises(WrongCredentials):
        stranger.gives_password()

    ann.hospital.wait(seconds=1)
    assert stranger.gives_password() == ann.user_id


def test_a_stranger_cannot_lock_the_owner_out_of_her_own_chat(ann: Person) -> None:
    fails(ann.on(telegram_id=666), 5)

    assert ann.logs_in().actor.user_id == ann.user_id
    with pytest.raises(WrongCredentials):
        ann.on(telegram_id=667).gives_password()


def test_a_right_password_does_not_wipe_out_earlier_failures(ann: Person) -> None:
    stranger = ann.on(telegram_id=666)
    fails(stranger, 4)
    stranger.gives_password()

    fails(stranger, 1)

    with pytest.raises(WrongCredentials):
        stranger.gives_password()


def test_a_login_does(ann: Person) -> None:
    fails(ann, 4)
    ann.logs_in()

    fails(ann, 4)

    assert ann.gives_password() == ann.user_id


def test_wrong_codes_and_wrong_passwords_share_one_count(ann: Person) -> None:
    fails(ann, 3)
    ann.gives_password()
    code = ann.asks_for_code().code or ""
    for _ in range(2):
        with pytest.raises(WrongCode):
            ann.gives_code(other(code))

    with pytest.raises(CodeSpent):
        ann.gives_code(code)
    with pytest.raises(WrongCredentials):
        ann.gives_password()


def test_logging_in_elsewhere_ends_the_session_in_the_old_chat_and_names_it(ann: Person) -> None:
    elsewhere = ann.on(telegram_id=777)

    logged_in = elsewhere.logs_in()

    assert logged_in.replaced_telegram_id == ann.telegram_id
    assert (ann.actor, elsewhere.actor) == (None, logged_in.actor)


def test_a_second_person_in_one_chat_takes_it_over(ann: Person, bob: Person) -> None:
    bob.telegram_id = ann.telegram_id

    bob.registers()

    assert bob.actor is not None
    assert bob.actor.name == "Bob"
    assert ann.hospital.read(select(TelegramAccount.user_id)) == [(bob.user_id,)]


@pytest.mark.parametrize(
    ("role", "life"), [("patient", timedelta(days=30)), ("doctor", timedelta(hours=24)), ("admin", timedelta(hours=24))]
)
def test_sessions_end_by_themselves(ann: Person, role: str, life: timedelta) -> None:
    change(ann.hospital, ann.user_id, role=role)
    ann.logs_in()

    ann.hospital.now += life - timedelta(seconds=1)
    assert ann.actor
    ann.hospital.wait(seconds=1)
    assert ann.actor is None


def test_an_earlier_user_of_the_hospital_logs_in_and_is_verified_by_the_mailed_code(ann: Person) -> None:
    plain = bcrypt.hashpw(ann.password.encode(), bcrypt.gensalt(4)).decode()
    change(ann.hospital, ann.user_id, password=plain, verified_at=None)

    ann.logs_in()

    assert ann.hospital.read(select(User.verified_at)) == [(ann.hospital.now,)]
    assert passwords.needs_rehash(plain)
    ann.hospital.do(logins.set_password_hash, user_id=ann.user_id, stored=plain, password_hash=hashed(ann.password))
    assert ann.gives_password() == ann.user_id


def test_a_hash_renewed_too_late_does_not_undo_a_new_password(ann: Person) -> None:
    plain = bcrypt.hashpw(ann.password.encode(), bcrypt.gensalt(4)).decode()
    change(ann.hospital, ann.user_id, password="the hash of a new password")

    ann.hospital.do(logins.set_password_hash, user_id=ann.user_id, stored=plain, password_hash=hashed(ann.password))

    assert ann.hospital.read(select(User.password)) == [("the hash of a new password",)]


def test_a_doctor_who_left_is_nobody_here(hospital: Hospital) -> None:
    doctor = Person(hospital, "Osei", 503)
    week = {"weekly": {"mon": [["09:00", "12:00"]]}}
    facts = {"name": "Osei", "email": doctor.email, "specialization": "Cardiology", "room": "", "schedule": week}
    doctor.user_id = hospital.do(doctors.add, **facts).user_id
    change(hospital, doctor.user_id, password=hashed(doctor.password))
    assert doctor.logs_in().actor.doctor_id

    hospital.db.run(lambda session: session.execute(update(Doctor).values(active=False)))

    assert doctor.actor is None
    with pytest.raises(WrongCredentials):
        doctor.gives_password()


def test_logging_out_keeps_the_link_and_unlinking_ends_it(ann: Person) -> None:
    ann.hospital.do(accounts.logout, user_id=ann.user_id, channel=ann.channel)
    assert ann.hospital.read(select(TelegramAccount.user_id)) == [(ann.user_id,)]

    ann.hospital.db.run(accounts.unlink, user_id=ann.user_id)

    assert ann.hospital.read(select(TelegramAccount.user_id)) == []


def test_a_person_who_blocks_the_bot_is_marked_until_they_let_it_in(ann: Person) -> None:
    def blocked() -> object:
        return ann.hospital.read(select(TelegramAccount.blocked_at))[0][0]

    ann.hospital.do(accounts.mark_blocked, telegram_id=ann.telegram_id, reachable=False)
    assert blocked() == ann.hospital.now
    ann.hospital.do(accounts.mark_blocked, telegram_id=ann.telegram_id, reachable=True)
    assert blocked() is None


def test_a_changed_password_counts_at_once_and_ends_the_apis_tokens(ann: Person) -> None:
    ann.hospital.do(
        resets.change_password, user_id=ann.user_id, password_hash=hashed("a new one entirely"), channel=ann.channel
    )

    fails(ann, 1)
    assert ann.gives_password("a new one entirely") == ann.user_id
    assert ann.hospital.read(select(User.token_version)) == [(1,)]


def test_every_way_a_login_ends_is_audited(ann: Person) -> None:
    fails(ann, 1)
    ann.gives_password()
    code = ann.asks_for_code().code or ""
    with pytest.raises(WrongCode):
        ann.gives_code(other(code))
    ann.gives_code(code)

    trail = ann.hospital.read(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.audit_id))
    assert trail[1:] == [("login.password", "wrong_credentials"), ("login.code", "wrong_code"), ("login", "ok")]


def test_nobody_can_be_asked_for_a_code(hospital: Hospital) -> None:
    facts = {"user_id": 12, "channel": "tg:1", "keys": KEYS}

    with pytest.raises(NotLoggedIn):
        hospital.do(logins.login_code, **facts)
    with pytest.raises(NotLoggedIn):
        hospital.do(logins.login, typed="123456", telegram_id=1, **facts)
