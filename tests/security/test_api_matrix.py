"""Who may do what over HTTP. Every route has a row, for every kind of actor; one that has none breaks the build, and so
does one that answers otherwise.

A resource is the caller's own, another's, or nobody's: the last two are never told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_type_hints

import pytest
from fastapi.routing import iter_route_contexts
from httpx import Response

from tests.api.conftest import Person, Service, serving
from tests.hospital import Hospital

ACTORS = ("nobody", "user", "patient", "proven patient", "doctor", "proven doctor", "admin", "proven admin")
ALL = dict.fromkeys(ACTORS, "yes")
LOGGED_IN = ALL | {"nobody": "401"}


def only(*allowed: str, proof: str = "") -> dict[str, str]:
    """For these kinds of actors; `proof` is who could have it after a code."""
    rest = {actor: "yes" if actor in allowed else "403" for actor in ACTORS}
    return rest | {"nobody": "401"} | ({proof: "code"} if proof else {})


PATIENTS = only("patient", "proven patient")

ROUTES: dict[str, dict[str, str]] = {
    "GET /health": ALL,
    "GET /ready": ALL,
    "GET /metrics": ALL,  # from this machine; tests/security/test_api_guards.py asks from others
    "POST /users/register": ALL,
    "POST /users/verify": ALL,
    "POST /login": ALL,
    "POST /login/otp/request": LOGGED_IN,
    "POST /login/otp": LOGGED_IN,
    "POST /logout": LOGGED_IN,
    "GET /specializations": ALL,
    "GET /doctors": ALL,
    "GET /doctors/{doctor_id}/availability": ALL,
    "GET /doctors/me/schedule": only("proven doctor", proof="doctor"),
    "POST /patients/register": only("user") | {"patient": "409", "proven patient": "409"},
    "GET /patients/me/records": only("proven patient", proof="patient"),
    "GET /appointments": PATIENTS,
    "POST /appointments/submit": PATIENTS,
    "POST /appointments/{appointment_id}/cancel": PATIENTS,
    "POST /appointments/{appointment_id}/move": PATIENTS,
    "GET /appointments/{appointment_id}.ics": PATIENTS,
}

FOREIGN: dict[str, str] = {
    "POST /patients/register": "403",
    "POST /appointments/submit": "403",
    "POST /appointments/{appointment_id}/cancel": "404",
    "POST /appointments/{appointment_id}/move": "404",
    "GET /appointments/{appointment_id}.ics": "404",
}
"""What a patient hears who names what is another's, and who names what is nobody's. Other routes name nothing that
belongs to anybody."""


@dataclass
class Stage:
    """One of everybody, and a visit of one patient."""

    service: Service

    def __post_init__(self) -> None:
        self.osei = self.service.doctor()
        self.other = self.service.patient("Other")
        self.visit = int(self.other.books(self.osei.doctor_id).json()["appointment_id"])

    def actor(self, kind: str) -> tuple[Person | None, str]:
        """A fresh person of this kind, and their token."""
        if kind == "nobody":
            return None, ""
        role = kind.removeprefix("proven ")
        made: dict[str, Callable[[], Person]] = {
            "user": self.service.user,
            "patient": self.service.patient,
            "doctor": self.service.doctor,
            "admin": lambda: self.service.user("Root", "admin"),
        }
        person = made[role]()
        return person, self.service.token_of(person, proven=kind != role)

    def asks(self, route: str, who: Person | None, token: str, *, resource: str = "own") -> Response:
        """A well-formed request to the route, about the actor's own things, another's, or nobody's."""
        method, path = route.split(" ")
        others = {"foreign": self._ids(self.other, self.visit), "none": self._ids(None, 4711)}
        ids = others.get(resource) or self._own(who)
        path = path.format(**ids, doctor_id=self.osei.doctor_id)
        if method == "GET":
            return self.service.get(path, token=token)
        return self.service.post(path, self._body(path, ids), token=token)

    def _own(self, who: Person | None) -> dict[str, int]:
        visit = 0
        if who and who.patient_id:
            visit = int(self.service.hospital.book(who.patient_id, self.osei.doctor_id, self._free()).appointment_id)
        return self._ids(who, visit or 4711)

    def _free(self) -> datetime:
        first = self.service.get(f"/doctors/{self.osei.doctor_id}/availability").json()["days"][0]
        return datetime.fromisoformat(f"{first['date']}T{first['times'][-1]}")

    @staticmethod
    def _ids(who: Person | None, visit: int) -> dict[str, int]:
        user_id, patient_id = (who.user_id, who.patient_id or 4711) if who else (4711, 4711)
        return {"user_id": user_id, "patient_id": patient_id, "appointment_id": visit}

    def _body(self, path: str, ids: dict[str, int]) -> dict[str, object] | None:
        when = {"appointment_date": "2026-12-01", "appointment_time": "11:00:00"}
        bodies: dict[str, dict[str, object]] = {
            "/users/register": {"name": "New", "email": "new@example.com", "password": "nine geese fly south"},
            "/users/verify": {"email": "new@example.com", "code": "123456", "registration": "x"},
            "/login": {"email": self.other.email, "password": self.other.password},
            "/login/otp": {"code": "000000"},
            "/patients/register": {"user_id": ids["user_id"], "address": "123 Main St", "phone_number": "+14155552671"},
            "/appointments/submit": {"patient_id": ids["patient_id"], "doctor_id": self.osei.doctor_id, **when},
        }
        return bodies.get(path) or ({**when, "appointment_time": "11:30:00"} if path.endswith("/move") else None)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    hospital = Hospital.build(f"sqlite:///{tmp_path}/hospital.db", max_visits=1000)
    with serving(hospital) as service:
        yield Stage(service)
    hospital.close()


