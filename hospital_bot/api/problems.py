"""Refusals as problem details (RFC 9457) that also carry `msg`, in the words of the contract, and a stable `code`."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hospital_bot import errors
from hospital_bot.api.desk import MailFailed
from hospital_bot.errors import Refusal, Unavailable

MEDIA_TYPE = "application/problem+json"
WAIT = 10
"""Seconds after which to try again, where nobody knows better."""

ANSWERS: dict[type[Exception], tuple[int, str]] = {
    Refusal: (409, "That is not possible now"),
    errors.BadInput: (422, "A value can't be taken"),
    errors.NotLoggedIn: (401, "Log in first"),
    errors.NotAllowed: (403, "Not allowed"),
    errors.CodeNeeded: (403, "Needs a token from POST /login/otp"),
    errors.NotFound: (404, "No such thing"),
    errors.Busy: (429, "Too many requests: wait a moment"),
    errors.AlreadyPatient: (409, "The user is registered as a patient already"),
    errors.KeyReused: (422, "The Idempotency-Key was used for another request"),
    errors.InFlight: (409, "The same request is being answered"),
    errors.WrongCredentials: (401, "Wrong e-mail or password"),
    errors.WrongCode: (403, "Wrong code"),
    errors.CodeSpent: (403, "The code is over: ask for a new one"),
    errors.WaitForCode: (429, "Too early for another code"),
    errors.SlotTaken: (409, "Somebody else has that time"),
    errors.NotOffered: (409, "That time is not offered"),
    errors.TooSoon: (409, "That time is past, or too close"),
    errors.TooFar: (409, "That day is too far ahead"),
    errors.PatientBusy: (409, "The patient has another appointment then"),
    errors.TooManyVisits: (409, "The patient holds as many appointments as allowed"),
    errors.TooLate: (409, "It is too late to change this appointment"),
    Unavailable: (503, "Not available: repeat the same request later"),
    MailFailed: (503, "The mail could not be sent: ask again in a minute"),
}

OF_STATUS = {
    400: ("bad_request", "The request can't be read"),
    401: ("not_logged_in", "Log in first"),
    403: ("not_allowed", "Not allowed"),
    404: ("not_found", "No such thing"),
    405: ("method_not_allowed", "Not this method"),
    409: ("refused", "That is not possible now"),
    413: ("too_long", "The body is too long"),
    422: ("bad_input", "A value can't be taken"),
    429: ("busy", "Too many requests: wait a moment"),
    500: ("broken", "Something broke; it is not your fault"),
    503: ("unavailable", "Not available: repeat the same request later"),
}


class Fault(BaseModel):
    """One value that can't be taken. What it was is not repeated: it may be a secret."""

    field: str = Field(examples=["appointment_date"])
    problem: str = Field(examples=["missing"])
    detail: str = ""


class Problem(BaseModel):
    """Why a request was not done."""

    type: str = Field(examples=["urn:hospital-bot:problem:slot_taken"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    msg: str = Field(examples=["Somebody else has that time"])
    code: str = Field(examples=["slot_taken"])
    faults: list[Fault] | None = None


def answer(status: int, code: str, msg: str, *, faults: Iterable[Fault] = (), wait: int = WAIT) -> JSONResponse:
    found = list(faults)
    problem = Problem(
        type=f"urn:hospital-bot:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        msg=msg,
        code=code,
        faults=found or None,
    )
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = str(wait)
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)


def of_status(status: int, *, faults: Iterable[Fault] = ()) -> JSONResponse:
    code, msg = OF_STATUS.get(status) or OF_STATUS[400]
    return answer(status, code, msg, faults=faults)


def of(error: Exception) -> JSONResponse:
    """The answer to a refusal, or to a database or a mail server that is away."""
    status, msg = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    if isinstance(error, errors.BadInput):
        fault = Fault(field=error.field, problem=error.problem, detail=error.detail)
        return answer(status, error.code, msg, faults=[fault])
    if isinstance(error, errors.WaitForCode):
        return answer(status, error.code, msg, wait=error.seconds)
    return answer(status, getattr(error, "code", "unavailable"), msg)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": OF_STATUS[status][1], "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Every error of the app becomes a problem; none quotes what was sent."""
    for kind in (Refusal, Unavailable, MailFailed):
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    return of(error)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return of_status(422, faults=[_fault(each) for each in found])


def _fault(error: dict[str, Any]) -> Fault:
    place = ".".join(str(part) for part in error["loc"][1:] if isinstance(part, str))
    return Fault(field=place or str(error["loc"][0]), problem=str(error["type"]))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    response = of_status(status)
    response.headers.update(headers or {})
    return response
