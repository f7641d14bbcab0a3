"""An area of the conversation: it registers steps for commands, buttons and typed answers.

    area = Area("book")

    @area.command("book")                  what /book does
    @area.button("time")                   what a button does whose data begins with book.time
    @area.answer("book.reason")            what typed text means while the chat is in that state

A button describes itself, `book.time:12:202611231000`: it needs no memory and works on an old message. Its
arguments are read by the types the step names; what can't be read is an unknown button.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, get_type_hints

from handlers.screen import MAX_DATA, Screen
from handlers.turn import Turn
from hospital_bot.values import Who

Step = Callable[..., Screen]
Run = Callable[[Turn], Screen]


class UnknownButton(Exception):
    """The data of a button that this version never makes: forged, or from long ago."""


Table = dict[str, Run]

commands: Table = {}
buttons: Table = {}
answers: Table = {}
"""What every command, button and state does, in all areas; importing an area fills them."""

secrets: set[str] = set()
"""States in which a password or a code is typed: the dispatcher deletes it from the chat, whatever comes of it."""

keyboards: set[str] = set()
"""States whose question brings a reply keyboard: the dispatcher takes it away when the chat leaves them."""


@dataclass(frozen=True, slots=True)
class Area:
    """`name` begins the data of the area's buttons."""

    name: str

    def command(self, name: str, *, aside: bool = False) -> Callable[[Step], Step]:
        """`/name`; the step takes the whole text when it names that parameter.

        A command leaves what was being asked; one that is `aside` is answered in between, and the question stands.
        """
        return _add(commands, name, _with_text if aside else _leaving)

    def button(self, verb: str) -> Callable[[Step], Step]:
        return _add(buttons, f"{self.name}.{verb}", _with_arguments)

    def answer(self, state: str, *, secret: bool = False, keyboard: bool = False) -> Callable[[Step], Step]:
        """The step takes what was typed when it names `text`. `secret` and `keyboard` are explained above."""
        secrets.update([state] if secret else [])
        keyboards.update([state] if keyboard else [])
        return _add(answers, state, _with_text)


def _add(table: Table, key: str, bind: Callable[[Step], Run]) -> Callable[[Step], Step]:
    def register(step: Step) -> Step:
        if key in table:
            raise ValueError(f"two steps for {key}")
        table[key] = bind(step)
        return step

    return register


def _with_text(step: Step) -> Run:
    if "text" in inspect.signature(step).parameters:
        return lambda turn: step(turn, text=turn.arrival.text)
    return step


def _leaving(step: Step) -> Run:
    run = _with_text(step)

    def leave(turn: Turn) -> Screen:
        turn.expect("")
        return run(turn)

    return leave


def _with_arguments(step: Step) -> Run:
    _, *names = inspect.signature(step).parameters
    hints = get_type_hints(step)
    readers = [READERS[hints[name]] for name in names]

    def run(turn: Turn) -> Screen:
        _, *raw = turn.arrival.text.split(":")
        if len(raw) != len(readers):
            raise UnknownButton
        try:
            arguments = [read(text) for read, text in zip(readers, raw, strict=True)]
        except (ValueError, OverflowError):
            raise UnknownButton from None
        return step(turn, *arguments)

    return run


def _number(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,10}", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def _digits(text: str, length: int) -> str:
    if not re.fullmatch(f"[0-9]{{{length}}}", text, re.ASCII):
        raise ValueError(text)
    return text


def _who(text: str) -> Who:
    return Who(specialization=_number(text[1:])) if text.startswith("s") else Who(_number(text))


READERS: dict[Any, Callable[[str], Any]] = {
    int: _number,
    str: str,
    date: lambda text: datetime.strptime(_digits(text, 8), "%Y%m%d").date(),  # noqa: DTZ007 - a wall date
    datetime: lambda text: datetime.strptime(_digits(text, 12), "%Y%m%d%H%M"),  # noqa: DTZ007 - wall time
    Who: _who,
}


def link(verb: str, *arguments: Any) -> str:
    """The data of a button: `link("book.time", who, start)`. At most 64 bytes, as Telegram wants."""
    data = ":".join((verb, *map(_write, arguments)))
    if len(data.encode()) > MAX_DATA:
        raise ValueError(f"button data too long: {verb}")
    return data


def _write(argument: Any) -> str:
    match argument:
        case datetime():
            return argument.strftime("%Y%m%d%H%M")
        case date():
            return argument.strftime("%Y%m%d")
        case Who(doctor_id=None, specialization=key):
            return f"s{key}"
        case Who(doctor_id=doctor_id):
            return str(doctor_id)
        case _:
            return str(argument)


def verb_of(data: str) -> str:
    return data.partition(":")[0]


def press(turn: Turn, data: str) -> Screen:
    """Do what the button with this data does, or this command: the way on after an answer. Raises UnknownButton."""
    run = commands.get(data[1:]) if data.startswith("/") else buttons.get(verb_of(data))
    if run is None:
        raise UnknownButton
    turn.arrival = replace(turn.arrival, text=data)
    return run(turn)
