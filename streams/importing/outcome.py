"""What becomes of a row."""

from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a row; each row has one."""

    TAKEN = "taken"
    REPEAT = "exact repeat"
    CONTRADICTION = "contradiction"
    MISSING_KEY = "missing key"
    MISSING_VALUE = "missing value"
    WRONG_VALUE = "wrong value"
    OVER_LIMIT = "over a limit"
    UNREADABLE = "unreadable"


REJECTED = frozenset(Outcome) - {Outcome.TAKEN, Outcome.REPEAT}
"""What the reject report tells."""
