"""Profiles as rows: of the day's snapshots, and of the newest of each customer."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from schemas.envelope import loads
from streams.exporting.met import UNREADABLE, Met
from streams.exporting.schema import Schema
from streams.exporting.spool import Spool
from streams.exporting.standings import MEMBERS, NEWEST, PROFILES, Seen, memberships
from streams.place import Place

_OF_PROFILES: Final = (PROFILES, NEWEST)
_TABLES: Final = (*_OF_PROFILES, MEMBERS)


class StandingRows:
    """Takes the newest profile of each customer; `spools` fill.

    Parameters
    ----------
    spools
        By table, of those that are asked for; the others are let alone.
    today
        The business day that snapshots are of.
    met
        What is noted besides.

    """

    def __init__(self, spools: Mapping[str, Spool], today: date, met: Met) -> None:
        self._today = today
        self._met = met
        self._spools = {t.name: spools[t.name] for t in _TABLES if t.name in spools}
        for spool in self._spools.values():
            spool.begin(self._day(spool.table))

    def __bool__(self) -> bool:
        """Tell whether there is anything to fill."""
        return bool(self._spools)

    def add(self, value: bytes, place: Place, offset: int) -> None:
        """Take the profile that a record holds; one that cannot be read is noted."""
        try:
            self._add(Seen(self._today, loads(value)))
        except UNREADABLE:
            self._met.note_unreadable(place, offset)

    def _add(self, seen: Seen) -> None:
        listed = list(memberships(seen))
        rows = [(table, table.row(seen)) for table in _OF_PROFILES if table.name in self._spools]
        if MEMBERS.name in self._spools:
            rows += [(MEMBERS, MEMBERS.row(one)) for one in listed]
        for table, row in rows:
            self._spools[table.name].add(self._day(table), row)
        self._met.segments |= {(kind, segment) for _, kind, segment in listed}
        self._met.rules.add(seen.profile["rules"])

    def _day(self, table: Schema) -> date | None:
        return self._today if table.is_dated else None
