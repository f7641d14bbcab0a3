"""One core for what is measured; its neighbours, the database and a simulated Telegram, have the others.

A tap is a dozen short waits for them. Where they share its core, its data are out of the processor's caches after each
wait, and the same work takes up to half as much again; a bare bot, which waits for three answers, hardly notices.
A thread hands its cores on to the threads and processes that it starts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

ALL = sorted(os.sched_getaffinity(0))
MEASURED, NEIGHBOURS = set(ALL[-1:]), set(ALL[:-1]) or set(ALL)


@contextmanager
def placed(cores: set[int]) -> Iterator[None]:
    """This thread runs there meanwhile, and whatever it starts stays there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
