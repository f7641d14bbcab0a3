"""Appointments: book, look, move, cancel, take along."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from hospital_bot import calendars
from hospital_bot.api.bodies import Appointment, Appointments, AppointmentSaid, AppointmentSent, CancelSent, MoveSent
from hospital_bot.api.caller import TheCaller, request_id
from hospital_bot.api.desk import Turn
from hospital_bot.api.once import TheRequest
from hospital_bot.api.problems import documented
from hospital_bot.services import booking, own_visits
from hospital_bot.services.accounts import Actor
from hospital_bot.values import Visit, Who

router = APIRouter(prefix="/appointments", tags=["appointments"])

AppointmentId = Annotated[int, Path(ge=1, le=2**31 - 1)]
When = Literal["upcoming", "past"]


@router.post("/submit", status_code=201, responses=documented(401, 403, 409), response_model=AppointmentSaid)
def submit(body: AppointmentSent, request: TheRequest) -> AppointmentSaid | JSONResponse:
    """Book a time that `GET /doctors/{doctor_id}/availability` offers, for the caller's own patient_id."""
    start = datetime.combine(body.appointment_date, body.appointment_time)

    def book(turn: Turn, who: Actor) -> AppointmentSaid:
        visit = turn.do(
            booking.book,
            patient_id=who.require_patient(body.patient_id),
            who=Who(body.doctor_id),
            start=start,
            reason=body.reason,
            request_id=request_id(),
            user_id=who.user_id,
            elsewhere=True,
            clinic=request.desk.clinic,
        )
        return AppointmentSaid(msg="Appointment successfully submitted", appointment_id=visit.appointment_id)

    return request.once(book, body, 201)


@router.get("", responses=documented(401, 403))
def own(caller: TheCaller, when: When = "upcoming", page: Annotated[int, Query(ge=0, le=1000)] = 0) -> Appointments:
    """The caller's own appointments: those to come, or a page of those that are over or cancelled."""
    clinic = caller.desk.clinic

    def look(turn: Turn, who: Actor) -> tuple[list[Visit], bool]:
        patient_id = who.require_patient()
        if when == "past":
            return turn.do(own_visits.past, patient_id=patient_id, page=page, clinic=clinic)
        return turn.do(own_visits.upcoming, patient_id=patient_id, clinic=clinic), False

    visits, more = caller.run(look)
    return Appointments(appointments=[Appointment.of(visit) for visit in visits], more=more)


@router.post("/{appointment_id}/cancel", responses=documented(401, 403, 404, 409), response_model=AppointmentSaid)
def cancel(
    appointment_id: AppointmentId, request: TheRequest, body: CancelSent | None = None
) -> AppointmentSaid | JSONResponse:
    """Give the time back. Twice is the same as once."""
    why = body.reason if body else None

    def give_back(turn: Turn, who: Actor) -> AppointmentSaid:
        patient_id, clinic = who.require_patient(), request.desk.clinic
        facts = {"appointment_id": appointment_id, "patient_id": patient_id, "user_id": who.user_id, "why": why}
        visit = turn.do(booking.cancel, clinic=clinic, channel=request.caller.channel, elsewhere=True, **facts)
        return AppointmentSaid(msg="Appointment successfully cancelled", appointment_id=visit.appointment_id)

    return request.once(give_back, body, 200)


@router.post("/{appointment_id}/move", responses=documented(401, 403, 404, 409), response_model=AppointmentSaid)
def move(appointment_id: AppointmentId, body: MoveSent, request: TheRequest) -> AppointmentSaid | JSONResponse:
    """Another time for an appointment; it is a new appointment then, with an id of its own."""
    start = datetime.combine(body.appointment_date, body.appointment_time)

    def change(turn: Turn, who: Actor) -> AppointmentSaid:
        patient_id = who.require_patient()
        old = turn.do(own_visits.one, appointment_id=appointment_id, patient_id=patient_id)
        visit = turn.do(
            booking.move,
            appointment_id=appointment_id,
            patient_id=patient_id,
            who=Who(body.doctor_id or old.doctor_id),
            start=start,
            request_id=request_id(),
            user_id=who.user_id,
            elsewhere=True,
            clinic=request.desk.clinic,
        )
        return AppointmentSaid(msg="Appointment successfully moved", appointment_id=visit.appointment_id)

    return request.once(change, body, 200)


@router.get(
    "/{appointment_id}.ics",
    response_class=Response,
    responses=documented(401, 403, 404) | {200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
)
def calendar_file(appointment_id: AppointmentId, caller: TheCaller) -> Response:
    """The appointment for a calendar (RFC 5545); hospital and room, never a diagnosis."""

    def look(turn: Turn, who: Actor) -> bytes:
        visit = turn.do(own_visits.one, appointment_id=appointment_id, patient_id=who.require_patient())
        return calendars.ics(visit, caller.desk.clinic, now=turn.now)

    return Response(caller.run(look), media_type="text/calendar")
