"""What became of a write to Redis."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a script answered for each of several things; false where it was not permitted.

    Attributes
    ----------
    is_permitted
        Whether nobody else may write any of them now.
    refused
        What was not written, with the foreign keys in its way.
    without
        Foreign keys without which the rest was written.

    """

    is_permitted: bool
    refused: Mapping[T, list[bytes]]
    without: frozenset[bytes]

    @classmethod
    def of(cls, replies: Mapping[T, Any]) -> Self:
        """Return what replies come to: 1, 0, or a list of 1 or 0 and foreign keys.

        >>> Written.of({"a": 1, "b": [1, b"k"], "c": [0, b"l"]}).refused
        {'c': [b'l']}
        """
        foreign = {of: reply for of, reply in replies.items() if isinstance(reply, list)}
        refused = {of: list(keys) for of, (is_written, *keys) in foreign.items() if not is_written}
        without = frozenset(key for reply in foreign.values() if reply[0] for key in reply[1:])
        return cls(all(replies.values()), refused, without)

    def __bool__(self) -> bool:
        """Return whether it was permitted."""
        return self.is_permitted
