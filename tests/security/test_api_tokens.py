"""Bearer tokens: what is not exactly ours, now, opens nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hospital_bot.api import tokens
from hospital_bot.errors import NotLoggedIn
from hospital_bot.keys import Key, Keys
from tests.api.conftest import KEYS, Person, Service
from tests.hospital import NOW

Forge = Callable[[str], str]


def resigned(*, key: bytes = KEYS.tokens, algorithm: str = "HS256", kid: str | None = "", **changed: Any) -> Forge:
    """The same token with these claims changed (None: left out), signed anew by whoever has the key."""

    def forge(token: str) -> str:
        claims = jwt.decode(token, options={"verify_signature": False}) | changed
        header = {"kid": kid or jwt.get_unverified_header(token)["kid"]}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers=header)

    return forge


def rsa_signed(token: str) -> str:
    """Signed with a key of one's own, for a server that would look for the kind of key in the token."""
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return jwt.encode(jwt.decode(token, options={"verify_signature": False}), pem, algorithm="RS256")


def unsigned(token: str) -> str:
    """alg: none."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


FORGED: dict[str, Forge] = {
    "no signature": unsigned,
    "alg none with the signature": lambda token: unsigned(token) + token.split(".")[2],
    "another algorithm": resigned(algorithm="HS512"),
    "a public key's algorithm": rsa_signed,
    "another key": resigned(key=b"another key of at least 32 bytes..."),
    "another key's name": resigned(kid="00000000"),
    "over": resigned(exp=int(NOW.timestamp())),
    "from the future": resigned(iat=int(NOW.timestamp()) + 60, exp=int(NOW.timestamp()) + 600),
    "not yet": resigned(nbf=9_999_999_999),
    "for a year": resigned(exp=int(NOW.timestamp()) + 31_536_000),
    "without an end": resigned(exp=None),
    "without a beginning": resigned(iat=None),
    "without a user": resigned(sub=None),
    "without a name": resigned(jti=None),
    "without a version": resigned(ver=None),
    "a version that is text": resigned(ver="0"),
    "an end that is text": resigned(exp="9999999999"),
    "an end that is endless": resigned(exp=float("inf")),
    "a proof that is text": resigned(otp="yes"),
    "a proof that is true": resigned(otp=True),
    "a user that is a sentence": resigned(sub="1 OR 1=1"),
    "a user in other digits": resigned(sub="١"),
    "a user beyond numbers": resigned(sub="9" * 40),
    "nobody": resigned(sub="4711"),
    "another audience": resigned(aud="another-service"),
    "many audiences": resigned(aud=[tokens.AUDIENCE, "another-service"]),
    "another issuer": resigned(iss="somebody"),
    "an older version": resigned(ver=-1),
    "junk behind": lambda token: token + "x",
    "a fourth part": lambda token: f"{token}.x",
    "half of it": lambda token: token[: len(token) // 2],
    "nothing": lambda token: "",
    "not a token": lambda token: "token",
    "no JSON within": lambda token: "e30.bm8.bm8",
    "a list within": lambda token: "W10.W10.W10",
    "a very long one": lambda token: token + "A" * 40_000,
}


@pytest.mark.filterwarnings("ignore:The HMAC key is 32 bytes")  # for the forger's other algorithm
def test_what_is_not_our_token_is_refused_alike(service: Service) -> None:
    token = service.patient().logs_in()
    told: dict[str, object] = {}
    for name, forge in FORGED.items():
        answer = service.client.get("/appointments", headers={"Authorization": f"Bearer {forge(token)}".strip()})
        told[name] = (answer.status_code, answer.json()["code"], answer.headers["WWW-Authenticate"])
    assert told == dict.fromkeys(FORGED, (401, "not_logged_in", "Bearer"))
    assert service.get("/appointments", token=token).status_code == 200


def test_a_token_of_a_hundred_thousand_characters_never_reaches_a_route(service: Service) -> None:
    answer = service.get("/appointments", token="A" * 100_000)
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer"])
def test_only_the_bearer_scheme_is_read_in_any_case(service: Service, scheme: str) -> None:
    token = service.patient().logs_in()
    answer = service.client.get("/appointments", headers={"Authorization": f"{scheme} {token}"})
    assert answer.status_code == (200 if scheme == "bearer" else 401)


def test_a_token_lasts_an_hour_and_a_proven_one_a_quarter(service: Service) -> None:
    ann = service.patient()
    plain, proven = ann.logs_in(), ann.proves()
    service.hospital.later(minutes=14, seconds=59)
    assert service.get("/patients/me/records", token=proven).status_code == 200
    service.hospital.later(seconds=1)
    assert service.get("/patients/me/records", token=proven).status_code == 401
    service.hospital.later(minutes=44, seconds=59)
    assert service.get("/appointments", token=plain).status_code == 200
    service.hospital.later(seconds=1)
    assert service.get("/appointments", token=plain).status_code == 401


def logs_out(person: Person, token: str) -> None:
    person.service.post("/logout", token=token)


def sets_a_password(person: Person, _token: str) -> None:
    sql = "UPDATE users SET token_version = token_version + 1 WHERE user_id = :id"
    person.service.hospital.sql(sql, id=person.user_id)


def is_deleted(person: Person, _token: str) -> None:
    person.service.hospital.sql("DELETE FROM users WHERE user_id = :id", id=person.user_id)


@pytest.mark.parametrize("event", [logs_out, sets_a_password, is_deleted], ids=lambda event: event.__name__)
def test_a_token_ends_at_once_when_its_user(service: Service, event: Callable[[Person, str], None]) -> None:
    ann = service.patient()
    token, other = ann.logs_in(), ann.logs_in()
    event(ann, token)
    assert [service.get("/appointments", token=each).status_code for each in (token, other)] == [401, 401]


def test_a_doctor_who_has_left_is_out_at_once(service: Service) -> None:
    osei = service.doctor()
    token = osei.proves()
    service.hospital.sql("UPDATE doctors SET active = 0")
    assert service.get("/doctors/me/schedule", token=token).status_code == 401


def test_keys_differ_by_use_and_by_secret() -> None:
    other = Keys.derive("another secret of more than 32 characters")
    assert len({KEYS.tokens, KEYS.requests, KEYS.codes, KEYS.pepper, other.tokens}) == 5


def test_a_token_of_another_key_is_refused() -> None:
    other = replace(KEYS, tokens=Key(b"x" * 32))
    token = tokens.issue(other, user_id=1, token_version=0, proved_at=None, now=NOW)
    with pytest.raises(NotLoggedIn):
        tokens.read(KEYS, token, now=NOW)
