"""docs/safety.md names, for every promise and every attack, the tests that show it: those that are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "safety.md"
FOLDERS = ("security", "reliability")

PROMISES = {
    f"{part}{number}" for part, most in (("A", 20), ("B", 10), ("D", 12), ("P", 1)) for number in range(1, most + 1)
}
CASES = {str(number) for number in range(1, 40)}
NAMED = re.compile(r"`(\w+)/(test_\w+\.py)(?:::(test_\w+))?`")

Row = list[str]


def rows() -> Iterator[Row]:
    """The cells of every row: its id, the promise, what was reached, what shows it, by which command."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"", "id"} and not set(cells[0]) <= set(":- "):
            yield cells


@cache
def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_and_every_attack_has_one_row() -> None:
    assert sorted(row[0] for row in rows()) == sorted(PROMISES | CASES)


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: str(row[0]))
def test_a_row_says_what_was_reached_and_names_tests_that_are_there(row: Row) -> None:
    _, promise, reached, shown_by, command = row
    assert promise
    assert reached
    assert command in {"`make test`", "`make prove`"}
    named = NAMED.findall(shown_by)
    assert named
    assert NAMED.sub("", shown_by).replace("<br>", "").strip() == "", "only tests of these two folders are named"
    for folder, file, test in named:
        assert folder in FOLDERS
        assert not test or test in functions_of(ROOT / "tests" / folder / file), f"{file} has no {test}"
        assert (ROOT / "tests" / folder / file).exists(), file
