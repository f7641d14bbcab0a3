"""What a doctor sees of a patient, which is written down."""

from __future__ import annotations

from handlers.turn import Turn
from hospital_bot.services import agenda
from hospital_bot.services.agenda import Entry


def visit(turn: Turn, appointment_id: int) -> Entry:
    """The doctor's own visit. The patient can see that it was looked at."""
    facts = {"doctor_id": turn.doctor(), "user_id": turn.logged_in().user_id, "channel": turn.channel}
    return turn.do(agenda.visit, appointment_id=appointment_id, **facts)
