"""All tables of the export, and which of them each thing one can ask for comes to."""

import hashlib
from collections.abc import Collection
from typing import Final, Literal, get_args

from schemas.envelope import dumps
from streams.exporting.dimensions import DAYS, SEGMENTS, STAGES
from streams.exporting.facts import TRANSITIONS, TRIGGERS
from streams.exporting.schema import Schema
from streams.exporting.standings import MEMBERS, NEWEST, PROFILES

Subject = Literal["profiles", "transitions", "triggers", "members"]
SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)

EVENT_TABLES: Final[dict[Subject, Schema]] = {"transitions": TRANSITIONS, "triggers": TRIGGERS}
STANDING_TABLES: Final[dict[Subject, tuple[Schema, ...]]] = {
    "profiles": (PROFILES, NEWEST),
    "members": (MEMBERS,),
}
TABLES: Final = (TRANSITIONS, TRIGGERS, PROFILES, MEMBERS, NEWEST, DAYS, SEGMENTS, STAGES)


def tables_of(subjects: Collection[Subject]) -> list[Schema]:
    """Return the tables that are filled for what is asked.

    >>> [table.name for table in tables_of(["profiles", "triggers"])]
    ['fact_triggers', 'fact_profiles', 'dim_customer']
    """
    events = [table for subject, table in EVENT_TABLES.items() if subject in subjects]
    standings = [tables for subject, tables in STANDING_TABLES.items() if subject in subjects]
    return [*events, *(table for tables in standings for table in tables)]


def layout() -> str:
    """Return what names all tables with their columns and kinds: files of another do not mix."""
    told = [[table.name, *([f.name, f.kind] for f in table.fields)] for table in TABLES]
    return hashlib.blake2b(dumps(told), digest_size=8).hexdigest()
