"""Logs: JSON lines on standard error, with nothing of a customer in them but the id."""

import logging
import sys
import traceback
from typing import Any, Final

import structlog

_QUIET: Final = ("faust", "mode", "aiokafka", "kafka")


def set_up_logs(level: int = logging.INFO) -> None:
    """Send what structlog and the standard loggers say to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def where(error: BaseException) -> dict[str, Any]:
    """Return what a log may tell of an error: its type and where it came from.

    Its text is left out: it may quote what a customer's event says.
    """
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames
    ]
    return {"error": type(error).__name__, "at": places}
