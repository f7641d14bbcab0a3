"""Puts the API together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hospital_bot.api import doctors, people, problems, quotas, records, visits, watch
from hospital_bot.api.desk import Desk
from hospital_bot.api.guards import Guard, Numbers
from hospital_bot.api.problems import Problem, documented
from hospital_bot.api.quotas import Quotas


@dataclass(frozen=True, slots=True)
class Limits:
    """What the hospital may choose."""

    every: str = "600/minute"
    """Requests of one address, and of one user."""
    changes: str = "60/minute"
    """Of these, requests that change something."""
    origins: tuple[str, ...] = ()
    """Web sites whose pages may call the API from a browser."""
    proxies: str = "127.0.0.1"
    """Whose X-Forwarded-For is believed, separated by commas."""
    metrics_token: str = ""
    """Without one, /metrics answers this machine alone."""


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """With the one schema that no route names as its answer: every route's problems."""
        schema = super().openapi()
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= problem.pop("$defs") | {"Problem": problem}
        return schema


def create_api(desk: Desk, limits: Limits | None = None) -> FastAPI:
    """The application, to be served. It holds nothing of one request, so any number of them may run."""
    chosen = limits or Limits()
    app = _Api(
        title=f"{desk.clinic.name}: appointments",
        version="1",
        description="Dates are `2024-09-25`, times `14:00:00`, on the hospital's clock.",
        responses=documented(400, 413, 422, 429, 500, 503),
        dependencies=[Depends(quotas.count_address)],
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.state.quotas = Quotas(desk, every=chosen.every, changes=chosen.changes)
    app.state.numbers = Numbers()
    app.state.metrics_token = chosen.metrics_token
    for router in (watch.router, people.router, doctors.router, visits.router, records.router):
        app.include_router(router)
    problems.install(app)
    _add_layers(app, chosen)
    return app


def _add_layers(app: FastAPI, chosen: Limits) -> None:
    """The last one added is the outermost."""
    app.add_middleware(Guard, quotas=app.state.quotas, numbers=app.state.numbers)
    if chosen.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=chosen.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        )
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=chosen.proxies)
