"""Medical records in the chat.

/records ─► (a fresh code) ─► one's own records, one by one
a visit's page ─┬─► write: description ─► diagnosis ─► plan ─► summary ─► kept
                └─► the patient's records, one by one

What is typed is deleted from the chat and waits sealed; no message with a record's text is stored, and none can be
forwarded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from handlers import account, doctor, proof, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import records as words
from handlers.turn import Turn
from hospital_bot.errors import BadInput, CodeNeeded
from hospital_bot.services import accounts, records
from hospital_bot.services.records import Note, Record

area = Area("record")
draft_needed = account.needs("record", words.GONE, Button(texts.TODAY, link("doctor.today")))

PARTS = ("description", "diagnosis", "treatment_plan")

Row = tuple[Button, ...]


@area.command("records")
@area.button("list")
def list_own(turn: Turn) -> Screen:
    return show_own(turn, 0, 0)


@area.button("own")
def show_own(turn: Turn, page: int, piece: int) -> Screen:
    """The patient's own, after a code that is not older than a quarter of an hour."""
    page = max(0, page)
    facts = {"channel": turn.channel, "keys": turn.hospital.keys, "size": 1, "within": accounts.FRESH}
    try:
        found, more = turn.do(records.own, actor=turn.logged_in(), page=page, **facts)
    except CodeNeeded:
        return proof.ask(turn, link("record.own", page, piece))
    turning = _turning(page, lambda other: link("record.own", other, 0), words.NEWER, words.OLDER, more=more)
    rows = (*turning, (Button(words.CLOSE, link("record.close")),))
    return _shown(turn, found, piece, lambda other: link("record.own", page, other), rows)


def _turning(at: int, to: Callable[[int], str], back: str, on: str, *, more: bool) -> tuple[Row, ...]:
    former = (Button(back, to(at - 1)),) if at else ()
    following = (Button(on, to(at + 1)),) if more else ()
    return (former + following,) if former or following else ()


def _shown(turn: Turn, found: list[Record], piece: int, to: Callable[[int], str], rows: tuple[Row, ...]) -> Screen:
    """The message before it goes: two of them in the chat would be one too many."""
    tapped = turn.arrival.kind == "tap"
    if not found:
        return Screen(toast=words.NO_RECORDS, alert=True) if tapped else Screen(words.NO_RECORDS)
    text, reading = _page(words.record(found[0], turn.clinic), piece, to)
    return Screen(text, (*reading, *rows), secret=True, forget=tapped, instead=words.SHOWN_BEFORE)


def _page(pages: list[str], piece: int, to: Callable[[int], str]) -> tuple[str, tuple[Row, ...]]:
    """One page of what is too long for a message, and the buttons to its neighbours."""
    piece = min(max(0, piece), len(pages) - 1)
    return pages[piece], _turning(piece, to, words.READ_BACK, words.READ_ON, more=piece < len(pages) - 1)


@area.button("close")
def close(_turn: Turn) -> Screen:
    return Screen(words.CLOSED, new=True, forget=True)


@area.button("of")
def show_patients(turn: Turn, appointment_id: int, page: int, piece: int) -> Screen:
    """What is known of the patient, for the doctor who sees them."""
    turn.doctor()
    page = max(0, page)
    facts = {"channel": turn.channel, "keys": turn.hospital.keys}
    found, more = turn.do(records.of_visit, actor=turn.logged_in(), appointment_id=appointment_id, page=page, **facts)
    turning = _turning(
        page, lambda other: link("record.of", appointment_id, other, 0), words.NEWER, words.OLDER, more=more
    )
    back = (Button(texts.BACK, link("record.back", appointment_id)),)
    return _shown(turn, found, piece, lambda other: link("record.of", appointment_id, page, other), (*turning, back))


@area.button("back")
def back_to_visit(turn: Turn, appointment_id: int) -> Screen:
    """The record goes from the chat; one that is being written stays where it is."""
    return replace(doctor.show_visit(turn, appointment_id), new=True, forget=True)


@area.button("stop")
def give_up(turn: Turn, appointment_id: int) -> Screen:
    turn.drop("record")
    return back_to_visit(turn, appointment_id)


@area.button("write")
def begin(turn: Turn, appointment_id: int) -> Screen:
    """Begin, or go on where it was left."""
    turn.doctor()
    turn.do(records.may_write, actor=turn.logged_in(), appointment_id=appointment_id)
    if turn.draft("record").get("of") != appointment_id:
        turn.data["record"] = {"of": appointment_id}
    return _ask(turn, words.LETS_GO_ON if len(turn.draft("record")) > 1 else "")


