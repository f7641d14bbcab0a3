"""Logs: one line per event, ids only. JSON where a machine reads them, plain text at a terminal.

What an exception says may quote a person, a password, a statement: only its kind is written, and where it was raised.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from hospital_bot.telegram.bot import quiet_libraries, redact

OURS = ("hospital_bot", "handlers")


class _Redacted(structlog.stdlib.ProcessorFormatter):
    """Takes bot tokens out of the finished line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def kind_and_place(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """`errors`, from the last to its first cause, each with file and line."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if given is True:
        error = sys.exc_info()[1]
    found: list[str] = []
    while isinstance(error, BaseException) and len(found) < 10:  # a ring of causes has no end
        found.append(type(error).__name__ + _place(error.__traceback__))
        error = error.__cause__ or error.__context__
    if found:
        event["errors"] = found
    return event


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def first_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Of what a library says: the rest shows what it was working on."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def crashed(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """The last words of a process that a bug ends."""
    structlog.get_logger().critical("crashed", exc_info=error)


def set_up(level: int = logging.INFO) -> None:
    """Send our events and the libraries' warnings to standard error; no token gets through.

    Libraries write rows, requests and updates at lower levels: those are never heard.
    """
    at_terminal = sys.stderr.isatty()
    renderer: Processor = structlog.dev.ConsoleRenderer() if at_terminal else structlog.processors.JSONRenderer()
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        _Redacted(
            foreign_pre_chain=[*shared, first_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, kind_and_place, renderer],
        )
    )
    sys.excepthook = crashed
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that outlasts its period is no news
    quiet_libraries()
