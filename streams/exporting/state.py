"""What a directory remembers of the exports into it: a small file that is replaced whole."""

import os
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from streams.tabular import Format

_FILE: Final = "state.json"


class BadDirectory(ValueError):  # noqa: N818 - it names what is the case
    """A directory that this export may not go on in; the text says why, and what to do."""


class State(BaseModel):
    """How far the exports are.

    Attributes
    ----------
    format, layout
        Of the files (`streams.exporting.star.layout`).
    cluster, topics
        Where they come from (`streams.exporting.source.Source`).
    next
        By subject, the next offset of each partition of the segment events; `erasures` is how far
        they were searched for customers to forget.
    moves
        From and to, below the directory: what is still to be put in its place.

    """

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    format: Format
    layout: str
    cluster: str
    topics: dict[str, str]
    next: dict[str, dict[int, int]] = {}
    moves: list[tuple[str, str]] = []


def load_state(place: Path) -> State | None:
    """Return the state below `place`, None where there is none; raises ``BadDirectory``."""
    try:
        return State.model_validate_json((place / _FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise BadDirectory(
            f"{place / _FILE}: not the state of an export of this version; export to another "
            "directory"
        ) from None


def save_state(place: Path, state: State) -> None:
    """Replace the state below `place`: there is always the old one or the new one."""
    fresh = place / f"{_FILE}.new"
    with fresh.open("wb") as file:
        file.write(state.model_dump_json(indent=1).encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place / _FILE)
    sync_directory(place)


def sync_directory(place: Path) -> None:
    """Make sure that what was renamed into a directory stays so."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
