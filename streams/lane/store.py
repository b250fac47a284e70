"""The store under Faust's table: what the lanes have loaded, read as a mapping.

State is loaded by the lanes and written by their transactions, so Faust's own recovery and its
changelog writes are kept out of the way: every partition counts as persisted beyond any end, and
setting a value raises.
"""

from collections.abc import Iterator
from typing import Any, Final

from faust.stores import base
from faust.types import TP

from streams.lane.lanes import Lanes

_BEYOND_ANY_END: Final = 2**62


class Store(base.Store):
    """The store `lane://`: keys are customer ids, values are what a shift keeps under them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lanes: Lanes = self.app.lanes

    def persisted_offset(self, tp: TP) -> int:
        """Say that there is nothing to recover: the lanes load by themselves."""
        del tp
        return _BEYOND_ANY_END

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Give the lanes their partitions; loading goes on outside the rebalance."""
        del revoked, newly_assigned, generation_id
        sources = self._lanes.config.sources
        self._lanes.assign({tp.partition for tp in assigned if tp.topic in sources})

    def __getitem__(self, key: str) -> Any:
        for lane in self._lanes:
            value = lane.shift.get(key)
            if value is not None:
                return value
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        for lane in self._lanes:
            yield from lane.shift.keys()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return any(lane.shift.get(str(key)) is not None for lane in self._lanes)

    def __setitem__(self, key: str, value: object) -> None:
        raise NotImplementedError("the lanes write, in the transaction of a batch")

    def __delitem__(self, key: str) -> None:
        raise NotImplementedError("the lanes write, in the transaction of a batch")

    def apply_changelog_batch(self, *args: object, **kwargs: object) -> None:
        """Take nothing: Faust has nothing to recover."""

    def reset_state(self) -> None:
        """Reset nothing: the state is the broker's."""

    async def backup_partition(self, *args: object, **kwargs: object) -> None:
        """Raise: the changelog is the backup."""
        raise NotImplementedError("the changelog is the backup")

    def restore_backup(self, *args: object, **kwargs: object) -> None:
        """Raise: the changelog is the backup."""
        raise NotImplementedError("the changelog is the backup")
