"""A doctor answers those who ask for a visit.

message, /requests, a visit's page ─┬─► Confirm ─► the patient is told
                                    └─► Decline ─► the patient is offered other times
"""

from __future__ import annotations

from collections.abc import Callable

from handlers import menu, seen
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import doctor as words
from handlers.turn import Turn
from hospital_bot.errors import TooLate
from hospital_bot.services import agenda, approvals
from hospital_bot.values import Visit

area = Area("approval")

Row = tuple[Button, ...]


def answer_row(appointment_id: int) -> Row:
    return (
        Button(words.CONFIRM, link("approval.yes", appointment_id)),
        Button(words.DECLINE, link("approval.no", appointment_id)),
    )


@area.command("requests")
@area.button("list")
def list_requests(turn: Turn) -> Screen:
    """Those that wait, with their answers; a full page of them is already many."""
    doctor_id = turn.doctor()
    entries = turn.do(agenda.requests, doctor_id=doctor_id, clinic=turn.clinic)
    seen.listing(turn, "requests", f"doctor:{doctor_id}")
    rows = [
        (Button(words.request_button(entry), link("doctor.visit", entry.appointment_id)),)
        for entry in entries[: words.MOST_REQUESTS]
    ]
    return Screen(words.requests(len(entries)), (*rows, menu.BACK))


@area.button("yes")
def confirm(turn: Turn, appointment_id: int) -> Screen:
    return _answered(turn, appointment_id, approvals.confirm)


@area.button("no")
def decline(turn: Turn, appointment_id: int) -> Screen:
    return _answered(turn, appointment_id, approvals.decline)


def _answered(turn: Turn, appointment_id: int, answer: Callable[..., Visit]) -> Screen:
    doctor_id = turn.doctor()
    try:
        visit = turn.do(
            answer,
            appointment_id=appointment_id,
            doctor_id=doctor_id,
            user_id=turn.logged_in().user_id,
            channel=turn.channel,
            clinic=turn.clinic,
        )
    except TooLate:
        return Screen(toast=words.TOO_LATE_TO_ANSWER, alert=True)
    text = words.DECLINED if visit.status == "cancelled" else words.CONFIRMED
    entry = seen.visit(turn, appointment_id)
    return Screen(
        f"{text}\n\n{words.visit(entry)}", ((Button(words.THAT_DAY, link("doctor.day", visit.start.date())),),)
    )
