"""What watches the logs of every test: it finds what must not be there, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import logs

ROOT = Path(__file__).parents[2]
SAID = {
    "nothing secret": "print('update 279360001 of chat 100000001 failed: 2026-11-25T22:11:58.704211Z')",
    "a print": "print('mailed to ann@people.example')",
    "a process": "import subprocess; subprocess.run(['echo', 'nine geese fly south'])",
    "a library": "import logging; logging.getLogger('x').warning('Ann Lee has a cough')",
    "an event": "import structlog; structlog.get_logger().info('step', token='eyJhbGciOiJIUzI1NiJ9.x')",
    "an event that the test catches": (
        "import structlog\n    from structlog.testing import capture_logs\n"
        "    with capture_logs(): structlog.get_logger().info('x', url='/bot7000000001:AAcanaryCanaryCanaryCanary')"
    ),
    "a code": (
        "from hospital_bot.keys import Keys\n    from hospital_bot.services import otp\n"
        "    otp._digest(Keys.derive('k' * 40), 1, 'login', 'tg:1', '704211'); print('code 704211')"
    ),
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of a suite whose tests do this."""
    folder = tmp_path_factory.mktemp("suite")
    steps = "\n".join(f"def test_{number}():\n    {step}" for number, step in enumerate(SAID.values()))
    (folder / "test_it.py").write_text(f"{steps}\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "tests.logs", "-p", "no:cacheprovider", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True).stdout


@pytest.mark.parametrize("way", SAID)
def test_a_test_fails_when_it_lets_a_secret_into_its_output_and_only_then(suite: str, way: str) -> None:
    number = list(SAID).index(way)

    assert (f"test_it.py::test_{number} let into its output" in suite) == (way != "nothing secret")
    assert f"{len(SAID) - 1} errors" in suite or f"{len(SAID) - 1} failed" in suite, suite


@pytest.mark.parametrize("what", logs.NEVER)
def test_the_invented_peoples_facts_are_known(what: str) -> None:
    """Without this a mistyped pattern would watch for nothing."""
    said = (
        "7000000001:AAcanaryCanaryCanaryCanary eyJhbGciOiJIUzI1NiJ9. an invented secret of more nine geese fly south"
        " $2b$12$ JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP ann@people.example 1 Harbour Road +4930123456 Ann Lee, a cough"
    )

    assert any(each.startswith(what) for each in logs.leaks(said))
    assert logs.leaks("step_failed update_id=279360001 error=ValueError") == []
