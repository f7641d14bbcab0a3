"""A doctor writes the record of a visit.

a visit's page ─► description ─► diagnosis ─► plan ─► summary ─► kept

What is typed is deleted from the chat and waits sealed, for each visit by itself; no message with a record's text is
stored, and none can be forwarded.
"""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import Any

from handlers import account, texts
from handlers.area import Step, link
from handlers.records import area, back_to_visit, one_page
from handlers.screen import Button, Screen
from handlers.texts import records as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput
from hospital_bot.services import records
from hospital_bot.services.records import Note

TO_TODAY = Button(texts.TODAY, link("doctor.today"))
draft_needed = account.needs("record", words.GONE, TO_TODAY)

MOST_WAITING = 20
"""Records half-written, beside the one that is being written."""

PARTS = ("description", "diagnosis", "treatment_plan")

PIECE = 1000
"""Characters of a message that may be a piece of a longer text: Telegram cuts what is longer than a message."""


def of_visit(step: Step) -> Step:
    """The step goes on with the draft of this visit, whatever was begun meanwhile."""

    @wraps(step)
    def turned(turn: Turn, appointment_id: int, *args: Any) -> Screen:
        if (draft := _begun(turn, appointment_id)) is None:
            return Screen(words.GONE, ((TO_TODAY,),))
        _take_up(turn, draft)
        return step(turn, appointment_id, *args)

    return turned


def _drafts(turn: Turn) -> list[dict[str, Any]]:
    return [turn.data.get("record", {}), *turn.data.get("records", [])]


def _begun(turn: Turn, appointment_id: int) -> dict[str, Any] | None:
    return next((draft for draft in _drafts(turn) if draft.get("of") == appointment_id), None)


def _take_up(turn: Turn, draft: dict[str, Any]) -> None:
    """What was written of other visits waits."""
    others = [other for other in _drafts(turn) if len(other) > 1 and other["of"] != draft["of"]]
    turn.data |= {"record": draft, "records": others[:MOST_WAITING]}


@area.button("stop")
def give_up(turn: Turn, appointment_id: int) -> Screen:
    _take_up(turn, {"of": appointment_id})
    turn.drop("record")
    return back_to_visit(turn, appointment_id)


@area.button("write")
def begin(turn: Turn, appointment_id: int) -> Screen:
    """Begin, or go on where it was left."""
    turn.doctor()
    turn.do(records.may_write, actor=turn.logged_in(), appointment_id=appointment_id)
    draft = _begun(turn, appointment_id) or {"of": appointment_id}
    draft.pop("open", None)
    _take_up(turn, draft)
    return _ask(turn, words.LETS_GO_ON if len(draft) > 1 else "")


def _ask(turn: Turn, notice: str = "") -> Screen:
    """More of a part, the next one, or the summary; for nobody but a doctor who is still logged in."""
    turn.doctor()
    turn.expect("record.text")
    draft, part = turn.draft("record"), _missing(turn)
    cancel = (Button(texts.CANCEL, link("menu.cancel")),)
    if "open" in draft:
        done = ((Button(words.THAT_IS_ALL, link("record.all", draft["of"])),),) if draft["open"] in PARTS else ()
        return Screen(notice or words.MORE[draft["open"]], (*done, cancel))
    if part is None:
        return _summary(turn, notice=notice)
    again = ((Button(words.AGAIN, link("record.again", draft["of"])),),) if notice == words.LETS_GO_ON else ()
    return Screen(texts.noticed(notice, words.ASK[part]), ((_past(draft, part),), *again, cancel))


def _past(draft: dict[str, Any], part: str) -> Button:
    """The way past a part that is not typed."""
    if "rejected" in draft:
        return Button(words.TO_FINDINGS, link("record.findings", draft["of"]))
    return Button(words.SKIP, link("record.skip", draft["of"], part))


def _missing(turn: Turn) -> str | None:
    """The next part that has not been asked for."""
    return next((part for part in PARTS if part not in turn.draft("record")), None)


@area.answer("record.text", secret=True)
@draft_needed
def take_part(turn: Turn, text: str) -> Screen:
    """What comes after a piece belongs to the same part; what comes after the summary, to the last. It is shown anew
    before it is kept."""
    draft = turn.draft("record")
    part = draft.get("open") or _missing(turn) or "summary"
    if not text.strip():
        return _ask(turn)
    if part == "diagnosis":
        return _take_diagnosis(turn, text)
    name = part if part in PARTS else PARTS[-1]
    whole = _add(turn, name, text)
    draft["open"] = part
    if part != "summary" and len(text) < PIECE:
        del draft["open"]
    return _ask(turn, "" if whole else words.full(name))


