"""What the conversations about accounts share: ways out of a question, drafts that are gone, codes, arrivals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Any

from handlers import menu, texts
from handlers.area import Step, UnknownButton, link, press
from handlers.screen import Button, Letter, Screen
from handlers.texts import account as words
from handlers.turn import Turn
from hospital_bot import passwords, people
from hospital_bot.errors import BadInput, Refusal
from hospital_bot.services.accounts import Actor

Row = tuple[Button, ...]

FINISHED = ("register", "login", "reset", "invitation", "wanted")
"""What is over when somebody has logged in."""


def leave(back: str) -> Row:
    return (Button(texts.BACK, back), Button(texts.CANCEL, link("menu.cancel")))


def needs(draft: str, gone: str, start: Button) -> Callable[[Step], Step]:
    """The step goes on with a draft; where there is none any more it says so, and offers the beginning."""

    def decorate(step: Step) -> Step:
        @wraps(step)
        def guarded(turn: Turn, *args: Any, **kwargs: Any) -> Screen:
            if draft not in turn.data:
                turn.expect("")
                return Screen(gone, ((start,), (Button(texts.CANCEL, link("menu.cancel")),)))
            return step(turn, *args, **kwargs)

        return guarded

    return decorate


def already(turn: Turn, name: str) -> Screen:
    """Who is logged in needs no account and no login."""
    log_out = (Button(texts.LOG_OUT, link("login.logout")),)
    screen = menu.home(turn, notice=words.already(name))
    return replace(screen, rows=(*screen.rows, log_out))


def arrive(turn: Turn, actor: Actor, greeting: str) -> Screen:
    """Somebody has just logged in: on with what they wanted before, or else to the menu of their role.

    What another person of this chat left half-done is not theirs: a telephone may be a whole ward's.
    """
    wanted = _wanted(turn, actor)
    for draft in FINISHED if turn.data.get("whose") == actor.user_id else menu.DRAFTS:
        turn.drop(draft)
    turn.data["whose"] = actor.user_id
    turn.user = actor
    return replace(_next(turn, wanted, greeting), new=True, commands=actor.role)


def _wanted(turn: Turn, actor: Actor) -> str:
    """What needed the login, unless that is long ago, or another's."""
    wanted = turn.data.get("wanted")
    if not wanted or wanted["whose"] not in {None, actor.user_id}:
        return ""
    return str(wanted["data"]) if turn.now <= datetime.fromisoformat(wanted["until"]) else ""


def _next(turn: Turn, wanted: str, greeting: str) -> Screen:
    if not wanted:
        return menu.home(turn, notice=greeting)
    try:
        screen = press(turn, wanted)
    except UnknownButton:
        return menu.home(turn, notice=greeting)
    except Refusal as refusal:
        return menu.home(turn, notice=texts.noticed(greeting, texts.refused(refusal)))
    return replace(screen, text=texts.noticed(greeting, screen.text))


def mail_code(turn: Turn, to: str, code: str, purpose: str, *, after_password: bool = False) -> None:
    mail(turn, to, words.code_letter(turn.clinic.name, code, purpose, after_password=after_password))


def mail(turn: Turn, to: str, letter: words.Mail, *, regret: str = texts.MAIL_FAILED) -> None:
    """Whoever waits for it hears when it can't be sent: for a hint just as for a code."""
    subject, body = letter
    turn.mail(Letter(to, subject, body, regret))


def phone(turn: Turn, typed: str) -> str:
    """A number, typed or shared; of a shared contact only the person's own. Raises BadInput."""
    if turn.arrival.phone:
        return people.contact_phone(turn.arrival.phone)
    if turn.arrival.kind == "contact":
        raise BadInput("phone", "somebody_elses")
    return people.phone(typed, region=turn.clinic.region)


def new_password(turn: Turn, typed: str, *context: str) -> str:
    """The hash of a password that may be set. Raises BadInput; `context` is what it must not be made of."""
    allowed = people.password(typed, context=(*context, turn.clinic.name))
    return turn.slow(passwords.hash_password, text=allowed, pepper=turn.hospital.keys.pepper)
