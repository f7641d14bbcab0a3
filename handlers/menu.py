"""Where everything begins and ends: /start, /help, /cancel, and what to do when nothing fits.

(any state) ── /start ──► menu          a deep link (`?start=d_12`) goes on to its doctor
(any state) ── /cancel ─► menu          drafts and expectations are dropped
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from handlers import texts
from handlers.area import Area, commands, link
from handlers.screen import Button, Screen
from handlers.turn import Turn
from hospital_bot.errors import NotFound, NotLoggedIn, Refusal

area = Area("menu")

deep_links: dict[str, Callable[[Turn, str], Screen]] = {}
"""What `/start <prefix>_<rest>` does, by prefix. Areas add theirs."""

BACK = (Button(texts.MENU, link("menu.home")),)
"""The last row of a page that a command or the menu leads to."""

WANTED = timedelta(minutes=15)
"""How long a button is remembered that needed a login; who logs in later comes for something else."""

UNDER_WAY = (
    "book",
    "wanted",
    "register",
    "login",
    "security",
    "email",
    "reset",
    "invitation",
    "hours",
    "proof",
    "record",
)
"""The drafts that /cancel drops."""

DRAFTS = (*UNDER_WAY, "records")
"""All that somebody left half-done; what waits beside is not dropped by /cancel."""


@area.command("start", aside=True)
def start(turn: Turn, text: str) -> Screen:
    _, _, payload = text.partition(" ")
    prefix, _, rest = payload.strip().partition("_")
    if rest and prefix in deep_links:
        turn.expect("")
        return deep_links[prefix](turn, rest)
    return home(turn)


@area.command("help", aside=True)
def explain(turn: Turn) -> Screen:
    clinic, role = turn.clinic, turn.user.role if turn.user else "stranger"
    return Screen(texts.about(clinic.name, clinic.address, clinic.phone, role), _buttons(turn), new=True)


@area.command("cancel", aside=True)
@area.button("cancel")
def cancel(turn: Turn) -> Screen:
    """Stop whatever is going on; what was booked stays booked."""
    busy = bool(turn.state) or any(name in turn.data for name in UNDER_WAY)
    for name in UNDER_WAY:
        turn.drop(name)
    return home(turn, notice=texts.CANCELLED if busy else texts.NOTHING_TO_CANCEL)


@area.button("home")
def leave(turn: Turn) -> Screen:
    """Back to the menu: nothing is expected any more, and drafts stay where they are."""
    turn.expect("")
    return home(turn)


def home(turn: Turn, notice: str = "") -> Screen:
    """The menu. Drafts and what is expected stay."""
    hello = notice or texts.hello(turn.clinic.name, turn.user.name if turn.user else None)
    return Screen(hello, _buttons(turn), reply=None)


def refused(turn: Turn, refusal: Refusal) -> Screen:
    """What a refusal means, and the way on. What needed a login is gone on with after it."""
    if isinstance(refusal, NotLoggedIn) and (wanted := _wanted(turn)):
        want(turn, wanted, whose=turn.data.get("whose"))
    rows = _buttons(turn)[1:] if isinstance(refusal, NotLoggedIn) else _buttons(turn)
    staff = turn.user is not None and not turn.user.is_patient
    text = texts.STAFF_NOT_FOUND if staff and isinstance(refusal, NotFound) else texts.refused(refusal)
    return Screen(text, rows, new=True)


def want(turn: Turn, data: str, whose: int | None = None) -> None:
    """Go on with this button or command after the login: soon, and `whose` message it was, if somebody's."""
    turn.data["wanted"] = {"data": data, "until": (turn.now + WANTED).isoformat(), "whose": whose}


def _wanted(turn: Turn) -> str:
    """The button that was tapped, or the bare command: nothing else that was typed is kept."""
    if turn.arrival.kind == "tap":
        return turn.arrival.text
    command = re.match(r"/\w+", turn.arrival.text)
    return command.group() if command and command.group()[1:] in commands else ""


def _buttons(turn: Turn) -> tuple[tuple[Button, ...], ...]:
    if turn.user is None:
        return (
            (Button(texts.BOOK, link("book.start")),),
            (Button(texts.LOG_IN, link("login.start")), Button(texts.REGISTER, link("register.start"))),
        )
    return ROLE_BUTTONS[turn.user.role]


SECURITY = Button(texts.SECURITY, link("security.start"))
ROLE_BUTTONS = {
    "patient": (
        (Button(texts.BOOK, link("book.start")),),
        (Button(texts.MY_VISITS, link("visits.list")), Button(texts.MY_RECORDS, link("record.list"))),
        (Button(texts.MY_DETAILS, link("profile.show")), SECURITY),
    ),
    "doctor": (
        (Button(texts.TODAY, link("doctor.today")), Button(texts.THIS_WEEK, link("doctor.thisweek"))),
        (Button(texts.LATE, link("late.ask")), Button(texts.REQUESTS, link("approval.list"))),
        (Button(texts.HOURS, link("hours.show")), Button(texts.LEAVE, link("timeoff.list"))),
        (SECURITY,),
    ),
    "admin": (
        (Button(texts.FIND, link("find.start")),),
        (Button(texts.CALLS, link("desk.today")), Button(texts.ABSENCES, link("timeoff.absences"))),
        (SECURITY,),
    ),
}
