"""The format of a file, as it was found or told, and how it is shown."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from streams.importing.conversion import Dates, Decimals
from streams.importing.layout import Layout
from streams.importing.records import Reading
from streams.importing.votes import (
    Votes,
    chosen_dates,
    chosen_decimals,
    date_votes,
    decimal_votes,
)

_SEPARATORS: Final = {"\t": "tab", " ": "spaces"}
_DATES: Final = {Dates.DMY: "DD/MM/YYYY", Dates.MDY: "MM/DD/YYYY"}


class FormatOpen(ValueError):  # noqa: N818 - it names what is the case
    """The cells of a file can be read in two ways, and nobody said in which."""


class Form(NamedTuple):
    """How a file is read.

    Attributes
    ----------
    decimals, dates
        What its cells are read by.
    decimals_why, dates_why
        How that is known.

    """

    reading: Reading
    layout: Layout
    decimals: Decimals
    decimals_why: str
    dates: Dates
    dates_why: str

    def told(self) -> Iterator[tuple[str, str]]:
        """Yield what is shown of the format: what, and how it is."""
        layout, reading = self.layout, self.reading
        yield "encoding", reading.encoding
        yield "separator", _SEPARATORS.get(layout.separator, layout.separator)
        yield "quotes", reading.quote or "none"
        yield "header", f"line {layout.header}"
        yield "decimals", f"{self.decimals} ({self.decimals_why})"
        yield "dates", f"{_DATES[self.dates]} ({self.dates_why}); year first as well"
        columns = (f"{ours} = {layout.names[place]}" for ours, place in layout.places.items())
        yield "columns", f"{layout.preset}: {', '.join(columns)}"
        yield "not read", ", ".join(layout.passed_over) or "none"


def decimals_of(texts: Iterable[str], told: Decimals | None) -> tuple[Decimals, str]:
    """Return what parts the decimals, and how that is known (FormatOpen)."""
    if told is not None:
        return told, "as told"
    votes = decimal_votes(texts)
    if votes.is_open:
        raise FormatOpen(
            f"{_either(votes)} of the amounts are written like 1.234 or 1,234, which may be a "
            "thousand or a little more than one: tell --decimal comma or --decimal point"
        )
    return chosen_decimals(votes), _why(votes)


def dates_of(texts: Iterable[str], told: Dates | None) -> tuple[Dates, str]:
    """Return the order of dates, and how that is known (FormatOpen)."""
    if told is not None:
        return told, "as told"
    votes = date_votes(texts)
    if votes.is_open:
        raise FormatOpen(
            f"{_either(votes)} of the dates are written like 03/11/2026, which may be the 3rd of "
            "November or the 11th of March: tell --dates dmy or --dates mdy"
        )
    return chosen_dates(votes), _why(votes)


def _either(votes: Votes) -> str:
    return f"{votes.either:,}" if not votes.first else "as many as say otherwise"


def _why(votes: Votes) -> str:
    most, least = max(votes.first, votes.second), min(votes.first, votes.second)
    if not most:
        return "it does not matter here"
    against = f", {least:,} can only be the other" if least else ""
    return f"{most:,} different cells can be no other{against}"
