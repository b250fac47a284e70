"""Customers taken out of what an export holds (docs/erasure.md); no broker is needed for it."""

from collections.abc import Collection

from streams.exporting.directory import Directory
from streams.exporting.merging import merging
from streams.exporting.star import TABLES
from streams.exporting.state import State


def forget(directory: Directory, state: State, customers: Collection[str]) -> int:
    """Make every file anew that has rows of these customers; return how many there were.

    What the topics tell of them after the last export comes with the next one.
    """
    count = 0
    with merging(directory.run) as merger:
        merger.forget({}, dict.fromkeys(customers, 0))
        for table in (table for table in TABLES if table.has_customers):
            held = directory.held_files(table)
            for day in merger.naming(held):
                made = directory.fresh(table, day)
                merger.merge(table, held[day], None, made)
                directory.put(table, day, merger.rows(table, made))
                count += 1
    directory.commit(state)
    return count
