"""What is free: by specialization, doctor, day and time. Reads only; the booking checks again under the lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from hospital_bot import queries, slots
from hospital_bot.clinic import Clinic
from hospital_bot.errors import NotFound
from hospital_bot.slots import Span
from hospital_bot.values import DoctorFacts, Who

WINDOWS = (2, 14)
"""Days looked at first when the next free time is wanted; the rest of the horizon only if these are full."""


@dataclass(frozen=True, slots=True)
class SpecializationLine:
    name: str
    who: Who
    doctors: int
    next_day: date | None


@dataclass(frozen=True, slots=True)
class DoctorLine:
    doctor: DoctorFacts
    next_start: datetime | None


@dataclass(frozen=True, slots=True)
class DayLine:
    day: date
    free: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a patient chose, in words. `doctor` is None for anyone of the specialization."""

    who: Who
    specialization: str
    doctor: DoctorFacts | None
    approval: bool = False
    """A visit at the time that was chosen is a request: whoever is free then confirms visits first."""


@dataclass(slots=True)
class Openings:
    """The free times of some doctors in one stretch of days, counted from what was read once."""

    doctors: InitVar[Iterable[DoctorFacts]]
    clinic: Clinic
    now: datetime
    busy: dict[tuple[int, date], list[Span]] = field(init=False)
    soon: datetime = field(init=False)
    soon_wall: datetime = field(init=False)

    def __post_init__(self, doctors: Iterable[DoctorFacts]) -> None:
        self.busy = defaultdict(list)
        for doctor in doctors:
            for day, span in (*doctor.taken, *doctor.kept):
                self.busy[doctor.doctor_id, day].append(span)
        self.soon = self.now + self.clinic.rules.notice
        self.soon_wall = self.clinic.wall(self.soon)

    def starts(self, doctor: DoctorFacts, day: date) -> list[int]:
        """The minutes of that day at which this doctor is free and a patient may still book."""
        schedule = doctor.schedule
        busy = self.busy.get((doctor.doctor_id, day), []) + leave_on(doctor, day)
        free = slots.free(schedule.starts(day), schedule.slot_minutes, busy)
        if slots.changes_clock(day, self.clinic.zone):
            return [minute for minute in free if self._bookable(slots.at(day, minute), schedule.slot_minutes)]
        if day > self.soon_wall.date():
            return free
        return [minute for minute in free if slots.at(day, minute) >= self.soon_wall]

    def first_start(self, doctor: DoctorFacts, days: Iterable[date]) -> datetime | None:
        return next((slots.at(day, starts[0]) for day in days if (starts := self.starts(doctor, day))), None)

    def _bookable(self, start: datetime, length: int) -> bool:
        return self.clinic.instant(start) >= self.soon and slots.whole(start, length, self.clinic.zone)


def leave_on(doctor: DoctorFacts, day: date) -> list[Span]:
    return [span for start, end in doctor.leave if (span := slots.within(day, start, end))]


def specializations(session: Session, *, clinic: Clinic, now: datetime) -> list[SpecializationLine]:
    """Those with an active doctor, by name, each with how many and the next day that one of them is free."""
    lines = doctor_lines(session, who=None, clinic=clinic, now=now)
    groups: dict[str, list[DoctorLine]] = defaultdict(list)
    for line in lines:
        groups[line.doctor.specialization].append(line)
    return [
        SpecializationLine(
            name,
            Who.any_of(name),
            len(group),
            min((line.next_start.date() for line in group if line.next_start), default=None),
        )
        for name, group in sorted(groups.items(), key=lambda item: item[0].casefold())
        if name
    ]


def doctor_lines(session: Session, *, who: Who | None, clinic: Clinic, now: datetime) -> list[DoctorLine]:
    """The doctors meant by `who`, the soonest free first; those with nothing free come last, by name."""
    first, last = clinic.today(now), clinic.last_day(now)
    windows = list(_windows(first, last))
    doctors = missing = queries.doctors(session, who, first=first, last=last, until=windows[0][1], now=now)
    found: dict[int, datetime] = {}
    for start, end in windows:
        if start > first:
            missing = queries.with_taken(session, missing, first=start, last=end, now=now)
        openings = Openings(missing, clinic, now)
        for doctor in missing:
            if next_start := openings.first_start(doctor, slots.days(start, end)):
                found[doctor.doctor_id] = next_start
        missing = [doctor for doctor in missing if doctor.doctor_id not in found]
        if not missing:
            break
    lines = [DoctorLine(doctor, found.get(doctor.doctor_id)) for doctor in doctors]
    return sorted(lines, key=lambda line: (line.next_start is None, line.next_start, line.doctor.name))


