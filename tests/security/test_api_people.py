"""Who one is: registering, passwords, codes; and what a stranger learns of it."""

from __future__ import annotations

import json
import os
import statistics
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from time import process_time
from typing import Any

import bcrypt
import pytest
from httpx import Response

from hospital_bot import passwords
from hospital_bot.errors import Busy
from hospital_bot.gate import Gate
from hospital_bot.services import resets, totp
from tests.api.conftest import KEYS, PASSWORD, Person, Service

EMAIL = "ann@example.com"
DETAILS = {"name": "Ann Lee", "email": EMAIL, "password": PASSWORD}


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every hash that a password is checked against: the time an answer takes, with no clock."""
    seen: list[bytes] = []
    check = bcrypt.checkpw

    def counted(secret: bytes, stored: bytes) -> bool:
        seen.append(stored)
        return check(secret, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return seen


def verifies(service: Service, begun: Response, code: str, email: str = EMAIL) -> Response:
    return service.post("/users/verify", {"email": email, "code": code, "registration": begun.json()["registration"]})


def test_registering_stores_nothing_but_the_address_until_the_code_comes(service: Service) -> None:
    begun = service.post("/users/register", DETAILS)
    with service.hospital.db.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT name, email, password, verified_at FROM users").one()
    assert tuple(row) == ("", EMAIL, "!", None)
    assert verifies(service, begun, service.code()).status_code == 200
    assert service.post("/login", {"email": EMAIL, "password": PASSWORD}).status_code == 200


def test_a_role_can_not_be_asked_for(service: Service) -> None:
    answer = service.post("/users/register", DETAILS | {"role": "admin"})
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "role")


def test_a_strangers_registration_does_not_take_the_owners_code(service: Service) -> None:
    """The stranger asks first, with a password of their own, then the owner of the address registers, too."""
    theirs = service.post("/users/register", DETAILS | {"password": "a strangers own password"})
    old = service.code()
    service.hospital.later(minutes=1)
    own = service.post("/users/register", DETAILS)
    assert verifies(service, own, old).json()["code"] == "wrong_code"
    assert verifies(service, theirs, service.code()).json()["code"] == "code_spent"

    assert verifies(service, own, service.code()).status_code == 200
    stranger = service.post("/login", {"email": EMAIL, "password": "a strangers own password"})
    assert stranger.status_code == 401


def test_a_code_that_a_stranger_caused_opens_nothing_for_the_owner(service: Service) -> None:
    own = service.post("/users/register", DETAILS)
    service.hospital.later(minutes=1)
    service.post("/users/register", DETAILS | {"password": "a strangers own password"})
    assert verifies(service, own, service.code()).status_code == 403
    assert service.post("/login", {"email": EMAIL, "password": "a strangers own password"}).status_code == 401


@pytest.mark.parametrize("sealed", ["", "x", "gAAAAA" + "A" * 200])
def test_a_registration_that_is_not_ours_is_a_wrong_code(service: Service, sealed: str) -> None:
    body = {"email": EMAIL, "code": "123456", "registration": sealed}
    assert service.post("/users/verify", body).json()["code"] == "wrong_code"


def test_a_registration_is_good_for_its_own_address_alone(service: Service) -> None:
    begun = service.post("/users/register", DETAILS)
    assert verifies(service, begun, service.code(), "bob@example.com").status_code == 403


def test_five_wrong_codes_are_all_that_is_tried(service: Service) -> None:
    begun = service.post("/users/register", DETAILS)
    right = service.code()
    wrong = "000000" if right != "000000" else "111111"
    codes = [verifies(service, begun, wrong).json()["code"] for _ in range(6)]
    assert codes == ["wrong_code"] * 5 + ["code_spent"]
    assert verifies(service, begun, right).json()["code"] == "code_spent"


def shape(answer: Response) -> Any:
    """What of an answer can tell one case from another: all but random bytes and the date."""
    body = answer.json()
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, body | {name: len(body[name]) for name in ("registration",) if name in body}


def test_registering_a_known_address_looks_like_registering_a_new_one(service: Service) -> None:
    ann = service.user()
    known = service.post("/users/register", DETAILS | {"email": ann.email})
    hint = service.mails[-1]
    new = service.post("/users/register", DETAILS | {"email": "person9@example.org"})
    assert known.json()["user_id"] + 1 == new.json()["user_id"]
    assert shape(known)[:2] == shape(new)[:2]
    assert hint[:2] == (ann.email, "You have an account at Invented Hospital")
    again = [service.post("/users/register", DETAILS | {"email": mail}) for mail in (ann.email, "person9@example.org")]
    assert shape(again[0]) == shape(again[1])


def test_no_code_opens_a_second_account_for_a_known_address(service: Service) -> None:
    ann = service.user()
    begun = service.post("/users/register", DETAILS | {"email": ann.email})
    service.hospital.sql("UPDATE otp_codes SET code = :code", code=_digest(begun, "123456"))
    assert verifies(service, begun, "123456", ann.email).json()["code"] == "wrong_code"
    assert service.post("/login", {"email": ann.email, "password": PASSWORD}).status_code == 200


def test_an_address_whose_account_is_gone_can_register_again(service: Service) -> None:
    ann = service.user()
    service.post("/users/register", DETAILS | {"email": ann.email})
    service.hospital.sql("DELETE FROM users WHERE user_id = :id", id=ann.user_id)
    service.hospital.later(minutes=1)
    begun = service.post("/users/register", DETAILS | {"email": ann.email})
    assert verifies(service, begun, service.code(), ann.email).status_code == 200


def _digest(begun: Response, code: str) -> str:
    """As if the code that nobody was mailed had been guessed."""
    details = json.loads(KEYS.unseal(begun.json()["registration"]) or "")
    return KEYS.codes.digest(details["user_id"], "verify", details["channel"], code)


def strangers(service: Service) -> dict[str, Person]:
    """Whose password is typed, and why it doesn't work."""
    ann, locked, nobody = service.user(), service.user("Locked"), Person(service, 0, "nobody@example.org", "")
    unset = service.user("Unset")
    service.hospital.sql("UPDATE users SET password = '!' WHERE user_id = :id", id=unset.user_id)
    broken = service.user("Broken")
    service.hospital.sql("UPDATE users SET password = 'hmac384$2b$12$' WHERE user_id = :id", id=broken.user_id)
    for _ in range(5):
        service.post("/login", {"email": locked.email, "password": "wrong"})
    service.hospital.later(minutes=1, seconds=-40)  # the minute of this address is over, the wait of 30 s is not
    return {"wrong": ann, "unknown": nobody, "locked": locked, "without one": unset, "with a broken hash": broken}


