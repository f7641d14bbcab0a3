"""A hospital's list of doctors as a CSV file: read, checked, every mistake listed by its line.

Columns: `name,email,specialization,room,slot_minutes,weekly`, in any order, comma or semicolon between them;
`weekly` is a line such as `mon-fri 09:00-13:00 14:00-17:00; sat 09:00-12:00`. A cell is data, whatever it
looks like: nothing here or later calculates a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hospital_bot import people, schedules
from hospital_bot.errors import BadInput, ImportRefused, LineError

MAX_BYTES = 5_000_000
ROOM_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it was typed; `line` counts from 1, the header being the first."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One doctor, checked. `schedule` is what `doctors.availability_schedule` holds."""

    name: str
    email: str
    specialization: str
    room: str
    schedule: Mapping[str, Any]


def specialization(text: str) -> str:
    return people.line("specialization", text)


def room(text: str) -> str:
    """May be left empty."""
    return people.line("room", text, limit=ROOM_LENGTH) if text.strip() else ""


def slot_minutes(text: str) -> int:
    minutes = int(text) if text.strip().isascii() and text.strip().isdecimal() and len(text) < 10 else None
    return schedules.check({"slot_minutes": minutes}).slot_minutes


COLUMNS = {
    "name": people.name,
    "email": people.email,
    "specialization": specialization,
    "room": room,
    "slot_minutes": slot_minutes,
    "weekly": schedules.parse_weekly,
}


def read_csv(path: Path) -> list[Row]:
    """The file's lines, unchecked. Raises ImportRefused when it is no such table at all."""
    text = _text(path)
    header = text.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if sorted(names) != sorted(COLUMNS):
            raise ImportRefused([LineError(1, "", "columns", "expected " + ",".join(COLUMNS))])
        return list(_rows(reader, names))
    except csv.Error as error:
        raise ImportRefused([LineError(reader.line_num, "", "no_csv", str(error))]) from None


def check(rows: Sequence[Row]) -> tuple[list[tuple[int, Entry]], list[LineError]]:
    """The doctors of the right lines, each with its line, and what is wrong with the other lines."""
    entries: list[tuple[int, Entry]] = []
    errors: list[LineError] = []
    lines: dict[str, int] = {}
    for row in rows:
        taken = _take(row, errors)
        email = taken.get("email")
        if email and lines.setdefault(email, row.line) != row.line:
            errors.append(LineError(row.line, "email", "twice", f"also in line {lines[email]}"))
        elif taken.keys() == COLUMNS.keys():
            schedule = {"slot_minutes": taken.pop("slot_minutes"), "weekly": taken.pop("weekly")}
            entries.append((row.line, Entry(**taken, schedule=schedules.check(schedule).to_json())))
    return entries, errors


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise ImportRefused([LineError(1, "", "too_long", f"at most {MAX_BYTES} bytes")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ImportRefused([LineError(line, "", "not_utf8", "save the file as CSV UTF-8")]) from None


def _rows(reader: Any, names: list[str]) -> Iterator[Row]:
    """A cell may hold a line break: a row's line is the one it begins on."""
    line = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield Row(line, dict(zip(names, cells, strict=False)) if len(cells) == len(names) else {})
        line = reader.line_num + 1


def _take(row: Row, errors: list[LineError]) -> dict[str, Any]:
    """Every cell is looked at, so that one run shows all there is to mend."""
    taken: dict[str, Any] = {}
    if not row.cells:
        errors.append(LineError(row.line, "", "cells", f"expected {len(COLUMNS)}"))
    for column, cell in row.cells.items():
        try:
            taken[column] = COLUMNS[column](cell)
        except BadInput as refusal:
            errors.append(LineError(row.line, column, refusal.problem, refusal.detail))
    return taken
