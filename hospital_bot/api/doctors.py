"""What patients may know of doctors, and a doctor's own day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hospital_bot.api.bodies import (
    Availability,
    Day,
    Doctor,
    Doctors,
    FreeDay,
    Schedule,
    ScheduleEntry,
    Specialization,
    Specializations,
)
from hospital_bot.api.caller import TheCaller
from hospital_bot.api.desk import TheDesk, Turn
from hospital_bot.api.problems import documented
from hospital_bot.errors import BadInput
from hospital_bot.services import agenda, audit, availability
from hospital_bot.services.accounts import Actor
from hospital_bot.values import Who

router = APIRouter(tags=["doctors"])

DAYS = 31
"""The longest stretch of days that one request may ask about."""
WEEK = timedelta(days=6)


@router.get("/specializations")
def specializations(desk: TheDesk) -> Specializations:
    """Those with a doctor, by name."""
    lines = desk.do(availability.specializations, clinic=desk.clinic)
    found = [Specialization(name=line.name, doctors=line.doctors, next_date=line.next_day) for line in lines]
    return Specializations(specializations=found)


@router.get("/doctors")
def doctors(desk: TheDesk, specialization: Annotated[str | None, Query(max_length=255)] = None) -> Doctors:
    """All doctors, or those of one specialization; the soonest free first."""
    who = Who.any_of(specialization) if specialization is not None else None
    lines = desk.do(availability.doctor_lines, who=who, clinic=desk.clinic)
    return Doctors(doctors=[_doctor(line) for line in lines])


def _doctor(line: availability.DoctorLine) -> Doctor:
    facts, soonest = line.doctor, line.next_start
    return Doctor(
        doctor_id=facts.doctor_id,
        name=facts.name,
        specialization=facts.specialization,
        room=facts.room,
        next_date=soonest.date() if soonest else None,
        next_time=soonest.time() if soonest else None,
    )


@router.get("/doctors/me/schedule", responses=documented(401, 403))
def own_schedule(caller: TheCaller, on: Annotated[Day | None, Query(alias="date")] = None) -> Schedule:
    """The caller's own patients of one day, today's if none is named. Names patients: needs a proven token."""

    def look(turn: Turn, who: Actor) -> tuple[int, date, list[agenda.Entry]]:
        doctor_id, day = who.require_doctor(), on or caller.desk.clinic.today(turn.now)
        who.require_proof()
        if day == date.max:
            raise BadInput("date", "too_far", "dates end there")
        subject = f"doctor:{doctor_id}:{day:%Y%m%d}"
        turn.do(audit.record, actor_id=who.user_id, action="day.read", subject=subject, channel=caller.channel)
        return doctor_id, day, turn.do(agenda.day, doctor_id=doctor_id, on=day)

    doctor_id, day, entries = caller.run(look)
    return Schedule(doctor_id=doctor_id, date=day, appointments=[ScheduleEntry.of(entry) for entry in entries])


@router.get("/doctors/{doctor_id}/availability", responses=documented(404))
def free_times(
    doctor_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    desk: TheDesk,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> Availability:
    """Free times by day, both days included: a week from today if none is named, 31 days at most."""
    first = first or desk.clinic.today(desk.clock())
    last = last or min(first, date.max - WEEK) + WEEK
    if not timedelta() <= last - first < timedelta(days=DAYS):
        raise BadInput("to", "too_far", f"from `from` on, {DAYS} days at most")
    choice, days = desk.do(availability.between, who=Who(doctor_id), first=first, last=last, clinic=desk.clinic)
    facts = choice.doctor
    free = [FreeDay(date=day, times=[start.time() for start in starts]) for day, starts in days]
    name = facts.name if facts else ""
    return Availability(doctor_id=doctor_id, name=name, specialization=choice.specialization, days=free)
