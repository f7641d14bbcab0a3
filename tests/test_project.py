"""The project's own files keep the promises that no program would otherwise check."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PINNED = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]

# Written in pieces, so that this file does not name what it forbids.
REGISTRIES = ["py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)", "deb" + r"ian\.org"]
FOLDERS = ["/" + rf"{name}/[\w.-]" for name in ("home", "root", "Users", "work", "tmp/venv")]
FORBIDDEN = re.compile("|".join([*REGISTRIES, *(rf"(?<![\w.~*}}-]){folder}" for folder in FOLDERS)]))


def texts() -> dict[str, str]:
    """Every file that git would commit, by its path, where it is text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="ignore")
        for path in paths
        if path.is_file()
    }


def test_no_file_names_a_package_registry_or_somebodys_folder() -> None:
    found = {name: match.group() for name, text in texts().items() if (match := FORBIDDEN.search(text))}
    assert found == {}


@pytest.mark.parametrize(
    "line",
    ["see " + "/work" + "/main", "cd /" + "home/ann", "from https://py" + "pi.org/simple", '"/' + 'root/.cache"'],
)
def test_such_a_name_would_be_found(line: str) -> None:
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_pinned_package_carries_hashes_and_comes_from_no_named_place(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    entries = "\n".join(lines).replace("\\\n", "").splitlines()

    pinned = re.compile(r"[a-z0-9-]+==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert entries
    assert [entry for entry in entries if not pinned.fullmatch(entry)] == []
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def test_every_folder_of_code_is_a_package_so_that_the_layers_are_checked_in_it() -> None:
    folders = {path.parent for top in ("hospital_bot", "handlers") for path in (ROOT / top).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_what_is_run_is_what_is_tested() -> None:
    runtime, dev = (set(re.findall(r"^\S+==\S+", path.read_text(), re.MULTILINE)) for path in PINNED)
    assert runtime - dev == set()


def test_every_dependency_is_pinned_and_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = PINNED[1].read_text()

    assert [need for need in wanted if not re.search(rf'"{re.escape(need)}",\s+# \S', text)] == []
    names = [re.split(r"[<>=\[ ]", need)[0].lower() for need in wanted]
    assert [name for name in names if not re.search(rf"^{name}==", pinned, re.MULTILINE)] == []


def test_every_make_command_in_the_readme_exists() -> None:
    commands = re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert commands
    assert set(commands) - targets == set()


def test_the_changelog_has_a_place_for_the_next_release() -> None:
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text()
