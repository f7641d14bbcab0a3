"""Medical records in the chat.

/records ─► (a fresh code) ─► one's own records, one by one
a visit's page ─► the patient's records, one by one

No message with a record's text is stored, and none can be forwarded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from handlers import doctor, paging, proof, texts
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import records as words
from handlers.turn import Turn
from hospital_bot.errors import CodeNeeded
from hospital_bot.services import accounts, records
from hospital_bot.services.records import Record

area = Area("record")
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
    turning = paging.turning(page, lambda other: link("record.own", other, 0), texts.NEWER, texts.OLDER, more=more)
    rows = (*turning, (Button(words.CLOSE, link("record.close")),))
    return _shown(turn, found, piece, lambda other: link("record.own", page, other), rows)


def _shown(turn: Turn, found: list[Record], piece: int, to: Callable[[int], str], rows: tuple[Row, ...]) -> Screen:
    """The message before it goes: two of them in the chat would be one too many."""
    tapped = turn.arrival.kind == "tap"
    if not found:
        return Screen(toast=words.NO_RECORDS, alert=True) if tapped else Screen(words.NO_RECORDS)
    text, reading = one_page(words.record(found[0], turn.clinic), piece, to)
    return Screen(text, (*reading, *rows), secret=True, forget=tapped, instead=words.SHOWN_BEFORE)


def one_page(pages: list[str], piece: int, to: Callable[[int], str]) -> tuple[str, tuple[Row, ...]]:
    """One page of what is too long for a message, and the buttons to its neighbours."""
    piece = min(max(0, piece), len(pages) - 1)
    return pages[piece], paging.turning(piece, to, words.READ_BACK, words.READ_ON, more=piece < len(pages) - 1)


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
    turning = paging.turning(
        page, lambda other: link("record.of", appointment_id, other, 0), texts.NEWER, texts.OLDER, more=more
    )
    back = (Button(texts.BACK, link("record.back", appointment_id)),)
    return _shown(turn, found, piece, lambda other: link("record.of", appointment_id, page, other), (*turning, back))


@area.button("back")
def back_to_visit(turn: Turn, appointment_id: int) -> Screen:
    """The record goes from the chat; one that is being written stays where it is."""
    return replace(doctor.show_visit(turn, appointment_id), new=True, forget=True)
