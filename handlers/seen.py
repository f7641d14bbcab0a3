"""What the staff see of patients, which is written down."""

from __future__ import annotations

from handlers.turn import Turn
from hospital_bot.services import agenda, audit
from hospital_bot.services.agenda import Entry


def visit(turn: Turn, appointment_id: int) -> Entry:
    """The doctor's own visit. The patient can see that it was looked at."""
    facts = {"doctor_id": turn.doctor(), "user_id": turn.logged_in().user_id, "channel": turn.channel}
    return turn.do(agenda.visit, appointment_id=appointment_id, **facts)


def listing(turn: Turn, page: str, subject: str) -> None:
    """A page that names patients was looked at: one entry. Whom it named then follows from the visits."""
    user = turn.logged_in()
    turn.do(audit.record, actor_id=user.user_id, action=f"{page}.read", subject=subject, channel=turn.channel)
