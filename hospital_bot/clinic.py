"""The facts of one hospital that the use cases need: its name, its zone, its rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hospital_bot import slots


@dataclass(frozen=True, slots=True)
class Rules:
    """What a patient may do by themselves, and when people are written to."""

    notice: timedelta = timedelta(hours=1)
    """The shortest time between booking and visit."""
    horizon_days: int = 60
    """How far ahead visits are offered, in days from today."""
    max_visits: int = 5
    """Live visits that one patient may hold."""
    cut_off: timedelta = timedelta(hours=2)
    """Moving and cancelling end this long before the visit."""
    reminders: tuple[timedelta, ...] = (timedelta(hours=24), timedelta(hours=2))
    """How long before a visit its patient is reminded."""
    approval: timedelta = timedelta(hours=24)
    """How long a request waits for its doctor's answer."""
    erasure_window: timedelta = timedelta(days=7)
    """How long the hospital can refuse a wish to be forgotten, and the patient take it back."""
    records_years: int = 10
    """How long the law wants visits and records kept."""
    digest_time: time = time(7)
    """When doctors get the day's list, on the clinic's clock."""


@dataclass(frozen=True, slots=True)
class Clinic:
    name: str = "Hospital"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    rules: Rules = Rules()
    region: str = "US"
    """ISO 3166 country whose telephone numbers may be typed without the country code."""
    address: str = ""
    phone: str = ""

    @property
    def unbound(self) -> Clinic:
        """The same for the hospital's own desk, which no notice and no cut-off binds."""
        return replace(self, rules=replace(self.rules, notice=timedelta(), cut_off=timedelta()))

    def wall(self, instant: datetime) -> datetime:
        """The clinic's clock at this instant, naive."""
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def instant(self, wall: datetime) -> datetime:
        """The instant of a wall time, aware UTC; a repeated hour means the first."""
        return slots.to_utc(wall, self.zone)

    def today(self, now: datetime) -> date:
        return self.wall(now).date()

    def last_day(self, now: datetime) -> date:
        return self.today(now) + timedelta(days=self.rules.horizon_days)

    def answer_by(self, start: datetime, now: datetime) -> datetime:
        """Until when a doctor may answer a request of now: the nearer the visit, the sooner."""
        return now + min(self.rules.approval, (self.instant(start) - now) / 2)
