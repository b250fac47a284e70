"""What is asked of the demonstration."""

from pathlib import Path
from typing import NamedTuple

from schemas.rules import Rules


class Wishes(NamedTuple):
    """What is asked of the demonstration.

    Attributes
    ----------
    once
        Whether to end by itself, with a proof.
    customers
        How many to make up.
    rate
        Live events a second.
    rules_file, rules
        The rules and where they are from; no file: the defaults.

    """

    once: bool
    customers: int
    rate: float
    rules_file: Path | None
    rules: Rules


def example_rules() -> Path | None:
    """Return the rules of the project's example, where this code lies in a clone of it."""
    path = Path(__file__).resolve().parents[3] / "examples" / "nyxter.toml"
    return path if path.is_file() else None
