"""What is noted while records become rows: names for the dimensions, and what cannot be read."""

from dataclasses import dataclass, field
from typing import Final

from streams.exporting.dimensions import Named
from streams.place import Place

UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError)
"""What is raised by a record that is not in the published shape."""


@dataclass
class Met:
    """Names that rows have, and records that could not be read: how many, and where the first."""

    segments: set[Named] = field(default_factory=set)
    stages: set[Named] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    unreadable: int = 0
    first_unreadable: str = ""

    def note_unreadable(self, place: Place, offset: int) -> None:
        """Count a record that could not be read."""
        if not self.unreadable:
            self.first_unreadable = f"{place.topic}, partition {place.partition}, offset {offset}"
        self.unreadable += 1
