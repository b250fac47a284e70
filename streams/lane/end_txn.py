"""Whether each EndTxn request of an epoch was sent once: only then may the epoch be used further.

librdkafka ends transactions by EndTxn version 1. Kafka cannot see which transaction such a request
was meant for: one that comes late, of a connection that broke, ends the *next* transaction of the
same epoch, wherever that one has come to. librdkafka sends again by itself and does not report it.
What it does (2.16: rdkafka_txnmgr.c, rdkafka_broker.c) leaves two ways to know:

- An EndTxn is sent by `commit_transaction` and `abort_transaction` alone, once each; only
  `rd_kafka_buf_retry` sends it again, and not before `retry.backoff.ms` less 20 % have passed since
  the first one failed. (A new coordinator is looked for meanwhile, which sends nothing.) So an
  answer that came sooner is the answer to the only one.
- The client counts requests when their last byte is handed to the system: `req.EndTxn` of the
  broker "TxnCoordinator" in its statistics, which stays the same one when the coordinator moves.
  Where that equals what was asked for, each was sent once and answered.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from schemas.envelope import loads

_BACKOFF_MS: Final = 500
FIRST_ANSWER_S: Final = 0.4
"""What took less was not sent again: the backoff varies by a fifth."""

_EVERY_MS: Final = 500
_STATISTICS_S: Final = 5.0
_LOOK_S: Final = 0.05

SENT_AGAIN: Final = "EndTxn was sent more than once"
UNCOUNTED: Final = "it is not known how often EndTxn was sent"


class EndTxns:
    """The EndTxn requests of one epoch: how many were asked for, and how many sent."""

    def __init__(self) -> None:
        self._asked = 0
        self._sent = 0
        self._counted_at = 0.0  # the time of the latest statistics
        self._slow_at: float | None = None  # when an answer came that is not looked at yet
        self._countable = True
        self._distrust = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The librdkafka settings that this rests on."""
        return {
            "retry.backoff.ms": _BACKOFF_MS,
            "retry.backoff.max.ms": 2 * _BACKOFF_MS,
            "statistics.interval.ms": _EVERY_MS,
            "stats_cb": self.count,
        }

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Count and time what ends a transaction, however it ends itself."""
        self._asked += 1
        began = time.monotonic()
        try:
            yield
        finally:
            ended = time.monotonic()
            if ended - began >= FIRST_ANSWER_S:
                self._slow_at = ended

    def give_up_counting(self) -> None:
        """Take note of an abort: it may have sent nothing, which hides what was sent twice."""
        self._countable = False

    def count(self, statistics: str) -> None:
        """Take in librdkafka's statistics; `ts` is of the clock of `time.monotonic`."""
        read = loads(statistics)
        coordinator = read["brokers"].get("TxnCoordinator", {})
        self._sent = coordinator.get("req", {}).get("EndTxn", 0)
        self._counted_at = read["ts"] / 1e6
        if self._sent > self._asked:
            self._distrust = self._distrust or SENT_AGAIN

    def distrust(self, poll: Callable[[float], Any]) -> str:
        """Return why the epoch may not be used further, "" where it may.

        Parameters
        ----------
        poll
            Serves the client's callbacks for so many seconds; called until the statistics are
            of a later time than the last slow answer.

        """
        if self._slow_at is not None and not self._distrust:
            self._distrust = self._look_at(self._slow_at, poll)
            self._slow_at = None
        return self._distrust

    def _look_at(self, slow_at: float, poll: Callable[[float], Any]) -> str:
        limit = time.monotonic() + _STATISTICS_S
        while self._countable and time.monotonic() < limit:
            if slow_at <= self._counted_at <= time.monotonic():  # a later one has another clock
                break
            poll(_LOOK_S)
        else:
            return UNCOUNTED
        if self._sent == self._asked:
            return ""
        return SENT_AGAIN if self._sent > self._asked else UNCOUNTED
