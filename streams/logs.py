"""Logs: JSON lines on standard error, with nothing of a customer in them but the id."""

import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

_SELDOM_S: Final = 30.0
_NUMBERS: Final = re.compile(r"\d+")
_QUIET: Final = ("faust", "mode", "aiokafka", "kafka")
KAFKA: Final = logging.getLogger("librdkafka")
"""Where Kafka's clients say what troubles them."""


def set_up_logs(level: int = logging.INFO) -> None:
    """Send what structlog and the standard loggers say to standard error."""
    ours: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    to_json: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*ours, to_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,  # whoever replaces standard error is followed
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*ours, structlog.stdlib.add_logger_name, _place_of_error],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, to_json],
        )
    )
    handler.addFilter(_Seldom())
    threading.excepthook = _thread_broken
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _thread_broken(told: threading.ExceptHookArgs) -> None:
    name = told.thread.name if told.thread is not None else "?"
    if told.exc_value is not None:
        structlog.get_logger().error("thread broken", thread=name, **where(told.exc_value))


class _StandardError(logging.StreamHandler[Any]):
    """Writes to what is standard error at the moment."""

    @property
    def stream(self) -> Any:
        """Standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, _: Any) -> None:
        """Keep to it."""


class _Seldom(logging.Filter):
    """Lets through once in half a minute what differs in numbers only: a broker that is away."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be written."""
        text, now = _NUMBERS.sub("0", record.getMessage()), time.monotonic()
        if now - self._said.get(text, float("-inf")) < _SELDOM_S:
            return False
        self._said[text] = now
        return True


def _place_of_error(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Put where an error came from in place of its text, which may quote a customer's event."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event.update(where(error))
    return event


def where(error: BaseException) -> dict[str, Any]:
    """Return what a log may tell of an error: its type and where it came from.

    Its text is left out: it may quote what a customer's event says.
    """
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames
    ]
    return {"error": type(error).__name__, "at": places}
