"""Who asks: the owner of a bearer token, looked up again for every request, in the transaction that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import uuid4

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hospital_bot.api import quotas, tokens
from hospital_bot.api.desk import Desk, TheDesk, Turn
from hospital_bot.api.tokens import Claims
from hospital_bot.errors import NotAllowed, NotFound, NotLoggedIn
from hospital_bot.services import accounts, denials
from hospital_bot.services.accounts import Actor

T = TypeVar("T")

BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The token that POST /login answers with.")


@dataclass(frozen=True, slots=True)
class Caller:
    desk: Desk
    claims: Claims

    @property
    def channel(self) -> str:
        """What a one-time code is bound to: only the token that asked for it can use it."""
        return f"api:{self.claims.token_id}"

    def run(self, work: Callable[[Turn, Actor], T]) -> T:
        """The work's result after COMMIT. Raises NotLoggedIn when the token was ended meanwhile."""
        return self.desk.run(lambda turn: self._work(turn, work))

    def _work(self, turn: Turn, work: Callable[[Turn, Actor], T]) -> T:
        """What is somebody else's, or nobody's, is refused, and that is written down. Raises Busy for many of them."""
        who = self.who(turn)
        try:
            return work(turn, who)
        except (NotFound, NotAllowed) as refusal:
            turn.do(denials.note, refusal=refusal, actor_id=who.user_id, channel=self.channel)
            raise

    def who(self, turn: Turn) -> Actor:
        claims = self.claims
        proof: dict[str, Any] = {"token_version": claims.token_version, "proved_at": claims.proved_at}
        return turn.do(accounts.bearer, user_id=claims.user_id, **proof)


def request_id() -> str:
    """Names one change of data."""
    return f"api:{uuid4().hex}"


def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    desk: TheDesk,
) -> Caller:
    if credentials is None:
        raise NotLoggedIn
    claims = tokens.read(desk.keys, credentials.credentials, now=desk.clock())
    quotas.count(request, f"user:{claims.user_id}")
    return Caller(desk, claims)


TheCaller = Annotated[Caller, Depends(_caller)]
