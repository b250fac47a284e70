"""What permits a process to write: that Redis still names it."""

from typing import NamedTuple, Protocol


class Permit(NamedTuple):
    """What Redis has to hold for a write to be done: a hash's key, a field, its value."""

    key: bytes
    field: str
    value: str


class Permits(Protocol):
    """Tells what permits to write a partition's customers."""

    def permit(self, partition: int) -> Permit:
        """Return what has to hold."""
