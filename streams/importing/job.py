"""One file from its bytes to its events: read, shown, converted, sifted, crossed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
from duckdb import DuckDBPyConnection

from nyxter_online.features import category_of
from schemas.instant import BUSINESS_ZONE, Refused, instant
from schemas.limits import EventLimits
from streams.importing import crossing, sheet, sifting
from streams.importing.columns import Columns
from streams.importing.conversion import Dates, Decimals, Dialect
from streams.importing.encoding import encoding_of
from streams.importing.events import parcels, records, topics_of
from streams.importing.fields import What
from streams.importing.form import Form, dates_of, decimals_of
from streams.importing.layout import LOOKED_AT, layout_of
from streams.importing.outcome import Outcome
from streams.importing.records import SPACES, Flaw, Reading, lines
from streams.importing.staging import Staged, stage
from streams.parcel import Parcel

_ALONE: Final = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


class Wishes(NamedTuple):
    """What the caller tells of a file; None: find out.

    Attributes
    ----------
    candidates
        Columns by the name of the preset or file that they come from.
    as_of
        The day (YYYY-MM-DD) or instant (RFC 3339) that the file tells of; None: its newest day.

    """

    source: Path
    candidates: Mapping[str, Columns]
    limits: EventLimits
    encoding: str | None = None
    separator: str | None = None
    quote: str = '"'
    header: int | None = None
    decimals: Decimals | None = None
    dates: Dates | None = None
    as_of: str | None = None


class DayUnknown(ValueError):  # noqa: N818 - it names what is the case
    """Nothing tells of when the file is, or what does cannot be."""


class Result(NamedTuple):
    """What came of a file's rows.

    Attributes
    ----------
    rows, blank
        Rows, and blank lines besides.
    counts
        Rows by what became of them; they add up to `rows`.
    flaws
        The rejected ones, by line.
    time
        The instant that events have whose row tells none; empty where there are no events.
    customers
        Customers whose record was crossed.
    disputed
        By field of a record, customers whose rows disagree.
    categories
        Contracts taken, by category of product.

    """

    rows: int
    blank: int
    counts: Mapping[Outcome, int]
    flaws: list[Flaw]
    time: str
    customers: int
    disputed: Mapping[str, int]
    categories: Mapping[str, int]

    @property
    def events(self) -> int:
        """How many events there are to publish."""
        return self.counts.get(Outcome.TAKEN, 0) + self.customers


class Job:
    """The import of one file.

    Parameters
    ----------
    wishes
        Which file, and what is told of it.
    directory
        Where the file is kept as text for the time being.
    today
        The business day.

    """

    def __init__(self, wishes: Wishes, directory: Path, today: date) -> None:
        self._wishes = wishes
        self._directory = directory
        self._today = today
        self._db: DuckDBPyConnection = duckdb.connect(
            config={**_ALONE, "temp_directory": str(directory)}
        )
        self._form: Form | None = None
        self._bound: list[sheet.Bound] = []
        self._staged = Staged(0, 0, [])

    def close(self) -> None:
        """Give up what is held of the file."""
        self._db.close()

    @property
    def form(self) -> Form:
        """The file's format, once it is read."""
        assert self._form is not None, "the file is read first"
        return self._form

    @property
    def topics(self) -> list[str]:
        """The topics that the events go to."""
        return topics_of(self._what, is_crossed=self._is_crossed)

    def read(self, tick: Callable[[int], None]) -> Form:
        """Read the file and return its format (OSError, LayoutUnknown, FormatOpen)."""
        wishes = self._wishes
        encoding = wishes.encoding or encoding_of(wishes.source)
        start = list(islice(lines(wishes.source, encoding), max(LOOKED_AT, wishes.header or 0)))
        layout = layout_of(start, wishes.candidates, wishes.separator, wishes.header)
        quote = "" if layout.separator == SPACES else wishes.quote
        reading = Reading(encoding, layout.separator, quote)
        most = wishes.limits.message_bytes
        source, directory = wishes.source, self._directory
        self._staged = stage(self._db, source, layout, reading, most, directory, tick)
        self._bound = sheet.bound_fields(layout)
        decimals = decimals_of(sheet.texts_of(self._db, self._bound, "amounts"), wishes.decimals)
        dates = dates_of(sheet.texts_of(self._db, self._bound, "days"), wishes.dates)
        self._form = Form(reading, layout, *decimals, *dates)
        return self._form

    def sift(self) -> Result:
        """Convert and sift what was read (DayUnknown, Refused)."""
        layout, db = self.form.layout, self._db
        dialect = Dialect(self.form.decimals, self.form.dates, self._wishes.limits)
        flaws = [*self._staged.flaws, *sheet.convert(db, self._bound, layout, dialect)]
        time = self._time()
        sifting.sift(db, layout.columns, self._bound, time)
        counts = Counter(flaw.outcome for flaw in flaws) + Counter(sifting.counts(db))
        return Result(
            self._staged.rows,
            self._staged.blank,
            counts,
            sorted([*flaws, *sifting.contradictions(db)]),
            time,
            disputed=crossing.cross(db, self._bound) if self._is_crossed else {},
            customers=self._count("crossed") if self._is_crossed else 0,
            categories=self._categories(),
        )

    def parcels(self) -> Iterator[Parcel]:
        """Return the events of what was sifted: customers' records first."""
        crossed = records(self._db, self._bound) if self._is_crossed else ()
        return chain(crossed, parcels(self._db, self._what, self._bound))

    @property
    def _what(self) -> What:
        return self.form.layout.columns.what

    @property
    def _is_crossed(self) -> bool:
        return self._what is What.CONTRACTS and any(one.part != "event" for one in self._bound)

    def _time(self) -> str:
        """Return the instant of what tells none itself: the beginning of the file's day."""
        told = self._wishes.as_of
        day = told or sifting.newest_day(self._db, self.form.layout.columns, self._bound)
        if day is None and not self._count("typed where problem is null"):
            return ""
        if day is None:
            raise DayUnknown("nothing in the file tells of when it is: tell --as-of DAY")
        time = _instant(day)
        if time[:10] > self._today.isoformat():
            whose = "--as-of" if told else "the newest day in the file"
            raise DayUnknown(f"{whose} is {day}, which is to come: tell --as-of DAY")
        return time

    def _categories(self) -> dict[str, int]:
        product = next((one.name for one in self._bound if one.field.name == "product"), None)
        if product is None:
            return {}
        rows = self._db.execute(
            f"""select {product}, count(*) from sifted where outcome = '{Outcome.TAKEN}'
                group by all"""  # noqa: S608
        ).fetchall()
        found: dict[str, int] = {}
        for name, count in rows:
            category = category_of(name)
            found[category] = found.get(category, 0) + count
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _count(self, table: str) -> int:
        row = self._db.execute(f"select count(*) from {table}").fetchone()  # noqa: S608
        return int(row[0]) if row else 0


def _instant(text: str) -> str:
    try:
        return instant(text) + "Z"
    except Refused:
        pass
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DayUnknown(f"--as-of {text}: not a day (YYYY-MM-DD) nor an RFC 3339 time") from None
    beginning = datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)
    return instant(beginning.isoformat(timespec="seconds")) + "Z"
