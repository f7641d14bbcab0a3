"""For those who keep the service running: is it alive, is it ready, how does it do."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hospital_bot.api.bodies import Health, Ready
from hospital_bot.api.desk import TheDesk
from hospital_bot.api.guards import Numbers
from hospital_bot.api.problems import documented
from hospital_bot.errors import NotAllowed, Unavailable
from hospital_bot.services import health

router = APIRouter(tags=["operations"])


@router.get("/health")
async def alive() -> Health:
    """The process runs and answers; nothing else is looked at."""
    return Health(status="ok")


@router.get("/ready", responses={503: {"model": Ready, "description": "The database is away, or nobody sends"}})
def ready(desk: TheDesk) -> Response:
    """Whether requests can be served, and for how many seconds the oldest due message has been waiting."""
    try:
        lag = desk.do(health.lag)
    except Unavailable:
        return _state(Ready(status="unavailable", database="away", scheduler_lag_seconds=None))
    status = "late" if lag > health.LATE else "ok"
    return _state(Ready(status=status, database="ok", scheduler_lag_seconds=lag.total_seconds()))


def _state(state: Ready) -> Response:
    return JSONResponse(state.model_dump(), 200 if state.status == "ok" else 503)


def _may_look(request: Request) -> None:
    """With the token that was set; without one, from this machine and not through a proxy."""
    expected: str = request.app.state.metrics_token
    if expected:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = hmac.compare_digest(given.encode(), expected.encode())
    else:
        forwarded = {"forwarded", "x-forwarded-for"} & set(request.headers.keys())
        allowed = not forwarded and _is_local(request.client.host if request.client else "")
    if not allowed:
        raise NotAllowed


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@router.get(
    "/metrics",
    response_class=Response,
    responses=documented(403) | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, _allowed: Annotated[None, Depends(_may_look)]) -> Response:
    """Counts and times of requests, for Prometheus; no personal data."""
    numbers: Numbers = request.app.state.numbers
    return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_LATEST)
