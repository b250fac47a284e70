"""Where records are: one partition of one topic."""

from typing import NamedTuple


class Place(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int

    @property
    def name(self) -> str:
        """How Redis calls it.

        >>> Place("nyxter.profiles.v1", 3).name
        'nyxter.profiles.v1:3'
        """
        return f"{self.topic}:{self.partition}"
