"""A visit as an iCalendar file (RFC 5545), which every phone's calendar opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hospital_bot.clinic import Clinic
from hospital_bot.values import Visit

if TYPE_CHECKING:
    from icalendar import Alarm


def ics(visit: Visit, clinic: Clinic, *, now: datetime) -> bytes:
    """The visit, in UTC so that no reader can mistake the zone. Discreet: hospital and room, never a diagnosis."""
    from icalendar import Calendar, Event  # slow to load, and the bot has started long before somebody asks

    event = Event()
    event.add("uid", f"visit-{visit.appointment_id}@{_host(clinic)}")
    event.add("dtstamp", now.replace(microsecond=0))
    begin = clinic.instant(visit.start)
    event.add("dtstart", begin)
    event.add("dtend", begin + timedelta(minutes=visit.minutes))
    event.add("summary", f"Visit at {clinic.name}")
    place = ", ".join(filter(None, (clinic.name, clinic.address, visit.room and f"room {visit.room}")))
    event.add("location", place)
    event.add("description", f"{visit.doctor_name}. Visit no. {visit.appointment_id}")
    if visit.status == "pending":
        event.add("status", "TENTATIVE")
    elif not visit.live:
        event.add("status", "CANCELLED")
    event.add_component(_alarm())
    calendar = Calendar()
    calendar.add("prodid", "-//Hospital Bot//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _alarm() -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", "Visit")
    alarm.add("trigger", timedelta(hours=-2))
    return alarm


def _host(clinic: Clinic) -> str:
    return "".join(letter for letter in clinic.name.lower() if letter.isascii() and letter.isalnum()) or "hospital"
