"""The performance table can be printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.mariadb

ROOT = Path(__file__).parents[1]


def test_some_rows_are_measured_and_printed() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "bookings", "rush", "planning"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "bookings a second: the service ÷ raw PyMySQL" in done.stdout
    assert "bookings a second, 10 at once for one doctor" in done.stdout
    assert "— statements: for 200 ÷ for 10" in done.stdout
