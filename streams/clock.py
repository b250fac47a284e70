"""The time of now: read here, handed in everywhere else."""

import time

from schemas.instant import instant_of


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def now() -> str:
    """Return the RFC 3339 time of now."""
    return instant_of(now_ms()) + "Z"