def choice(session: Session, *, who: Who, clinic: Clinic, now: datetime) -> Choice:
    """Who is meant, in words. Raises NotFound when nobody (left the hospital, or never was)."""
    today = clinic.today(now)
    return _choice(who, queries.doctors(session, who, first=today, last=today))


def choice_at(session: Session, *, who: Who, start: datetime, clinic: Clinic, now: datetime) -> Choice:
    """The same for a time that was chosen."""
    day = start.date()
    if not clinic.today(now) <= day <= clinic.last_day(now):
        return choice(session, who=who, clinic=clinic, now=now)
    doctors, openings = read(session, who, day, day, clinic, now)
    minute = slots.minutes(start.time())
    free = [doctor for doctor in doctors if minute in openings.starts(doctor, day)]
    return replace(_choice(who, doctors), approval=all(doctor.approval for doctor in free or doctors))


def days(
    session: Session, *, who: Who, first: date, most: int, clinic: Clinic, now: datetime
) -> tuple[Choice, list[DayLine]]:
    """Up to `most` days from `first` on with free times, and how many each has."""
    first, last = max(first, clinic.today(now)), clinic.last_day(now)
    if first > last:
        return choice(session, who=who, clinic=clinic, now=now), []
    windows = list(_windows(first, last, sizes=WINDOWS[1:]))
    doctors = queries.doctors(session, who, first=first, last=last, until=windows[0][1], now=now)
    lines: list[DayLine] = []
    for start, end in windows:
        if start > first:
            doctors = queries.with_taken(session, doctors, first=start, last=end, now=now)
        lines += _day_lines(Openings(doctors, clinic, now), doctors, slots.days(start, end))
        if len(lines) >= most:
            break
    return _choice(who, doctors), lines[:most]


def month(session: Session, *, who: Who, first: date, last: date, clinic: Clinic, now: datetime) -> list[DayLine]:
    """The days with free times from `first` to `last`, within the horizon."""
    first, last = max(first, clinic.today(now)), min(last, clinic.last_day(now))
    if first > last:
        return []
    doctors, openings = read(session, who, first, last, clinic, now)
    return _day_lines(openings, doctors, slots.days(first, last))


def times(session: Session, *, who: Who, day: date, clinic: Clinic, now: datetime) -> tuple[Choice, list[datetime]]:
    """The free times of that day, each once, however many doctors have it."""
    if not clinic.today(now) <= day <= clinic.last_day(now):
        return choice(session, who=who, clinic=clinic, now=now), []
    doctors, openings = read(session, who, day, day, clinic, now)
    free = {minute for doctor in doctors for minute in openings.starts(doctor, day)}
    return _choice(who, doctors), [slots.at(day, minute) for minute in sorted(free)]


def between(
    session: Session, *, who: Who, first: date, last: date, clinic: Clinic, now: datetime
) -> tuple[Choice, list[tuple[date, list[datetime]]]]:
    """The free times of each day from `first` to `last` that has any, within the horizon. Raises NotFound."""
    first, last = max(first, clinic.today(now)), min(last, clinic.last_day(now))
    if first > last:
        return choice(session, who=who, clinic=clinic, now=now), []
    doctors, openings = read(session, who, first, last, clinic, now)
    found = [
        (day, sorted({slots.at(day, minute) for doctor in doctors for minute in openings.starts(doctor, day)}))
        for day in slots.days(first, last)
    ]
    return _choice(who, doctors), [(day, times) for day, times in found if times]


def _choice(who: Who, doctors: Sequence[DoctorFacts]) -> Choice:
    if not doctors:
        raise NotFound
    return Choice(who, doctors[0].specialization, doctors[0] if who.doctor_id is not None else None)


def _windows(first: date, last: date, sizes: tuple[int, ...] = WINDOWS) -> Iterator[tuple[date, date]]:
    """Growing stretches that together cover [first, last]."""
    start = first
    for size in (*sizes, (last - first).days + 1):
        end = min(last, first + timedelta(days=size - 1))
        if start <= end:
            yield start, end
        start = max(start, end + timedelta(days=1))


def read(
    session: Session, who: Who, first: date, last: date, clinic: Clinic, now: datetime
) -> tuple[list[DoctorFacts], Openings]:
    """The doctors meant by `who`, and when they are free."""
    doctors = queries.doctors(session, who, first=first, last=last, now=now)
    return doctors, Openings(doctors, clinic, now)


def _day_lines(openings: Openings, doctors: Sequence[DoctorFacts], days: Iterable[date]) -> list[DayLine]:
    lines = (DayLine(day, sum(len(openings.starts(doctor, day)) for doctor in doctors)) for day in days)
    return [line for line in lines if line.free]
