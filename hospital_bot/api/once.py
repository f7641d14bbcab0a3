"""A request that may come twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from hospital_bot.api.caller import Caller, TheCaller
from hospital_bot.api.desk import Desk, Turn
from hospital_bot.services.accounts import Actor

Said = TypeVar("Said", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Repeatable:
    caller: Caller
    place: str

    @property
    def desk(self) -> Desk:
        return self.caller.desk

    def once(self, work: Callable[[Turn, Actor], Said], body: BaseModel | None, status: int) -> Said:  # noqa: ARG002
        return self.caller.run(work)


def _repeatable(request: Request, caller: TheCaller) -> Repeatable:
    return Repeatable(caller, f"{request.method} {request.url.path}")


TheRequest = Annotated[Repeatable, Depends(_repeatable)]
