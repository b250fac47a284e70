"""`nyxter dead-letters list` and `show`: what was refused, and why."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import typer

from nyxter_online.refusals import Kind, kind_of
from schemas.envelope import dumps
from schemas.instant import instant_of
from streams.cli.dead_letters.letter import Fates, Letter, Name, State
from streams.cli.dead_letters.reading import Client, partitions_of, read_letters, read_marks
from streams.cli.words import NOTHING, printable

_MILLISECONDS: Final = 1000


class Row(NamedTuple):
    """What is listed of a letter: nothing of a customer but the id."""

    name: Name
    timestamp_ms: int
    reason: str
    topic: str
    partition: int
    offset: int
    customer: str | None
    retries: int
    bytes: int

    def told(self, state: State) -> str:
        """Return the row as a line."""
        again = f" after {self.retries} retries" if self.retries else ""
        parts = (
            _second(self.timestamp_ms),
            str(self.name),
            f"{state}{again}",
            f"{self.topic} {self.partition}:{self.offset}",
            NOTHING if self.customer is None else self.customer,
            self.reason,
        )
        return printable("  ".join(parts))

    def as_json(self, state: State) -> dict[str, Any]:
        """Return the row as JSON values."""
        return {
            **self._asdict(),
            "name": str(self.name),
            "kind": kind_of(self.reason),
            "state": state,
        }


class Filters(NamedTuple):
    """Which letters are meant; None lets all pass.

    Attributes
    ----------
    reason
        Part of the reason, or of its kind, in whatever case.
    topic
        Where the message was.
    since
        The first moment, UTC.
    customer
        The id.
    names
        These letters and no others, where there are any.

    """

    reason: str | None = None
    topic: str | None = None
    since: datetime | None = None
    customer: str | None = None
    names: frozenset[Name] = frozenset()

    def let_pass(self, letter: Letter) -> bool:
        """Tell whether a letter is meant."""
        said = f"{kind_of(letter.reason)}\n{letter.reason}".lower()
        return (
            (not self.names or letter.name in self.names)
            and (self.reason is None or self.reason.lower() in said)
            and (self.topic is None or self.topic == letter.topic)
            and (
                self.since is None or letter.timestamp_ms >= self.since.timestamp() * _MILLISECONDS
            )
            and (self.customer is None or self.customer == letter.customer)
        )


class Listing(NamedTuple):
    """Letters in the order in which they were written, and what became of them."""

    rows: list[Row]
    fates: Fates

    def told(self) -> Iterator[tuple[Row, State]]:
        """Yield rows with what became of their letters."""
        return ((row, self.fates.of(row.name, row.timestamp_ms)) for row in self.rows)


def listing_of(client: Client, filters: Filters) -> Listing:
    """Return the letters that are meant (NoTopic, KafkaException)."""
    partitions = partitions_of(client)
    fates = Fates(read_marks(client, partitions))
    letters = fates.noting(read_letters(client, partitions))
    rows = [_row(letter) for letter in letters if filters.let_pass(letter)]
    return Listing(sorted(rows, key=lambda row: (row.timestamp_ms, row.name)), fates)


def _row(letter: Letter) -> Row:
    return Row(
        letter.name,
        letter.timestamp_ms,
        letter.reason,
        letter.topic,
        letter.partition,
        letter.offset,
        letter.customer,
        letter.retries,
        len(letter.value or b""),
    )


def print_rows(
    told: Iterable[tuple[Row, State]], *, newest: bool, limit: int, as_json: bool
) -> None:
    """Print a line for each letter, the newest first or last, and how many are left out."""
    listed = list(told)
    shown = listed[::-1][:limit] if newest else listed[:limit]
    for row, state in shown:
        typer.echo(dumps(row.as_json(state)) if as_json else row.told(state))
    if len(shown) < len(listed):
        typer.echo(f"{len(shown)} of {len(listed)} (--limit)", err=True)


def print_counts(told: Iterable[tuple[Row, State]], *, as_json: bool) -> None:
    """Print how many letters there are of each kind of reason, by what became of them."""
    counts = Counter((kind_of(row.reason), state) for row, state in told)
    for kind in Kind:
        of_kind = {str(state): n for state in State if (n := counts[kind, state])}
        if of_kind and as_json:
            typer.echo(dumps({"kind": str(kind)} | of_kind))
        elif of_kind:
            typer.echo(f"{kind:<24}{', '.join(f'{n} {state}' for state, n in of_kind.items())}")


def print_letter(letter: Letter) -> None:
    """Print all that there is of a letter; bytes that are no text are escaped."""
    lines = [
        ("letter", str(letter.name)),
        ("written", _second(letter.timestamp_ms)),
        ("reason", letter.reason),
        ("kind", kind_of(letter.reason)),
        ("from", f"{letter.topic} {letter.partition}:{letter.offset}"),
        (
            "retries",
            f"{letter.retries}" + (f", before it {letter.before}" if letter.before else ""),
        ),
        ("key", _text(letter.key)),
        *((f"header {name}", _text(value)) for name, value in letter.headers),
    ]
    for name, value in lines:
        typer.echo(printable(f"{name}: {value}"))
    typer.echo(f"value ({len(letter.value or b'')} bytes):")
    typer.echo("\n".join(printable(line) for line in _text(letter.value).split("\n")))


def _text(raw: bytes | None) -> str:
    return "null" if raw is None else raw.decode(errors="backslashreplace")


def _second(timestamp_ms: int) -> str:
    return instant_of(timestamp_ms // _MILLISECONDS * _MILLISECONDS) + "Z"