def outcome(answer: Response) -> str:
    """`yes` for whoever came in; what a route then says of a wrong code is its own matter."""
    code = "" if answer.status_code < 400 or "text/plain" in answer.headers["Content-Type"] else answer.json()["code"]
    if code in {"", "wrong_code", "code_spent", "wait_for_code"}:
        return "yes"
    return "code" if code == "code_needed" else str(answer.status_code)


DESCRIPTION = {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"}
"""Pages about the API, for all."""


def routes(stage: Stage) -> dict[str, Callable[..., object]]:
    """Every route that is served, described or not, and what answers it."""
    found = iter_route_contexts(stage.service.app.routes)
    return {
        f"{method} {route.path}": route.endpoint
        for route in found
        for method in route.methods or ()
        if route.path not in DESCRIPTION and route.endpoint
    }


def test_every_route_has_a_row(stage: Stage) -> None:
    assert set(routes(stage)) == set(ROUTES)


@pytest.mark.parametrize("kind", ACTORS)
def test_who_may_use_which_route(stage: Stage, kind: str) -> None:
    heard = {}
    for route in ROUTES:
        heard[route] = outcome(stage.asks(route, *stage.actor(kind)))
    assert heard == {route: row[kind] for route, row in ROUTES.items()}


@pytest.mark.parametrize("route", FOREIGN)
def test_anothers_is_answered_as_nobodys(stage: Stage, route: str) -> None:
    who, token = stage.actor("user" if route == "POST /patients/register" else "proven patient")
    foreign, none = (stage.asks(route, who, token, resource=resource) for resource in ("foreign", "none"))
    assert outcome(foreign) == FOREIGN[route]
    assert (foreign.status_code, foreign.content) == (none.status_code, none.content)


def test_every_route_that_names_a_thing_is_tried_with_anothers(stage: Stage) -> None:
    assert {name for name, endpoint in routes(stage).items() if names_a_thing(name, endpoint)} == set(FOREIGN)


def names_a_thing(name: str, endpoint: Callable[..., object]) -> bool:
    fields = getattr(get_type_hints(endpoint).get("body"), "model_fields", {})
    return "{appointment_id}" in name or bool({"user_id", "patient_id"} & set(fields))
