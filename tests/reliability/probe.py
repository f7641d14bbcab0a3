"""What the probe's steps left behind, against what people did."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from hospital_bot.simulator.people import Person
from tests.reliability.world import World


@dataclass(frozen=True, slots=True)
class Report:
    """How many updates were lost, applied twice, applied out of their queue's order; and how many chats remember
    something else than what was done in them."""

    lost: int = 0
    twice: int = 0
    misplaced: int = 0
    forgetful: int = 0

    def __add__(self, other: Report) -> Report:
        return Report(*(getattr(self, each) + getattr(other, each) for each in self.__slots__))


CLEAN = Report()


@dataclass
class Crowd:
    """People who type the numbers 1, 2, 3 … and tap buttons with them, all at once."""

    world: World
    people: list[Person] = field(default_factory=list)
    numbers: int = 0

    @classmethod
    def gathered(cls, world: World, size: int) -> Crowd:
        return cls(world, [world.person(f"Person {number}") for number in range(size)])

    def begin(self) -> None:
        for person in self.people:
            person.says("/probe")

    def act(self, times: int) -> None:
        """Each of them types `times` numbers and taps as many buttons."""
        for number in range(self.numbers + 1, self.numbers + times + 1):
            for person in self.people:
                message = person.says(str(number)).message_id or 0
                person.forges(f"probe.add:{number}", message)
        self.numbers += times

    def report(self) -> Report:
        return sum((self._of(person) for person in self.people), Report())

    def applied(self) -> int:
        return int(self.world.rows("SELECT COUNT(*) FROM probe")[0][0])

    def _of(self, person: Person) -> Report:
        found = self.world.rows("SELECT kind, number FROM probe WHERE chat_id = :id ORDER BY id", id=person.user.id)
        done = [(str(kind), int(number)) for kind, number in found]
        count = Counter(done)
        meant = [(kind, number) for kind in ("text", "tap") for number in range(1, self.numbers + 1)]
        return Report(
            lost=sum(not count[each] for each in meant),
            twice=sum(count[each] - 1 for each in count),
            misplaced=sum(_misplaced([number for kind, number in done if kind == queue]) for queue in ("text", "tap")),
            forgetful=int(self._remembered(person) != done),
        )

    def _remembered(self, person: Person) -> list[tuple[str, int]]:
        found = self.world.rows("SELECT data FROM conversations WHERE chat_id = :id", id=person.user.id)
        seen = json.loads(found[0][0])["probe"]["seen"] if found else []
        return [(kind, number) for kind, number in seen]


def _misplaced(numbers: list[int]) -> int:
    return sum(after < before for before, after in pairwise(numbers))