@pytest.mark.parametrize("password", ["wrong", "x" * 73, "y" * 1024, "\U0001f600" * 200, "nul\0within"])
def test_every_failed_login_gives_one_answer_after_one_hash(
    service: Service, hashes: list[bytes], password: str
) -> None:
    answers = []
    for person in strangers(service).values():
        hashes.clear()
        answers.append(shape(service.post("/login", {"email": person.email, "password": password})))
        assert len(hashes) == 1
    assert answers[0][0] == 401
    assert answers == [answers[0]] * len(answers)


def test_of_many_parallel_guesses_five_are_looked_at(
    service: Service, hashes: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hospital_bot.services.throttles.SOURCE_LIMIT", 1000)
    ann = service.user()
    stored = service.hospital.scalar("SELECT password FROM users").removeprefix("hmac384").encode()
    body = {"email": ann.email, "password": "wrong"}
    with ThreadPoolExecutor(20) as crowd:
        found = {answer.status_code for answer in crowd.map(lambda _: service.post("/login", body), range(30))}
    assert found <= {401, 429}
    assert hashes.count(stored) == 5
    assert service.post("/login", {"email": ann.email, "password": PASSWORD}).status_code == 401


def test_who_was_asked_to_come_back_in_a_moment_has_not_failed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(_gate: Gate, _work: object) -> None:
        raise Busy

    ann = service.user()
    account = {"email": ann.email, "password": ann.password}
    with monkeypatch.context() as crowded:
        crowded.setattr(Gate, "_submit", is_full)
        answers = [service.post("/login", account) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {429}
    assert service.post("/login", account).status_code == 200


def test_who_was_asked_to_come_back_in_a_moment_has_used_up_no_code(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(_gate: Gate, _work: object) -> None:
        raise Busy

    ann = {"name": "Ann", "email": "ann@people.example", "password": PASSWORD}
    with monkeypatch.context() as crowded:
        crowded.setattr(Gate, "_submit", is_full)
        answers = [service.post("/users/register", ann) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {429}
    assert service.post("/users/register", ann).status_code == 201


def test_who_registers_too_often_costs_no_hash(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    made, make = list[str](), passwords.hash_password

    def counted(text: str, *, pepper: bytes) -> str:
        made.append(text)
        return make(text, pepper=pepper)

    monkeypatch.setattr(passwords, "hash_password", counted)
    people = [{"name": "Ann", "email": f"ann{number}@people.example", "password": PASSWORD} for number in range(25)]
    answers = [service.post("/users/register", person).status_code for person in people]

    assert answers == [201] * 20 + [429] * 5
    assert len(made) == 20


def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = service.patient()
    look = passwords.matches

    def change_meanwhile(text: str, stored: str, *, pepper: bytes) -> bool:
        right = look(text, stored, pepper=pepper)
        new = passwords.hash_password("another fine password", pepper=KEYS.pepper)
        service.hospital.db.run(
            resets.change_password, user_id=ann.user_id, password_hash=new, channel="tg:1", now=service.hospital.now
        )
        return right

    monkeypatch.setattr(passwords, "matches", change_meanwhile)
    answer = service.post("/login", {"email": ann.email, "password": ann.password})

    assert answer.status_code == 200
    assert service.get("/appointments", token=answer.json()["token"]).status_code == 401


def test_a_mail_server_that_says_nothing_keeps_nobody_else_waiting(service: Service) -> None:
    over, crowd = Event(), 40
    service.app.state.desk = replace(service.app.state.desk, send=lambda *_mail: over.wait(20))
    tokens = [service.token_of(service.patient(f"Person {number}")) for number in range(crowd)]
    with ThreadPoolExecutor(crowd + 1) as people:
        asked = [people.submit(service.post, "/login/otp/request", token=token) for token in tokens]
        wait(asked, timeout=5, return_when=FIRST_COMPLETED)
        answer = people.submit(service.get, "/specializations")
        wait([answer], timeout=5)
        was_answered = answer.done()
        over.set()

    assert was_answered
    assert {each.result().json().get("code") for each in asked} == {None, "mail_failed"}


def test_one_address_logs_in_twenty_times_a_minute(service: Service) -> None:
    ann = service.user()
    answers = [service.post("/login", {"email": ann.email, "password": PASSWORD}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.prove
@pytest.mark.dear_passwords
@pytest.mark.skipif("HOSPITAL_PROVE" not in os.environ, reason="takes minutes; the hashes are counted above")
def test_known_and_unknown_people_cost_the_same_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processor's time, all threads together: other programs on the machine don't count."""
    monkeypatch.setattr("hospital_bot.services.throttles.SOURCE_LIMIT", 10**9)
    ann = service.user()
    sql = "UPDATE users SET password = 'hmac384$2b$12$FrncldM1eLGqXYp6ofxy.eEgQH6XrSEz1.QR.P7XFYE.IdcciIdDy'"
    service.hospital.sql(sql)
    seconds: dict[str, list[float]] = {ann.email: [], "nobody@example.org": []}
    for _ in range(100):
        for email, taken in seconds.items():
            service.hospital.later(hours=2)
            begun = process_time()
            service.post("/login", {"email": email, "password": "wrong"})
            taken.append(process_time() - begun)
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    assert abs(known - unknown) / unknown < 0.05


def test_a_code_is_good_with_the_token_that_asked_for_it(service: Service) -> None:
    ann = service.patient()
    asking, other = ann.logs_in(), ann.logs_in()
    service.post("/login/otp/request", token=asking)
    assert service.post("/login/otp", {"code": service.code()}, token=other).status_code == 403
    assert service.post("/login/otp", {"code": service.code()}, token=asking).status_code == 200


def test_the_mail_warns_the_owner_of_a_password_that_somebody_else_knows(service: Service) -> None:
    service.post("/login/otp/request", token=service.patient().logs_in())
    after_the_password = service.mails[-1][2]
    service.post("/users/register", DETAILS)
    before_any_account = service.mails[-1][2]

    assert "somebody knows your password" in after_the_password
    assert "nothing needs to be done" not in after_the_password
    assert "somebody else typed your address: nothing needs to be done" in before_any_account


def test_a_code_works_once(service: Service) -> None:
    ann = service.patient()
    token = ann.logs_in()
    ann.proves(token)
    assert service.post("/login/otp", {"code": service.code()}, token=token).json()["code"] == "code_spent"


def test_wrong_codes_are_counted_although_they_are_refused(service: Service) -> None:
    token = service.patient().logs_in()
    service.post("/login/otp/request", token=token)
    right = service.code()
    wrong = "000000" if right != "000000" else "111111"
    codes = [service.post("/login/otp", {"code": wrong}, token=token).json()["code"] for _ in range(6)]
    assert codes == ["wrong_code"] * 5 + ["code_spent"]
    assert service.post("/login/otp", {"code": right}, token=token).status_code == 403


def test_another_code_may_be_asked_for_in_a_minute(service: Service) -> None:
    token = service.patient().logs_in()
    service.post("/login/otp/request", token=token)
    answer = service.post("/login/otp/request", token=token)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "wait_for_code", "60")


def test_with_an_authenticator_app_its_code_is_the_proof(service: Service) -> None:
    import pyotp

    ann = service.patient()
    secret = pyotp.random_base32()
    service.hospital.sql("UPDATE users SET totp_secret = :sealed", sealed=KEYS.seal(secret))
    token = ann.logs_in()
    assert service.post("/login/otp/request", token=token).json()["method"] == "app"
    code = pyotp.TOTP(secret).at(service.hospital.now)
    assert (service.mails, totp.WINDOW) == ([], 1)
    assert service.post("/login/otp", {"code": code}, token=token).status_code == 200


def test_a_mail_that_could_not_be_sent_is_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(service.app.state.desk, "send", lambda *_: False)
    answer = service.post("/users/register", DETAILS)
    assert (answer.status_code, answer.json()["code"]) == (503, "mail_failed")


def test_only_ones_own_user_becomes_a_patient(service: Service) -> None:
    ann, bob = service.user(), service.user("Bob")
    body = {"address": "123 Main St", "phone_number": "+14155552671"}
    token = ann.logs_in()
    answers = [
        service.post("/patients/register", body | {"user_id": each}, token=token) for each in (bob.user_id, 4711)
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_a_patient_registers_once(service: Service) -> None:
    ann = service.user()
    body = {"user_id": ann.user_id, "address": "123 Main St", "phone_number": "+14155552671"}
    token = ann.logs_in()
    service.post("/patients/register", body, token=token)
    answer = service.post("/patients/register", body, token=token)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_patient")


def test_a_doctor_does_not_become_a_patient(service: Service) -> None:
    osei = service.doctor()
    body = {"user_id": osei.user_id, "address": "123 Main St", "phone_number": "+14155552671"}
    assert service.post("/patients/register", body, token=osei.logs_in()).status_code == 403


def test_an_old_bare_hash_is_replaced_by_todays(service: Service) -> None:
    ann = service.user()
    bare = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    service.hospital.sql("UPDATE users SET password = :bare", bare=bare)
    ann.logs_in()
    assert service.hospital.scalar("SELECT password FROM users").startswith("hmac384$2b$")
    assert ann.logs_in()
