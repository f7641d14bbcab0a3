"""What a demo lends the chat page: who there is to play, and a clock that can be turned."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from hospital_bot.simulator.refusals import Impossible, Json

BEFORE_VISIT = timedelta(minutes=10)


class Turnable(Protocol):
    """``now`` is aware; ``turn`` moves it forward for everything that reads it."""

    def now(self) -> datetime: ...
    def turn(self, forward: timedelta, /) -> None: ...


class Card(Protocol):
    """Somebody to play: ``note`` says what to try first; ``email`` and ``password`` are empty without an account."""

    @property
    def person_id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def password(self) -> str: ...


@dataclass
class Backstage:
    """Without a clock nothing can be turned. ``next_visit`` may block: it is called in a thread."""

    hospital: str = ""
    zone: ZoneInfo | None = None
    cast: Sequence[Card] = ()
    clock: Turnable | None = None
    next_visit: Callable[[], datetime | None] = lambda: None
    morning: time = time(7)


@dataclass(frozen=True)
class Role:
    """A card as JSON shows it."""

    person_id: int
    name: str
    role: str
    note: str
    email: str
    password: str


def cards(backstage: Backstage) -> list[Json]:
    return [
        asdict(Role(card.person_id, card.name, card.role, card.note, card.email, card.password))
        for card in backstage.cast
    ]


def forward(backstage: Backstage, how: object, now: datetime) -> timedelta:
    """How far "1h", "next_morning" or "next_visit" is from now. Raises Impossible."""
    if how == "1h":
        return timedelta(hours=1)
    if how == "next_morning":
        return next_morning(now, backstage.zone or ZoneInfo("UTC"), backstage.morning) - now
    if how == "next_visit":
        return _until_visit(backstage.next_visit(), now)
    raise Impossible(f"the clock can't be turned by {how!r}")


def next_morning(now: datetime, zone: ZoneInfo, at: time) -> datetime:
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=local.time() >= at)
    return datetime.combine(day, at, zone).astimezone(now.tzinfo)


def _until_visit(visit: datetime | None, now: datetime) -> timedelta:
    """To ten minutes before; from there, to its beginning."""
    if visit is None or visit <= now:
        raise Impossible("No visit is booked yet.")
    just_before = visit - BEFORE_VISIT
    return (just_before if just_before > now else visit) - now
