"""Logs: one line per event, ids only. JSON where a machine reads them, plain text at a terminal."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

from hospital_bot.telegram.bot import quiet_libraries, redact


class _Redacted(structlog.stdlib.ProcessorFormatter):
    """Takes bot tokens out of the finished line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(level: int = logging.INFO) -> None:
    """Send structlog and the libraries' warnings to standard error; no token gets through."""
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
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("alembic", "apscheduler", "uvicorn", "aiosmtpd", "mail.log", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    quiet_libraries()
