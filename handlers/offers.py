"""Other times for a patient whose visit the hospital took back.

message ─┬─► one of three times that are kept ─► booked
         └─► other times ─► as under /book
"""

from __future__ import annotations

from dataclasses import replace

from handlers import booking as booked
from handlers import pickers
from handlers.area import Area, link
from handlers.screen import Button, Screen
from handlers.texts import booking as booking_words
from handlers.texts import offers as words
from handlers.turn import Turn
from hospital_bot.clinic import Clinic
from hospital_bot.errors import BookingError, NotFound, PatientBusy
from hospital_bot.services import offers
from hospital_bot.services.offers import Offer
from hospital_bot.values import Who

area = Area("offer")


def message(told: Offer, clinic: Clinic) -> Screen:
    rows = [
        (Button(words.alternative(each), link("offer.take", each.hold_id, each.doctor_id)),)
        for each in told.alternatives
    ]
    return Screen(words.offer(told, clinic), (*rows, (Button(words.OTHER_TIMES, link("offer.other", told.who)),)))


@area.button("take")
def take(turn: Turn, hold_id: int, doctor_id: int) -> Screen:
    user, patient_id = turn.patient()
    try:
        visit = turn.do(
            offers.take,
            hold_id=hold_id,
            doctor_id=doctor_id,
            patient_id=patient_id,
            user_id=user.user_id,
            request_id=turn.request_id,
            clinic=turn.clinic,
        )
    except PatientBusy:
        return Screen(toast=words.BUSY_THEN, alert=True)
    except BookingError:
        return _what_is_free(turn, doctor_id)
    return booked.receipt(turn, visit, booking_words.booked(visit, turn.clinic))


def _what_is_free(turn: Turn, doctor_id: int) -> Screen:
    try:
        today = turn.clinic.today(turn.now)
        return pickers.days(turn, booked.walk, Who(doctor_id), today, notice=words.KEPT_NO_LONGER)
    except NotFound:
        return booked.choose_specialization(turn)


@area.button("other")
def choose_freely(turn: Turn, who: Who) -> Screen:
    """The times that are kept stay kept: the message with them is left as it is."""
    turn.patient()
    return replace(pickers.doctors(turn, booked.walk, who, 0, back=booked.walk.to("start")), new=True)
