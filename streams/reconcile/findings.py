"""What a comparison found, in as little memory as there is limit."""

from collections import Counter
from typing import Any, NamedTuple


class CannotCompare(Exception):  # noqa: N818 - it names what is the case
    """There is nothing to compare with, or things move; the message says what."""


class Finding(NamedTuple):
    """One difference.

    Attributes
    ----------
    what
        The kind of difference, in words.
    customer
        Whose; None where it is nobody's.
    where
        Field, segment, output or offset; "" where that is all.

    """

    what: str
    customer: str | None
    where: str = ""

    def text(self) -> str:
        """Return it in a line.

        >>> Finding("card differs", "K1", "tier").text()
        'K1: card differs: tier'
        """
        return ": ".join(word for word in (self.customer, self.what, self.where) if word)


class Findings:
    """Differences of one comparison: all counted by kind, some of each kind kept.

    Parameters
    ----------
    limit
        How many of each kind to keep.

    Attributes
    ----------
    compared
        How many things were compared.
    expired
        How many could not be, because their topic keeps them no more.
    counts, kept
        Differences by kind, and those kept.

    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.compared = self.expired = 0
        self.counts: Counter[str] = Counter()
        self.kept: list[Finding] = []

    def add(self, what: str, customer: bytes | str | None, where: str = "") -> None:
        """Take a difference."""
        self.counts[what] += 1
        if self.counts[what] <= self._limit:
            name = customer.decode("utf-8", "replace") if isinstance(customer, bytes) else customer
            self.kept.append(Finding(what, name, where))

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {
            "compared": self.compared,
            "expired": self.expired,
            "differences": dict(self.counts),
            "listed": [finding._asdict() for finding in self.kept],
        }
