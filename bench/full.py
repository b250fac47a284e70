"""The full job: a worker that scores, explains and publishes, beside the step alone."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from bench.ground import PARTITIONS, Ground, wait_until
from bench.journal import Commit, Journal
from bench.latency import Place, latencies
from bench.purchases import Purchase
from bench.simulated import bought, history, in_turn
from bench.sizes import Sizes
from bench.step_alone import Bench, batches_of
from bench.table import Figure, at_least, rate
from nyxter_online.customers import BUCKETS
from nyxter_online.epochs import Epoch
from nyxter_online.intake import Line
from nyxter_online.ranks import Snapshot
from schemas.instant import business_today
from schemas.rules import load_rules
from streams import topics
from streams.clock import now_ms
from streams.segmenter.board import Board
from streams.segmenter.entry import Entry
from streams.segmenter.snapshots import SnapshotReader

_RULES = Path(__file__).resolve().parents[1] / "examples" / "nyxter.toml"
_FORMER = b"T9"  # where the ids of the base's former customers begin
_OF_STEP = 0.5


class FullJob:
    """A worker with a base of customers, all of them scored.

    Parameters
    ----------
    ground
        Where it runs; the worker goes on until `stack` ends.
    customers
        How many there are.

    """

    def __init__(self, ground: Ground, customers: int, stack: ExitStack) -> None:
        self.rules = load_rules(_RULES)
        self._ground = ground
        self._board = Board()
        self._reader = SnapshotReader(ground.client, self.rules, self._board)
        ground.create(topics.every_topic(ground.settings))
        self.customers = self._send_base(customers)
        worker = ("streams.cli", "worker", "--rules", str(_RULES))
        stack.enter_context(ground.running("worker", *worker))
        self.journal = stack.enter_context(Journal(ground.client))
        self._reader.start()
        stack.callback(self._reader.stop)
        wait_until(self._is_settled, "everyone is scored by a snapshot that covers the base")

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that everyone is scored by."""
        assert self._board.latest is not None
        return self._board.latest

    @property
    def epoch(self) -> Epoch:
        """The epoch of the mixture that gives everyone their profile."""
        assert self._board.epoch is not None
        return self._board.epoch

    def _send_base(self, customers: int) -> list[bytes]:
        by_topic = history(customers, today())
        for topic, events in by_topic.items():
            self._ground.send(topic, events)
        return sorted({key for key, _ in by_topic[topics.CUSTOMERS] if key < _FORMER})

    def _is_settled(self) -> bool:
        """Tell whether a snapshot covers everything and every partition has swept by it.

        The mixture has come to its end too, so that it does not learn in the midst of the job.
        """
        header, epoch = self._reader.header, self._board.epoch
        if header is None or not self._ground.is_covered_by(header.next):
            return False
        in_use = {partition: entry.epoch for partition, entry, _ in self.journal.commits}
        if epoch is None or epoch.step > 0 or set(in_use.values()) != {epoch.number}:
            return False
        last = {p: entry for p, entry, _ in self.journal.commits if entry.sweep is not None}
        done = [p for p, entry in last.items() if _ends_sweep(entry, header.number)]
        return len(done) == PARTITIONS

    def handle(self, purchases: list[Purchase]) -> "Handled":
        """Send purchases and wait until all are committed."""
        commits = self.journal.commits
        since = len(commits)
        sent = self._ground.send(topics.PURCHASES, purchases)
        wait_until(lambda: self.journal.applied(since) >= len(sent), "all is committed")
        return Handled(sent, [commit for commit in commits[since:] if commit.messages])


class Handled(NamedTuple):
    """What was sent to a worker, with partitions, and the commits that it came to."""

    sent: list[tuple[int, Line]]
    commits: list[Commit]

    @property
    def per_second(self) -> float:
        """Events a second, from the first commit to the last."""
        first, last = self.commits[0], self.commits[-1]
        return (len(self.sent) - first.messages) / (last.seen - first.seen)


def full_figures(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield the throughput of the full job beside the step alone, and its latency."""
    name = "full job on the lane"
    with ExitStack() as stack:
        job = FullJob(ground, sizes.customers, stack)
        bench = Bench(ground, job.rules, job.snapshot, job.epoch)
        handled = job.handle(bought(sizes.customers, sizes.full))
        place = Place(topics.PURCHASES, topics.PROFILES, _orders, marked=True)
        purchases = in_turn(job.customers, today())
        latency = list(latencies(ground, name, place, purchases, sizes.latency_s))
    alone = bench.run(batches_of(handled.commits, handled.sent))
    ratio = handled.per_second / alone
    peer = f"step alone {rate(alone)}"
    yield Figure(name, rate(handled.per_second), peer, ratio, at_least(ratio, _OF_STEP))
    yield from latency


def today() -> date:
    """Return the business day of now."""
    return business_today(now_ms())


def _orders(profile: Any) -> int:
    return int(profile["raw"]["orders"])


def _ends_sweep(entry: Entry, snapshot: int) -> bool:
    """Tell whether an entry is the end of a sweep that made every card exact by a snapshot."""
    sweep = entry.sweep
    assert sweep is not None
    return (
        entry.snapshot == snapshot
        and sweep.end == BUCKETS
        and sweep.whom in ("differing", "everyone")
    )
