"""Commands to try in another terminal while the demonstration runs."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from streams.cli.demo.stage import variables
from streams.settings import Settings

_PLACES: Final = ("BROKER", "REDIS_URL")
_NEEDED: Final = ("BROKER", "PARTITIONS", "SESSION_TIMEOUT_S", "REBALANCE_TIMEOUT_S")


def commands(settings: Settings, rules: Path | None, customer: str) -> Iterator[tuple[str, str]]:
    """Yield commands, each after what it does."""
    program, redis = _program(), settings.redis_url
    yield (
        "in another terminal: the card of a customer",
        f"{program} card {customer} --redis {redis}",
    )
    yield "the same as JSON", f"{program} card {customer} --json --redis {redis}"
    told = variables(settings)
    places = " ".join(f"NYXTER_{name}={told[f'NYXTER_{name}']}" for name in _PLACES)
    yield "the whole system at a glance (q ends it)", f"{places} {program} top"
    needed = " ".join(f"NYXTER_{name}={told[f'NYXTER_{name}']}" for name in _NEEDED)
    chosen = f" --rules {shown_path(rules)}" if rules else ""
    yield (
        "a second worker, to share the work (Ctrl-C ends it)",
        f"{needed} {program} worker{chosen}",
    )


def shown_path(path: Path) -> str:
    """Return a path as one would type it: from here where it lies below."""
    here, there = Path.cwd(), Path.cwd() / path
    return str(there.relative_to(here) if there.is_relative_to(here) else there)


def _program() -> str:
    """Return how to call this very installation."""
    ours = Path(sys.executable).with_name("nyxter")
    found = shutil.which("nyxter")
    if found is not None and ours.exists() and Path(found).samefile(ours):
        return "nyxter"
    return (
        shown_path(ours) if ours.exists() else f"{shown_path(Path(sys.executable))} -m streams.cli"
    )
