"""What a tap costs in CPU, next to a bare bot in the same run; and how many of them one process can take."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks import ground, measure
from benchmarks.ground import Ground
from benchmarks.process import Process, running, settings, simulated
from benchmarks.table import Row
from benchmarks.walks import BARE, BOOKING, Crowd
from hospital_bot.clock import system_clock
from hospital_bot.db import Database
from hospital_bot.models import Patient
from hospital_bot.services import accounts

CROWD = 16
DOCTORS = 16
CONNECTIONS = "10"
BOUND = 0.1
"""Seconds that 19 of 20 answers may take."""


@dataclass
class Subject:
    """One bot under measurement. `costs` are its CPU seconds per update, round by round."""

    process: Process
    crowd: Crowd
    path: Sequence[str]
    first: str = ""
    costs: list[float] = field(default_factory=list)

    async def walk(self, at_once: int) -> float:
        before = self.process.cpu()
        updates = await self.crowd.all_walk(self.path, first=self.first, at_once=at_once)
        return (self.process.cpu() - before) / updates


async def rows(place: Ground) -> AsyncIterator[Row]:
    async with AsyncExitStack() as stack:
        ours = await product(stack, place, "ours")
        httpx = await product(stack, place, "httpx")
        bare = await _bare(stack, place)
        for at_once in place.pick((CROWD,), (1, CROWD)):
            for row in await _costs(place, at_once, ours, httpx, bare):
                yield row
    async with AsyncExitStack() as stack:
        yield await _throughput(place, await product(stack, place, "ours"))


async def _costs(place: Ground, at_once: int, ours: Subject, httpx: Subject, bare: Subject) -> list[Row]:
    subjects = (ours, httpx, bare)
    for subject in subjects:
        await subject.walk(CROWD)  # once for nothing: caches fill
        subject.costs.clear()
    for _ in range(place.pick(1, 15, 25)):
        for subject in subjects:
            subject.costs.append(await subject.walk(at_once))
    chats = "1 chat at a time" if at_once == 1 else f"{at_once} chats at once"
    seen = f"{_ms(ours)} ms ÷ {_ms(bare)} ms of CPU"
    value, spread = measure.ratios(ours.costs, bare.costs)
    before, before_spread = measure.ratios(httpx.costs, bare.costs)
    saved, saved_spread = measure.ratios(ours.costs, httpx.costs)
    return [
        Row(f"a tap of the booking walk ÷ a bare PTB tap, {chats}", value, most=1.0, seen=f"{seen}; {spread}"),
        Row("— the same over PTB's own HTTP client", before, seen=f"{_ms(httpx)} ms; {before_spread}"),
        Row("— with our HTTP client ÷ with PTB's", saved, seen=saved_spread),
    ]


def _ms(subject: Subject) -> str:
    return f"{1000 * measure.middle(subject.costs)[0]:.2f}"


async def product(stack: AsyncExitStack, place: Ground, backend: str) -> Subject:
    """The product, up and polling, with people who are logged in."""
    around = await stack.enter_async_context(simulated())
    db = stack.enter_context(place.database())
    crowd = Crowd(around.telegram, CROWD)
    ground.staff(db, DOCTORS, specializations=DOCTORS)
    log_in(db, crowd)
    environment = settings(around, place.url_of(db)) | {"HOSPITAL_DATABASE_CONNECTIONS": CONNECTIONS}
    arguments = ["-m", "benchmarks.entry", backend]
    process = await stack.enter_async_context(running(arguments, environment, place.folder / backend))
    await process.until(lambda: around.telegram.inbox.allowed)
    return Subject(process, crowd, BOOKING, first="/book")


def log_in(db: Database, crowd: Crowd) -> None:
    ground.patients(db, crowd.size)
    users = db.run(_patients_users)
    for person, user_id in zip(crowd.walkers, users, strict=True):
        db.run(accounts.link, telegram_id=person.user.id, user_id=user_id, role="patient", now=system_clock())


async def _bare(stack: AsyncExitStack, place: Ground) -> Subject:
    around = await stack.enter_async_context(simulated())
    crowd = Crowd(around.telegram, CROWD)
    arguments = ["-m", "benchmarks.plain", around.address, around.telegram.token, str(CROWD)]
    process = await stack.enter_async_context(running(arguments, {}, place.folder / "bare"))
    for person in crowd.walkers:
        person.starts()
    await process.until(lambda: all(around.telegram.chats[each.user.id].answers for each in crowd.walkers))
    return Subject(process, crowd, BARE)


async def _throughput(place: Ground, ours: Subject) -> Row:
    """More and more people side by side, until their answers take too long."""
    best, seen = 0.0, "none within the bound"
    await ours.walk(CROWD)
    for at_once in place.pick((1,), (1, 2, 4, 8)):
        ours.crowd.seconds.clear()
        begin, updates = time.perf_counter(), 0
        for _ in range(place.pick(1, 2, 6)):
            updates += await ours.crowd.all_walk(BOOKING, first="/book", at_once=at_once)
        rate, slow = updates / (time.perf_counter() - begin), measure.percentile(ours.crowd.seconds, 0.95)
        if slow < BOUND and rate > best:
            best, seen = (
                rate,
                f"{at_once} chats at once, p95 {1000 * slow:.0f} ms",
            )
    return Row("taps a second of one bot process, 19 of 20 answered in 100 ms", best, "/s", seen=seen)


def _patients_users(session: Session) -> list[int]:
    return list(session.scalars(select(Patient.user_id).order_by(Patient.patient_id)))