def _ask(turn: Turn, notice: str = "") -> Screen:
    """The next part, or the summary; for nobody but a doctor who is still logged in."""
    turn.doctor()
    part = _missing(turn)
    if part is None:
        return _summary(turn)
    turn.expect("record.text")
    skip = Button(words.SKIP, link("record.skip", part))
    rows = (
        (Button(words.TO_FINDINGS, link("record.findings")) if "rejected" in turn.draft("record") else skip,),
        *([(Button(words.AGAIN, link("record.again")),)] if notice == words.LETS_GO_ON else []),
        (Button(texts.CANCEL, link("menu.cancel")),),
    )
    return Screen(texts.noticed(notice, words.ASK[part]), rows)


def _missing(turn: Turn) -> str | None:
    """The next part that has not been asked for."""
    return next((part for part in PARTS if part not in turn.draft("record")), None)


@area.answer("record.text", secret=True)
@draft_needed
def take_part(turn: Turn, text: str) -> Screen:
    """What is too long for its part is kept, sealed as the rest: it has gone from the chat."""
    draft, part = turn.draft("record"), _missing(turn)
    if part is None or not text.strip():
        return _ask(turn)
    try:
        note = records.checked(Note(**dict.fromkeys(PARTS) | {part: text}))
    except BadInput:
        draft["rejected"] = turn.hospital.keys.seal(_joined(turn, "rejected", text))
        return _ask(turn, words.TOO_LONG)
    draft[part] = turn.hospital.keys.seal(getattr(note, part))
    draft.pop("rejected", None)
    return _ask(turn)


def _joined(turn: Turn, name: str, text: str) -> str:
    return "\n".join(filter(None, (_opened(turn, name), text)))


def _opened(turn: Turn, name: str) -> str | None:
    """What was typed for this part."""
    sealed = turn.draft("record").get(name)
    return turn.hospital.keys.unseal(sealed) if sealed else None


@area.button("findings")
@draft_needed
def add_to_findings(turn: Turn) -> Screen:
    """There is room for what was too long for its own part."""
    turn.doctor()
    draft = turn.draft("record")
    if not (rejected := _opened(turn, "rejected")):
        return _ask(turn)
    try:
        note = records.checked(Note(_joined(turn, "description", rejected), None, None))
    except BadInput:
        return _ask(turn, words.TOO_LONG)
    draft["description"] = turn.hospital.keys.seal(note.description or "")
    del draft["rejected"]
    return _ask(turn, words.PUT)


@area.button("skip")
@draft_needed
def skip_part(turn: Turn, part: str) -> Screen:
    if part in PARTS:
        turn.draft("record").setdefault(part, "")
    return _ask(turn)


@area.button("check")
@draft_needed
def turn_summary(turn: Turn, piece: int) -> Screen:
    turn.doctor()
    screen = _ask(turn) if _missing(turn) else _summary(turn, piece)
    return replace(screen, new=True, forget=True)


def _summary(turn: Turn, piece: int = 0) -> Screen:
    note = _note(turn)
    turn.expect("")
    of = turn.draft("record")["of"]
    again = Button(words.AGAIN, link("record.again"))
    if not any((note.description, note.diagnosis, note.treatment_plan)):
        return Screen(words.NOTHING_WRITTEN, ((again, Button(texts.CANCEL, link("menu.cancel"))),))
    rows = ((Button(words.CONFIRM, link("record.yes", of)),), (again, Button(texts.CANCEL, link("record.stop", of))))
    text, reading = _page(words.summary(note), piece, lambda other: link("record.check", other))
    return Screen(text, (*reading, *rows), secret=True, instead=words.SUMMARY_SHOWN_BEFORE)


def _note(turn: Turn) -> Note:
    return Note(*(_opened(turn, part) for part in PARTS))


@area.button("again")
@draft_needed
def write_again(turn: Turn) -> Screen:
    turn.data["record"] = {"of": turn.draft("record")["of"]}
    return replace(_ask(turn), new=True, forget=True)


@area.button("yes")
@draft_needed
def confirm(turn: Turn, appointment_id: int) -> Screen:
    """The summary goes from the chat; the record is kept."""
    turn.doctor()
    if turn.draft("record").get("of") != appointment_id:
        return replace(_ask(turn), new=True, forget=True)
    facts = {"channel": turn.channel, "keys": turn.hospital.keys}
    try:
        turn.do(records.write, actor=turn.logged_in(), appointment_id=appointment_id, note=_note(turn), **facts)
    except BadInput:
        return replace(_ask(turn), new=True, forget=True)
    turn.drop("record")
    back = (Button(words.TO_VISIT, link("doctor.visit", appointment_id)),)
    return Screen(words.KEPT, (back,), new=True, forget=True)
