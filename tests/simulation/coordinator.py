"""The coordinator of transactions: ids, epochs, and what ends a transaction (version 1).

A client that does not speak transactions of version 2 names in its EndTxn a producer's id and epoch
and nothing else: one that comes late ends whatever of that epoch is under way then.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from simulation.kernel import Kernel
from simulation.logs import Intent, Log, Txn

OK = ""
FENCED = "PRODUCER_FENCED"
WRONG_STATE = "INVALID_TXN_STATE"
CONCURRENT = "CONCURRENT_TRANSACTIONS"
MOVED = "NOT_COORDINATOR"
LOOKS_S = 10.0  # how often transactions are looked for whose time is over


class _Name:
    """A transactional id."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.epoch = -1
        self.state = "empty"  # ongoing, prepared, committed, aborted
        self.txn: Txn | None = None
        self.timeout_s = 60.0


class Coordinator:
    """Knows all transactional ids.

    Parameters
    ----------
    kernel, log_of
        Clock, and where partitions are.
    on_end
        Called with each transaction when it is decided, and by whom.

    """

    def __init__(
        self,
        kernel: Kernel,
        log_of: Callable[[str, int], Log],
        on_end: Callable[[str, Txn], None],
    ) -> None:
        self.names: dict[str, _Name] = {}
        self.moves_until = 0.0  # till then nobody coordinates
        self.marker_s = 0.002
        self._kernel = kernel
        self._log_of = log_of
        self._on_end = on_end
        self._transactions = 0
        kernel.call_later(LOOKS_S, self._look)

    def init(self, name: str, timeout_s: float, known: tuple[int, int] | None) -> Any:
        """Give a producer its id and a new epoch: whoever had one before is fenced.

        `known` is what a producer has that only wants its next epoch.
        """
        if self._is_away:
            return MOVED, None
        held = self.names.setdefault(name, _Name(1_000 + len(self.names)))
        if known is not None and known != (held.number, held.epoch):
            return FENCED, None
        if held.state == "prepared":
            return CONCURRENT, None
        if held.state == "ongoing":
            held.epoch += 1
            self._decide(name, held, commit=False)
            return CONCURRENT, None
        held.epoch += 1
        held.state, held.timeout_s = "empty", timeout_s
        return OK, (held.number, held.epoch)

    def add(self, name: str, producer: tuple[int, int], places: list[tuple[str, int]]) -> str:
        """Take partitions into a producer's transaction; the first ones begin it."""
        if self._is_away:
            return MOVED
        held = self.names[name]
        if producer != (held.number, held.epoch):
            return FENCED
        if held.state == "prepared":
            return CONCURRENT
        if held.state != "ongoing":
            self._transactions += 1
            held.txn = Txn(self._transactions, producer, self._kernel.now)
            held.state = "ongoing"
        assert held.txn is not None
        held.txn.places.update(dict.fromkeys(places))
        return OK

    def under_way(self, name: str, producer: tuple[int, int], place: tuple[str, int]) -> Any:
        """Return the transaction that a producer may write to a partition in, or an error."""
        held = self.names[name]
        if producer != (held.number, held.epoch):
            return FENCED
        if held.state != "ongoing" or held.txn is None or place not in held.txn.places:
            return WRONG_STATE
        return held.txn

    def end(
        self, name: str, producer: tuple[int, int], meant: Intent | None, *, commit: bool
    ) -> str:
        """End the transaction of an epoch, whichever it is; `meant` only the simulation knows."""
        if self._is_away:
            return MOVED
        held = self.names[name]
        if producer != (held.number, held.epoch):
            self._kernel.sometimes["EndTxn of an old epoch refused"] += 1
            return FENCED
        if held.state == "ongoing":
            if meant is not None and held.txn is not None:
                self._note_meant(held.txn, meant)
            self._decide(name, held, commit=commit)
            return OK
        if held.state == "prepared":
            return CONCURRENT
        return OK if held.state == ("committed" if commit else "aborted") else WRONG_STATE

    def _note_meant(self, txn: Txn, meant: Intent) -> None:
        if any(record.intent is not meant for _, _, record in txn.records):
            self._kernel.sometimes["EndTxn ended another transaction"] += 1

    @property
    def _is_away(self) -> bool:
        return self._kernel.now < self.moves_until

    def _decide(self, name: str, held: _Name, *, commit: bool) -> None:
        txn = held.txn
        assert txn is not None
        held.state, txn.result = "prepared", commit
        self._kernel.trace("decided", name, txn.number, commit, len(txn.records))
        self._on_end(name, txn)
        left = list(txn.places)
        waits = sorted(self._kernel.random.random() * self.marker_s for _ in left)
        for place, wait in zip(left, waits, strict=True):
            self._kernel.call_later(wait, partial(self._mark, txn, place))
        self._kernel.call_later(self.marker_s, partial(self._complete, held, txn))

    def _mark(self, txn: Txn, place: tuple[str, int]) -> None:
        self._log_of(*place).mark(txn)

    def _complete(self, held: _Name, txn: Txn) -> None:
        if held.txn is txn:
            held.state = "committed" if txn.result else "aborted"
            held.txn = None

    def _look(self) -> None:
        """Abort what is under way for too long; its producer is fenced."""
        now = self._kernel.now
        for name, held in self.names.items():
            if held.state == "ongoing" and held.txn and now - held.txn.began_at > held.timeout_s:
                self._kernel.trace("timed out", name)
                self._kernel.sometimes["transaction timed out"] += 1
                held.epoch += 1
                self._decide(name, held, commit=False)
        self._kernel.call_later(LOOKS_S, self._look)
