"""docs/api.md: every command on the page is run as it stands, and answers what the page says it does."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.api.conftest import PASSWORD, Service

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```bash\n(.*?)```\n(?:\n```json\n(.*?)```)?", PAGE, re.DOTALL)


def run(command: str, known: dict[str, str]) -> str:
    environment = {"PATH": "/usr/bin:/bin", "no_proxy": "*", **known}
    done = subprocess.run(["bash", "-euc", command], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def remember(said: dict[str, Any], known: dict[str, str]) -> None:
    """What an answer gives for the commands after it. The second token is the proven one."""
    names = {"user_id", "patient_id", "appointment_id", "registration", "token"} & said.keys()
    known |= {name.upper(): str(said[name]) for name in names - ({"token"} if "TOKEN" in known else set())}
    if "token" in said:
        known["PROVEN"] = said["token"]


def shortened(said: Any, page: Any) -> Any:
    """The answer, with `…` where the page has it."""
    if isinstance(page, str) and page.endswith("…"):
        return page if str(said).startswith(page[:-1]) else said
    if isinstance(page, dict) and isinstance(said, dict):
        return {name: shortened(value, page.get(name)) for name, value in said.items()}
    return said


def test_every_command_of_the_page_does_what_the_page_says(service: Service) -> None:
    known = {"API": str(service.client.base_url).rstrip("/"), "PASSWORD": PASSWORD}
    told = []
    for number, (command, expected) in enumerate(EXAMPLES):
        if number == 1:
            known["DOCTOR_ID"] = str(service.doctor().doctor_id)  # after the first user, who is number 1 on the page
        if "$CODE" in command:
            known["CODE"] = service.code()
        said = run(command, known)
        if not expected:
            assert said.startswith("BEGIN:VCALENDAR")
            continue
        remember(json.loads(said), known)
        told.append((shortened(json.loads(said), json.loads(expected)), json.loads(expected)))
    assert [said for said, _ in told] == [expected for _, expected in told]
    assert len(told) == PAGE.count("```json")


def test_the_page_names_every_route_that_people_use(service: Service) -> None:
    paths = service.get("/openapi.json").json()["paths"]
    plain = re.sub(r"\$[A-Z_]*ID", "{id}", PAGE)
    assert [path for path in paths if re.sub(r"\{.*?\}", "{id}", path) not in plain] == []
