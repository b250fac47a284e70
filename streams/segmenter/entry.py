"""The journal: one entry per transaction, with all that depended on timing.

Live decides and writes entries; `nyxter replay --journal` reads them and does the same again.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from nyxter_online.step import Whom
from schemas.envelope import dumps, loads
from schemas.outputs import Cause
from streams.lane.changelog import OtherVersion
from streams.lane.records import Span

VERSION: Final = 2


class Sweep(NamedTuple):
    """Part of a sweep: the buckets from `first` up to, not including, `end`."""

    first: int
    end: int
    cause: Cause
    whom: Whom


class Entry(NamedTuple):
    """What one transaction of a partition did.

    Attributes
    ----------
    number
        Rising by 1 from 1.
    at
        RFC 3339 time that the outputs bear.
    rules
        Version of the rules.
    snapshot
        Number of the snapshot that customers are scored by from here on; 0: none is at hand.
    epoch
        Number of the epoch of the mixture in use from here on; 0: none is at hand.
    sweep
        The part of a sweep, in a transaction without messages.
    summary
        Whether the state before it was summarised in this transaction.
    spans
        Ranges of offsets applied, in order.
    poison
        Why the one message of this transaction could not be applied, where it could not.
    skipped
        Why the offsets of `spans` are passed over and not applied: where a topic begins, or what a
        person said (`nyxter skip`). None: they are applied. A span that ends before it starts goes
        over to the start of a topic that was made anew.
    topic_ids
        The ids of topics from here on, where they become known or change.

    """

    number: int
    at: str
    rules: str
    snapshot: int
    epoch: int
    sweep: Sweep | None
    summary: bool
    spans: list[Span]
    poison: str | None
    skipped: str | None = None
    topic_ids: Mapping[str, str] | None = None

    def value(self) -> bytes:
        """Return the entry as the value of a journal record."""
        sweep = None if self.sweep is None else list(self.sweep)
        fields = {"version": VERSION, "kind": "transaction", **self._asdict(), "sweep": sweep}
        if self.skipped is None:
            del fields["skipped"], fields["topic_ids"]
        return dumps(fields)


class Composition(NamedTuple):
    """Of which summaries a snapshot is made: by partition, the number of the entry they lie in."""

    snapshot: int
    day: int
    rules: str
    summaries: dict[int, int]

    def value(self) -> bytes:
        """Return the composition as the value of a journal record."""
        named = self._asdict() | {"summaries": {str(p): n for p, n in self.summaries.items()}}
        return dumps({"version": VERSION, "kind": "snapshot", **named})


class Learning(NamedTuple):
    """How an epoch of the mixture came about, and of which summaries.

    Attributes
    ----------
    epoch
        Its number.
    accepted
        Offset on the control topic (partition 0) of the event by which somebody accepted the model
        that begins here, -1 where none begins.
    summaries
        By partition, the number of the entry that they lie in.

    """

    epoch: int
    accepted: int
    summaries: dict[int, int]

    def value(self) -> bytes:
        """Return it as the value of a journal record."""
        named = self._asdict() | {"summaries": {str(p): n for p, n in self.summaries.items()}}
        return dumps({"version": VERSION, "kind": "epoch", **named})


def read_entry(value: bytes) -> Entry | Composition | Learning:
    """Return what a journal record tells (OtherVersion where another release wrote it)."""
    fields = loads(value)
    if fields.pop("version", None) != VERSION:
        raise OtherVersion("the journal was written by another release of Nyxter Online")
    kind = fields.pop("kind")
    if kind != "transaction":
        fields["summaries"] = {int(p): n for p, n in fields["summaries"].items()}
        return Composition(**fields) if kind == "snapshot" else Learning(**fields)
    if fields["sweep"] is not None:
        fields["sweep"] = Sweep(*fields["sweep"])
    fields["spans"] = [tuple(span) for span in fields["spans"]]
    return Entry(**fields)
