"""What the cells of a file can only mean: the order of its dates, and what parts its decimals."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from streams.importing.conversion import Dates, Decimals, cleaned

_MONTHS: Final = 12
_DATE: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})(?:[T ].*)?")
_NUMBER: Final = re.compile(r"[-+(]?(?:R\$)?[-+(]?(\d+(?:[.,]\d+)+)[-)]?")
_THOUSAND: Final = 3  # digits


class Votes(NamedTuple):
    """Different texts that can only mean the first, only the second, or either.

    Where nothing can be meant by more than one, nothing has to be chosen.
    """

    first: int = 0
    second: int = 0
    either: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a choice matters and nothing decides it."""
        return self.first == self.second and bool(self.first or self.either)


def date_votes(texts: Iterable[str]) -> Votes:
    """Return what dates say for day first and for month first.

    >>> date_votes(["03/11/2026", "31/12/2025", "2026-01-02"])
    Votes(first=1, second=0, either=1)
    """
    first = second = either = 0
    for text in texts:
        if match := _DATE.fullmatch(cleaned(text)):
            one, two = int(match[1]), int(match[2])
            first += one > _MONTHS >= two
            second += two > _MONTHS >= one
            either += one <= _MONTHS and two <= _MONTHS and one != two
    return Votes(first, second, either)


def decimal_votes(texts: Iterable[str]) -> Votes:
    """Return what numbers say for a decimal comma and for a decimal point.

    >>> decimal_votes(["1.234,56", "7,5", "1.234", "12"])
    Votes(first=2, second=0, either=1)
    """
    votes = [_decimal(match[1]) for text in texts if (match := _number(text))]
    return Votes(votes.count(","), votes.count("."), votes.count(""))


def _number(text: str) -> re.Match[str] | None:
    return _NUMBER.fullmatch(cleaned(text).replace(" ", ""))


def _decimal(digits: str) -> str:
    """Return the decimal sign of a number with signs in it; empty where it may be either."""
    signs = re.sub(r"\d", "", digits)
    last = signs[-1]
    if len(set(signs)) > 1:
        return last
    other = "." if last == "," else ","
    if len(signs) > 1:
        return other  # what is there twice groups
    whole, _, end = digits.partition(last)
    is_group = len(end) == _THOUSAND and len(whole) <= _THOUSAND and not whole.startswith("0")
    return "" if is_group else last


def chosen_dates(votes: Votes) -> Dates:
    """Return the order that most dates speak for; day first where it does not matter."""
    return Dates.MDY if votes.second > votes.first else Dates.DMY


def chosen_decimals(votes: Votes) -> Decimals:
    """Return the sign that most numbers speak for; the comma where it does not matter."""
    return Decimals.POINT if votes.second > votes.first else Decimals.COMMA
