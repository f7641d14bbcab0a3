"""A request that may come twice: with an `Idempotency-Key` it is done once, and answered alike for a day.

Source: draft-ietf-httpapi-idempotency-key-header. An answer that a later try may better (409, 429, 5xx) isn't kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from hospital_bot.api import problems
from hospital_bot.api.caller import Caller, TheCaller
from hospital_bot.api.desk import Desk, Turn
from hospital_bot.errors import Refusal
from hospital_bot.services import requests
from hospital_bot.services.accounts import Actor

Said = TypeVar("Said", bound=BaseModel)
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=255, description="Repeat it with the same request only."),
]
PASSING = {409, 429}


@dataclass(frozen=True, slots=True)
class Repeatable:
    caller: Caller
    place: str
    key: str | None

    @property
    def desk(self) -> Desk:
        return self.caller.desk

    def once(self, work: Callable[[Turn, Actor], Said], body: BaseModel | None, status: int) -> Said | JSONResponse:
        """The work's result, or what it was the first time."""
        if self.key is None:
            return self.caller.run(work)
        digest = self.desk.keys.requests.digest
        key = digest("key", self.caller.claims.user_id, self.key)
        asked = json.dumps(body.model_dump(mode="json") if body else None, sort_keys=True)
        fingerprint = digest("body", self.place, asked)

        def again_or_first(turn: Turn, who: Actor) -> Said | requests.Answered:
            done = turn.do(requests.begin, key=key, fingerprint=fingerprint)
            return done or _first(turn, who, work, key, status)

        found = self.caller.run(again_or_first)
        return _repeated(found) if isinstance(found, requests.Answered) else found


def _first(turn: Turn, who: Actor, work: Callable[[Turn, Actor], Said], key: str, status: int) -> Said:
    try:
        said = work(turn, who)
    except Refusal as refusal:
        problem = problems.of(refusal)
        if problem.status_code in PASSING:
            turn.do(requests.forget, key=key)
        else:
            turn.do(requests.finish, key=key, status=problem.status_code, answer=json.loads(bytes(problem.body)))
        raise
    turn.do(requests.finish, key=key, status=status, answer=said.model_dump(mode="json"))
    return said


def _repeated(done: requests.Answered) -> JSONResponse:
    media_type = problems.MEDIA_TYPE if done.status >= 400 else None
    return JSONResponse(done.answer, done.status, {"Idempotent-Replayed": "true"}, media_type)


def _repeatable(request: Request, caller: TheCaller, key: Key = None) -> Repeatable:
    return Repeatable(caller, f"{request.method} {request.url.path}", key)


TheRequest = Annotated[Repeatable, Depends(_repeatable)]
