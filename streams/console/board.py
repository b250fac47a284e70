"""The newest snapshot, for pages that show ranks, limits and the mixture."""

from collections.abc import Mapping
from typing import Any

from nyxter_online.epochs import Epoch
from nyxter_online.ranks import Snapshot
from schemas.rules import Rules
from streams.segmenter.board import Board as Posted
from streams.segmenter.snapshots import SnapshotReader


class Board:
    """Follows the snapshots topic in a thread of its own, whatever becomes of the broker.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    rules
        They say how a snapshot ranks.

    """

    def __init__(self, client: Mapping[str, Any], rules: Rules) -> None:
        self._client = client
        self._rules = rules
        self._posted = Posted()
        self._reader: SnapshotReader | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The newest snapshot, None before the first was read."""
        return self._posted.latest

    @property
    def epoch(self) -> Epoch | None:
        """The newest epoch of the mixture, None before the first was read."""
        return self._posted.epoch

    @property
    def seen_at(self) -> int | None:
        """When the newest snapshot was published, in milliseconds since 1970; None: none was."""
        return None if self._reader is None else self._reader.published_at

    def start(self) -> None:
        """Begin to follow."""
        self._reader = SnapshotReader(self._client, self._rules, self._posted)
        self._reader.start()

    def stop(self) -> None:
        """Stop following."""
        if self._reader is not None:
            self._reader.stop()
