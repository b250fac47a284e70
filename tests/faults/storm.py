"""What the faults have in common: events that keep coming, and the base that they are of."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from running import System, deliver

from nyxter_online.simulate import base, live
from schemas.instant import business_today
from streams.clock import now_ms

RULES = (Path(__file__).parents[2] / "examples" / "nyxter.toml").read_text("utf-8")
_PORTION = 100


def today() -> date:
    """Return the business day of now."""
    return business_today(now_ms())


def orders(seed: int, customers: int, count: int) -> list[Mapping[str, Any]]:
    """Return so many events: a base with its history, then what its customers do today."""
    start = datetime.now(UTC) - timedelta(minutes=30)
    history = islice(base(seed, customers, today()), count)
    listed: list[Mapping[str, Any]] = [*history]
    fresh = live(seed, customers, start, per_second=500)
    return listed + list(islice(fresh, max(0, count - len(listed))))


@contextmanager
def arriving(
    system: System, events: Iterable[Mapping[str, Any]], per_second: float
) -> Iterator[threading.Thread]:
    """Send events meanwhile, at a rate; at the end of the block all of them are sent."""
    failed: list[BaseException] = []

    def send() -> None:
        waiting, producer = iter(events), system.producer()
        try:
            while portion := list(islice(waiting, _PORTION)):
                until = time.monotonic() + len(portion) / per_second
                deliver(producer, portion)
                time.sleep(max(0.0, until - time.monotonic()))
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    sender = threading.Thread(target=send, name="sender", daemon=True)
    sender.start()
    yield sender
    sender.join()
    if failed:
        raise failed[0]
