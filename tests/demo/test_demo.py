"""The demo is the first thing that anybody sees of the product."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from hospital_bot import demo
from hospital_bot.clock import TurnableClock
from hospital_bot.demo import actor, cast
from hospital_bot.demo.stage import Stage, stage
from hospital_bot.services import availability
from hospital_bot.simulator.lines import HttpLine
from hospital_bot.simulator.phone import Phone
from hospital_bot.values import Who
from tests.hospital import OVERLAPS

AWKWARD = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
"""So early that the day's first time can be booked and not changed any more; and before a weekend without visits."""


NOON = datetime(2026, 11, 26, 12, 50, tzinfo=UTC)
"""So late that the reminder of the next day's last visit comes within a day of the beginning."""


@pytest.mark.parametrize("start", [None, AWKWARD, NOON], ids=["today", "on an awkward day", "at noon"])
async def test_the_script_plays_to_its_end(capsys: pytest.CaptureFixture[str], start: datetime | None) -> None:
    with time_machine.travel(start, tick=True) if start else nullcontext():
        assert await demo.play() == 0

    dialogue = capsys.readouterr().out
    for words in (
        "Mia registers",
        "logged in",
        "Booked.",
        "Someone just took that time",
        "Moved.",
        "cancelled.",
        "re you coming?",
        "later than planned",
        "kept for you until",
    ):
        assert words in dialogue
    assert actor.PASSWORD not in dialogue


async def test_a_wrong_step_is_told_and_fails_the_script(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.texts.booking.booked", lambda _visit, _clinic: "Nothing happened.")

    assert await demo.play() == 1

    assert "WRONG: Mia was to read 'Booked'" in capsys.readouterr().out


async def test_the_invented_hospital_is_large_and_half_booked(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        with on.product.db.engine.connect() as connection:
            facts = connection.execute(text("SELECT COUNT(DISTINCT specialization), COUNT(*) FROM doctors")).one()
            days = connection.scalar(text("SELECT COUNT(DISTINCT appointment_date) FROM appointments"))

    assert facts[0] >= 6
    assert facts[1] >= 15
    assert days >= 18


async def test_nobody_in_the_invented_hospital_is_in_two_rooms_at_once(tmp_path: Path) -> None:
    seconds = "unixepoch({0}.appointment_time)"
    query = OVERLAPS
    for name in ("a", "b"):
        query = query.replace(f"TIME_TO_SEC({name}.appointment_time)", seconds.format(name))

    async with stage(tmp_path) as on:
        with on.product.db.engine.connect() as connection:
            overlaps = [connection.scalar(text(query.format(who=who))) for who in ("doctor_id", "patient_id")]

    assert overlaps == [0, 0]


async def test_everybody_of_the_cast_can_begin_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, HttpLine(on.address) as line:
        hellos = {}
        for card in on.cards:
            phone = Phone(line, card.person_id, card.name)
            await phone.says("/start")
            hellos[card.name] = phone.last.text

    assert "Hello Ann Palmer" in hellos["Ann Palmer"]
    assert "Hello, this is" in hellos["Ben Okafor"]
    assert "Hello Dr. Amina Osei" in hellos["Dr. Amina Osei"]
    assert "Hello, this is" in hellos["A new phone"]


async def test_the_demo_goes_on_where_it_was_left(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, HttpLine(on.address) as line:
        ann = Phone(line, on.cards[0].person_id, "Ann")
        await ann.says("/book")
        on.clock.turn(timedelta(hours=5))
        left_at = on.clock.now()

    async with stage(tmp_path) as on, HttpLine(on.address) as line:
        again = Phone(line, on.cards[0].person_id, "Ann")
        await line.look(again.id)
        await again.taps("Cancel")

        assert on.clock.now() >= left_at
        assert again.last.text == "There is nothing to cancel."


async def test_the_clock_finds_the_next_visit_of_somebody_with_a_phone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, HttpLine(on.address) as line:
        clinic, db = on.product.hospital.clinic, on.product.db
        assert db.run(cast.next_visit, clinic=clinic, now=on.clock.now()) is None

        ann = Phone(line, on.cards[0].person_id, "Ann")
        await ann.says("/book")
        day = clinic.today(on.clock.now()) + timedelta(days=30)
        starts = [start for n in range(7) for start in _free(on, day + timedelta(days=n))]
        await ann.forges(f"book.yes:1:{starts[0]:%Y%m%d%H%M}", ann.last.id)

        assert db.run(cast.next_visit, clinic=clinic, now=on.clock.now()) == clinic.instant(starts[0])


def _free(on: Stage, day: date) -> list[datetime]:
    clinic, now = on.product.hospital.clinic, on.clock.now()
    return on.product.db.run(availability.times, who=Who(1), day=day, clinic=clinic, now=now)[1]


async def test_the_demo_stays_on_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "hospital_bot", "demo", "--port", "0", "--folder", str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None

    said = (await process.stdout.readline()).decode()
    process.terminate()

    assert said.startswith("The hospital is open: http://127.0.0.1:")
    assert await process.wait() == 0


def test_the_demo_clock_turns_forward_only() -> None:
    with pytest.raises(ValueError, match="forward"):
        TurnableClock().turn(timedelta(hours=-1))
