"""Users and tokens.

    POST /users/register ──► code by mail ──► POST /users/verify ──► POST /login ──► POST /patients/register
                                                                        │
                                               POST /login/otp/request ─┴─► POST /login/otp: a proven token

Registering stores nothing but the address: name and password wait, sealed by us, in `registration`, which the one
who registers keeps and sends back with the code, and the code is bound to it. So a stranger who registers
somebody's address with a password of their own gains nothing when its owner registers, too, and types a code:
that code opens the account with the owner's own details, or not at all.
"""

from __future__ import annotations

import json
import secrets
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from hospital_bot import passwords, people
from hospital_bot.api import letters, quotas, tokens
from hospital_bot.api.bodies import (
    CodeSent,
    LoginSent,
    MethodSaid,
    PatientSaid,
    PatientSent,
    ProofSent,
    Said,
    TokenSaid,
    UserSaid,
    UserSent,
    VerifiedSaid,
)
from hospital_bot.api.caller import TheCaller
from hospital_bot.api.desk import Desk, TheDesk, Turn
from hospital_bot.api.once import TheRequest
from hospital_bot.api.problems import documented
from hospital_bot.errors import Busy, WrongCode
from hospital_bot.services import accounts, logins, registration, throttles
from hospital_bot.services.accounts import Actor

router = APIRouter(tags=["users"])

CHANNEL = "api"
PREFIX = "api:"


@router.post("/users/register", status_code=201)
def register_user(body: UserSent, request: Request, desk: TheDesk) -> UserSaid:
    """A patient-to-be gives their details; a code goes to the address. Nobody learns whether it has an account."""
    name, email = people.name(body.name), people.email(body.email)
    password = people.password(body.password, context=(name, email, desk.clinic.name))
    channel = PREFIX + secrets.token_hex(16)
    source = quotas.source(request.scope)
    desk.do(throttles.pass_source, source=source)  # before the hash, which costs us more; a code is the asker's
    hashed = desk.slow(partial(passwords.hash_password, password, pepper=desk.keys.pepper))
    pending = desk.do(registration.register, email=email, channel=channel, source="", keys=desk.keys)
    details = {"user_id": pending.user_id, "email": email, "name": name, "password_hash": hashed, "channel": channel}
    desk.mail(*letters.registration(email, desk.clinic.name, pending.code))
    sealed = desk.keys.seal(json.dumps(details))
    return UserSaid(msg="A code was sent to the e-mail address", user_id=pending.user_id, registration=sealed)


@router.post("/users/verify", responses=documented(403))
def verify_user(body: CodeSent, desk: TheDesk) -> VerifiedSaid:
    """The code came back, with the registration it belongs to: the account is opened."""
    details = _unsealed(desk, body.registration)
    if details.get("email") != people.email(body.email):
        raise WrongCode
    desk.do(registration.confirm_user, typed=body.code, keys=desk.keys, **details)
    return VerifiedSaid(msg="User successfully verified", user_id=details["user_id"])


def _unsealed(desk: Desk, sealed: str) -> dict[str, Any]:
    """Empty for what we have not sealed."""
    details: dict[str, Any] = json.loads(desk.keys.unseal(sealed) or "{}")
    return details


@router.post("/login", responses=documented(401))
def log_in(body: LoginSent, request: Request, desk: TheDesk) -> TokenSaid:
    """A token for an hour, good for booking; health data need a code on top."""
    email, source = people.email(body.email), quotas.source(request.scope)
    check = desk.do(logins.begin_password, email=email, source=source, telegram_id=None, keys=desk.keys)
    pepper = desk.keys.pepper
    try:
        correct = desk.slow(partial(passwords.matches, body.password, check.stored, pepper=pepper))
    except Busy:
        desk.do(logins.shed_password, check=check)
        raise
    user_id = desk.do(logins.finish_password, check=check, correct=correct, channel=CHANNEL)
    if passwords.needs_rehash(check.stored):
        hashed = desk.slow(partial(passwords.hash_password, body.password, pepper=pepper))
        desk.do(logins.set_password_hash, user_id=user_id, stored=check.stored, password_hash=hashed)
    facts = {"user_id": user_id, "token_version": check.token_version}
    token = tokens.issue(desk.keys, **facts, proved_at=None, now=desk.clock())
    return TokenSaid(msg="Login successful", token=token)


@router.post("/login/otp/request", responses=documented(401))
def ask_for_code(caller: TheCaller) -> MethodSaid:
    """A code by mail, good with this token alone; or none, where the authenticator app has one."""

    def challenge(turn: Turn, who: Actor) -> logins.Challenge:
        return turn.do(logins.login_code, user_id=who.user_id, channel=caller.channel, keys=caller.desk.keys)

    asked = caller.run(challenge)
    if asked.code is None:
        return MethodSaid(msg="Enter the code that the authenticator app shows", method=asked.method)
    caller.desk.mail(*letters.login(asked.email, caller.desk.clinic.name, asked.code))
    return MethodSaid(msg="A code was sent to the e-mail address", method=asked.method)


@router.post("/login/otp", responses=documented(401, 403))
def prove(body: ProofSent, caller: TheCaller) -> TokenSaid:
    """A token for a quarter of an hour that opens health data."""
    keys = caller.desk.keys

    def step_up(turn: Turn, who: Actor) -> str:
        turn.do(logins.step_up, user_id=who.user_id, typed=body.code, channel=caller.channel, keys=keys)
        version = caller.claims.token_version
        return tokens.issue(keys, user_id=who.user_id, token_version=version, proved_at=turn.now, now=turn.now)

    return TokenSaid(msg="Login successful", token=caller.run(step_up))


@router.post("/logout", responses=documented(401))
def log_out(caller: TheCaller) -> Said:
    """Ends every token of this user; the chat stays logged in."""
    caller.run(lambda turn, who: turn.do(accounts.end_tokens, user_id=who.user_id, channel=CHANNEL))
    return Said(msg="Logout successful")


@router.post(
    "/patients/register",
    status_code=201,
    tags=["patients"],
    responses=documented(401, 403, 409),
    response_model=PatientSaid,
)
def register_patient(body: PatientSent, request: TheRequest) -> PatientSaid | JSONResponse:
    """The caller becomes a patient: with no other `user_id` than their own."""
    phone = people.given_phone(body.phone_number, region=request.desk.clinic.region)
    facts = {"user_id": body.user_id, "address": people.address(body.address), "phone": phone, "channel": CHANNEL}

    def register(turn: Turn, who: Actor) -> PatientSaid:
        patient_id = turn.do(registration.register_patient, actor=who, **facts)
        return PatientSaid(msg="User successfully registered as a patient", patient_id=patient_id)

    return request.once(register, body, 201)
