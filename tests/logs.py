"""A pytest plugin: after every test it is looked for what no log may ever hold, in all that was said meanwhile.

All that is what pytest captured of this process and of those that write to its terminal, the events that a test caught
before they were written, and the logs of a world's processes. What a test takes with `capsys` it judges by itself:
a command line may well show its user a name.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest
from structlog.testing import LogCapture

from hospital_bot.services import otp

NEVER = {
    "a bot's token": r"simulated-token-of|\d{5,}(?::|%3A)AA[A-Za-z0-9_-]{20,}",
    "a token of the API": r"\beyJ[A-Za-z0-9_-]{10,}\.",
    "a key or a webhook's secret": r"an invented secret of|a-webhook-secret-of",
    "a password": r"nine geese fly|three blue herons|sails at dawn|hunter2|mysql\+pymysql://\w+:(?!password@host)[^@*\s]",
    "a password's hash": r"\$2b\$\d\d\$",
    "an authenticator's secret": r"\b[A-Z2-7]{32}\b",
    "an address of mail": r"@(people|patients|reminded|doctors)\.example",
    "an address": r"Harbour Road|Mill Road",
    "a telephone number": r"\+4930|901820|\+1555\d{4}",
    "a name": r"\bAnn (Lee|Palmer)\b|\bBen Okafor\b|\bDr\. (Amina )?Osei\b|Nora Lind",
    "a reason or a diagnosis": r"a private matter|a cough|an itch|ornithosis",
}
"""The invented people's well-known facts; what a log holds of anybody it would hold of these."""

codes: set[str] = set()
"""The one-time codes of the test that is running, right ones and wrong ones."""

INVENTED = {"000000", "123456", "111111"}
"""Typed by tests where any wrong code will do; numbers like these stand in other places, too."""

heard: list[str] = []
"""What was said in this test and is not captured by pytest."""


FAILED = pytest.StashKey[bool]()
"""A test that has failed shows whatever explains it."""


def hear(text: str) -> None:
    heard.append(text)


def leaks(text: str) -> list[str]:
    """What is in this text and must not be, each with its surroundings."""
    patterns = NEVER | ({"a one-time code": rf"(?<![\d.])(?:{'|'.join(codes)})(?!\d)"} if codes else {})
    found = ((what, re.search(pattern, text)) for what, pattern in patterns.items())
    return [f"{what}: …{text[max(0, hit.start() - 80) : hit.end() + 40]}…" for what, hit in found if hit]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "setup":
        heard.clear()
        codes.clear()
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    if report.when == "teardown" and not item.stash[FAILED]:
        found = leaks("\n".join([*(text for _, text in report.sections), *heard]))
        if found:
            report.outcome = "failed"
            report.longrepr = "\n".join([f"{item.nodeid} let into its output", *found])
    return report


def _also_heard(capture: Any) -> Any:
    def catch(self: LogCapture, logger: Any, method: str, event: Any) -> Any:
        hear(repr(event))
        return capture(self, logger, method, event)

    return catch


def _also_known(digest: Any) -> Any:
    def remember(keys: Any, user_id: int, purpose: str, channel: str, code: str) -> Any:
        if re.fullmatch(r"[0-9]{6}", code) and code not in INVENTED:
            codes.add(code)
        return digest(keys, user_id, purpose, channel, code)

    return remember


LogCapture.__call__ = _also_heard(LogCapture.__call__)  # type: ignore[method-assign]
otp._digest = _also_known(otp._digest)
