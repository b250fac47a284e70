"""The receipt of an erasure: what is gone, what is still held where and until when; no one's data.

It names the customer as the state does, by a keyed hash of the id: who has the secret and an id
can tell whether the receipt is theirs, nobody can tell the id from it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from confluent_kafka.admin import AdminClient
from pydantic import BaseModel, ConfigDict, ValidationError

from streams import topics

_INPUTS: Final = (*topics.INPUTS, topics.REPARTITION)
_COMPACTED: Final = (topics.PROFILES, topics.SUMMARIES, topics.SNAPSHOTS)
_DAY: Final = timedelta(days=1)

Sort = Literal["input", "dead letters", "past outputs", "replaced records"]


class BadReceipt(ValueError):  # noqa: N818 - it names what is the case
    """A file holds what is no receipt: which line, and what is wrong with it."""


class StillHeld(BaseModel):
    """A topic that still holds records about the customer.

    `days` is how long the broker keeps them, None for ever; `until` is the day by which the last
    of them is dropped, where nothing is added.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    what: Sort
    days: float | None
    until: str | None


class Receipt(BaseModel):
    """What was done, for whoever has to show it.

    `removed` counts what was held before; `snapshot` is the number of the first one seen that does
    not count the customer; `keyed` tells whether the hidden name is made with a secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipt: Literal["nyxter.erasure.v1"] = "nyxter.erasure.v1"
    hidden_name: str
    keyed: bool
    erased_up_to: str
    confirmed_at: str
    removed: dict[str, int]
    snapshot: int
    still_held: tuple[StillHeld, ...]
    software: str

    def line(self) -> bytes:
        """Return the receipt as one line of JSON."""
        return self.model_dump_json().encode() + b"\n"


def software() -> str:
    """Return the name and version of this software."""
    return f"nyxter-online {version('nyxter-online')}"


def read_receipts(path: Path) -> list[Receipt]:
    """Return the receipts of a file, one JSON a line (BadReceipt, OSError)."""
    receipts = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            receipts.append(Receipt.model_validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the line"
            raise BadReceipt(f"{path}, line {number}: {place}: {first['msg']}") from None
    return receipts


def still_held(admin: AdminClient, changelog: str, now_ms: int) -> tuple[StillHeld, ...]:
    """Return what topics keep beyond an erasure, as the broker is configured now.

    Raises ``KafkaException`` where the broker does not tell.
    """
    sorts: dict[str, Sort] = dict.fromkeys(_INPUTS, "input")
    sorts |= {topics.DEAD_LETTERS: "dead letters", topics.SEGMENT_EVENTS: "past outputs"}
    sorts |= dict.fromkeys((*_COMPACTED, changelog), "replaced records")
    configs = topics.configs_of(admin, list(sorts))
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return tuple(_held(name, what, configs[name], now) for name, what in sorts.items())


def _held(name: str, what: Sort, config: Mapping[str, str], now: datetime) -> StillHeld:
    keys = ["retention.ms"]
    if what == "replaced records":  # first the record goes, then what tells that it went
        keys = ["max.compaction.lag.ms", "delete.retention.ms"]
    days = sum(int(config[key]) for key in keys) / topics.DAY_MS
    if days < 0 or days > (datetime.max.replace(tzinfo=UTC) - now) / _DAY:
        return StillHeld(topic=name, what=what, days=None, until=None)
    until = (now + days * _DAY + _DAY).date().isoformat()
    return StillHeld(topic=name, what=what, days=days, until=until)
