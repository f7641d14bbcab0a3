"""Whatever a database administrator does to the audit log is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hospital_bot.services import chain
from tests import tables
from tests.privacy.conftest import KEYS, Log, each_log, log, signed, url

__all__ = ["each_log", "log", "url"]

FOURTH = "UPDATE audit_log SET {} WHERE audit_id = 4"
PLACE = "UPDATE audit_log SET seq = {1} WHERE seq = {0}"
INVENTED = "INSERT INTO audit_log (actor_id, action, mac) SELECT 9, action, mac FROM audit_log WHERE audit_id = 3"

CHANGED = "Entry 4 was changed, or was not written by this program."


def test_an_untouched_log_has_no_problems(each_log: Log) -> None:
    each_log.linked(5)
    each_log.write(2)

    verdict = each_log.verdict()

    assert (verdict.entries, verdict.waiting, verdict.problems) == (5, 2, [])
    assert verdict.head.startswith("5:")


def test_an_empty_log_has_no_problems(log: Log) -> None:
    assert log.verdict() == chain.Verdict(head="0:")


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = 8",
        "patient_id = NULL",
        "action = 'visit.booK'",
        "subject = 'x:99'",
        "outcome = 'denied'",
        "channel = 'tg:1'",
        "happened_at = '2026-01-01 00:00:00'",
        "mac = ''",
        "mac = 'ffffffffffffffff'",
    ],
)
def test_a_changed_entry_is_named(log: Log, change: str) -> None:
    log.linked(6)

    log.tamper(FOURTH.format(change))

    assert log.problems() == [CHANGED]


def test_an_entry_changed_before_it_was_linked_is_named(log: Log) -> None:
    log.write(6)
    log.tamper(FOURTH.format("actor_id = 8"))

    before = log.problems()
    log.link()

    assert (before, log.problems()) == ([CHANGED], [CHANGED])


def test_entries_taken_out_are_counted(log: Log) -> None:
    log.linked(9)

    log.tamper("DELETE FROM audit_log WHERE audit_id IN (3, 4, 7)")

    assert log.problems() == ["Links 3 to 4 are missing.", "Links 7 to 7 are missing."]


def test_a_gap_that_was_closed_again_is_found(log: Log) -> None:
    log.linked(6)

    log.tamper("DELETE FROM audit_log WHERE audit_id = 4", PLACE.format(5, 4))

    assert log.problems() == ["Entry 5 is not where it was in the chain.", "Links 5 to 5 are missing."]


def test_the_oldest_entries_cannot_be_taken_away_unseen(log: Log) -> None:
    log.linked(6)

    log.tamper("DELETE FROM audit_log WHERE audit_id < 3")

    assert log.problems() == ["Links 1 to 2 are missing."]


def test_entries_that_changed_places_are_named(log: Log) -> None:
    log.linked(6)

    log.tamper(PLACE.format(3, 99), PLACE.format(4, 3), PLACE.format(99, 4))

    assert log.problems()[:2] == [f"Entry {number} is not where it was in the chain." for number in (4, 3)]


def test_an_invented_entry_is_named(log: Log) -> None:
    log.linked(3)

    log.tamper(INVENTED)
    log.link()

    assert log.problems() == [CHANGED]


def test_the_newest_entries_are_missed_by_who_noted_the_head(log: Log) -> None:
    log.linked(3)
    noted = log.verdict().head
    log.tamper("DELETE FROM audit_log WHERE audit_id = 3")
    log.write()
    log.link()

    assert log.problems() == []
    assert log.verdict(noted).problems == ["Link 3 is not the one that was noted, or is missing."]


@pytest.mark.parametrize("head", ["x", "3:", "4:abc", ":"])
def test_a_head_that_never_was_is_not_there(log: Log, head: str) -> None:
    log.linked(3)
    assert len(log.verdict(head).problems) == 1


def test_a_head_that_was_noted_stays_good_as_the_chain_grows(log: Log) -> None:
    log.linked(2)
    noted = log.verdict().head

    log.linked(2)

    assert log.verdict(noted).problems == []
    assert log.verdict("0:").problems == []


def test_an_entry_without_a_link_is_heard_of_after_a_quarter_of_an_hour(log: Log) -> None:
    log.write()
    log.later(minutes=15)
    on_time = log.problems()

    log.later(seconds=1)

    assert (on_time, log.problems()) == ([], ["Entry 1 has had no link for too long."])


def test_another_key_verifies_nothing(log: Log) -> None:
    log.linked(2)

    verdict = log.db.run(chain.verify, key=KEYS.codes, now=log.now)

    assert len(verdict.problems) == 2


def test_one_changed_entry_in_many_is_found(each_log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 40)
    each_log.write(130)
    while each_log.link():
        pass

    each_log.tamper("UPDATE audit_log SET actor_id = 8 WHERE audit_id = 97")

    assert each_log.verdict().entries == 130
    assert each_log.problems() == ["Entry 97 was changed, or was not written by this program."]


@pytest.mark.mariadb
def test_processes_that_link_at_once_make_one_chain(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.prepare(mariadb_url)
    monkeypatch.setattr(chain, "BATCH", 7)
    with signed(mariadb_url) as log, ThreadPoolExecutor(4) as several:
        log.write(60)

        made = sum(several.map(lambda _: sum(iter(log.link, 0)), range(4)))

        assert (made, log.verdict().entries, log.problems()) == (60, 60, [])


def test_after_seven_years_entries_are_forgotten_and_the_rest_still_verifies(each_log: Log) -> None:
    each_log.linked(5)
    each_log.later(days=chain.KEPT.days + 1)
    each_log.linked(2)

    gone = each_log.db.run(chain.purge, now=each_log.now)

    verdict = each_log.verdict()
    assert (gone, verdict.entries, verdict.problems) == (4, 3, [])


def test_nothing_younger_is_forgotten(log: Log) -> None:
    log.linked(5)
    log.write(2)
    log.later(days=chain.KEPT.days)

    assert log.db.run(chain.purge, now=log.now) == 0


def test_a_log_that_is_all_old_keeps_the_link_to_go_on_from(log: Log) -> None:
    log.linked(5)
    log.later(days=chain.KEPT.days + 1)

    gone = [log.db.run(chain.purge, now=log.now) for _ in range(2)]
    log.linked(1)

    assert (gone, log.problems()) == ([4, 0], [])
