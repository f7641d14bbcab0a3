"""What people do, as data: an action's name and JSON details in, how the bot took it out."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError, validate_call

from hospital_bot.simulator.people import Done, Person
from hospital_bot.simulator.refusals import Impossible, Json
from hospital_bot.simulator.telegram import Telegram

ACTIONS: dict[str, Callable[..., Done]] = {
    action.__name__: validate_call(action)
    for action in (
        Person.says,
        Person.starts,
        Person.taps,
        Person.forges,
        Person.presses,
        Person.shares_contact,
        Person.sends,
        Person.edits,
        Person.deletes,
        Person.blocks,
        Person.unblocks,
    )
}


def perform(telegram: Telegram, person_id: int, action: str, details: Json) -> Done:
    """Do what ``Person`` can do, named and filled from JSON. Raises Impossible for anything else."""
    if action not in ACTIONS:
        raise Impossible(f"people can't {action!r}")
    if any("\ud800" <= letter <= "\udfff" for letter in json.dumps(details, ensure_ascii=False)):
        raise Impossible("half of a character can't be sent")
    person = Person(telegram, telegram.user(person_id))
    try:
        return ACTIONS[action](person, **details)
    except ValidationError as error:
        raise Impossible(f"{action}: {error.errors(include_url=False)[0]['msg']}") from error


@dataclass(frozen=True)
class Outcome:
    """How far the bot is with an action. ``toast`` is what its answer to a tap showed: text and show_alert."""

    is_dealt_with: bool
    is_answered: bool
    toast: Json | None = None


def outcome(telegram: Telegram, done: Done) -> Outcome:
    """A tap is answered by answerCallbackQuery, everything else by a message sent or edited in the chat."""
    is_dealt_with = done.update_id is None or not telegram.inbox.holds(done.update_id)
    if done.tap_id is None:
        return Outcome(is_dealt_with, telegram.chat(done.chat_id).answers > done.answers_before)
    answers = telegram.taps[done.tap_id].answers
    return Outcome(is_dealt_with, bool(answers), answers[0] if answers else None)