def _take_diagnosis(turn: Turn, text: str) -> Screen:
    """What is too long for one is kept, sealed as the rest: it has gone from the chat."""
    draft = turn.draft("record")
    try:
        note = records.checked(Note(None, text, None))
    except BadInput:
        whole = _add(turn, "rejected", text)
        return _ask(turn, texts.noticed("" if whole else words.full("rejected"), words.TOO_LONG))
    draft["diagnosis"] = turn.hospital.keys.seal(note.diagnosis or "")
    draft.pop("rejected", None)
    return _ask(turn)


def _add(turn: Turn, name: str, text: str) -> bool:
    """Below what was typed before, as much as there is room for; whether that is all of it."""
    joined = "\n".join(filter(None, (_opened(turn, name), text.strip())))
    turn.draft("record")[name] = turn.hospital.keys.seal(joined[: records.MAX_TEXT].rstrip())
    return len(joined) <= records.MAX_TEXT


def _opened(turn: Turn, name: str) -> str | None:
    """What was typed for this part."""
    sealed = turn.draft("record").get(name)
    return turn.hospital.keys.unseal(sealed) if sealed else None


@area.button("findings")
@of_visit
def add_to_findings(turn: Turn, appointment_id: int) -> Screen:  # noqa: ARG001 - of_visit reads it
    """There is room for what was too long for its own part, or for its beginning."""
    turn.doctor()
    rejected = _opened(turn, "rejected")
    turn.draft("record").pop("rejected", None)
    if not rejected:
        return _ask(turn)
    whole = _add(turn, "description", rejected)
    return _ask(turn, words.PUT if whole else words.full("description"))


@area.button("skip")
@of_visit
def skip_part(turn: Turn, appointment_id: int, part: str) -> Screen:  # noqa: ARG001 - of_visit reads it
    if part in PARTS:
        turn.draft("record").setdefault(part, "")
    return _ask(turn)


@area.button("all")
@of_visit
def close_part(turn: Turn, appointment_id: int) -> Screen:  # noqa: ARG001 - of_visit reads it
    turn.draft("record").pop("open", None)
    return replace(_ask(turn), new=True, forget=True)


@area.button("check")
@of_visit
def turn_summary(turn: Turn, appointment_id: int, piece: int) -> Screen:  # noqa: ARG001 - of_visit reads it
    turn.doctor()
    screen = _ask(turn) if _missing(turn) else _summary(turn, piece)
    return replace(screen, new=True, forget=True)


def _summary(turn: Turn, piece: int = 0, notice: str = "") -> Screen:
    note, draft = _note(turn), turn.draft("record")
    turn.expect("record.text")
    draft.pop("open", None)
    of = draft["of"]
    again = Button(words.AGAIN, link("record.again", of))
    if not any((note.description, note.diagnosis, note.treatment_plan)):
        draft.pop(PARTS[-1], None)  # what is typed now is the plan
        return Screen(words.NOTHING_WRITTEN, ((again, Button(texts.CANCEL, link("menu.cancel"))),))
    rows = ((Button(words.CONFIRM, link("record.yes", of)),), (again, Button(texts.CANCEL, link("record.stop", of))))
    text, reading = one_page(words.summary(note), piece, lambda other: link("record.check", of, other))
    text = texts.noticed(notice, text)
    return Screen(text, (*reading, *rows), secret=True, instead=words.SUMMARY_SHOWN_BEFORE)


def _note(turn: Turn) -> Note:
    return Note(*(_opened(turn, part) for part in PARTS))


@area.button("again")
@of_visit
def write_again(turn: Turn, appointment_id: int) -> Screen:
    turn.data["record"] = {"of": appointment_id}
    return replace(_ask(turn), new=True, forget=True)


@area.button("yes")
@of_visit
def confirm(turn: Turn, appointment_id: int) -> Screen:
    """The summary goes from the chat; the record is kept."""
    turn.doctor()
    if "open" in turn.draft("record"):
        return replace(_summary(turn), forget=True)
    facts = {"channel": turn.channel, "keys": turn.hospital.keys}
    try:
        turn.do(records.write, actor=turn.logged_in(), appointment_id=appointment_id, note=_note(turn), **facts)
    except BadInput:
        return replace(_ask(turn), new=True, forget=True)
    turn.drop("record")
    back = (Button(words.TO_VISIT, link("doctor.visit", appointment_id)),)
    return Screen(words.KEPT, (back,), new=True, forget=True)
