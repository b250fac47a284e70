"""`nyxter doctor`: is everything there, as it has to be, and at work? If not: what, and what to do.

It changes nothing. `broker.py`, `work.py` and `redis.py` look; `examination.py` says what they saw.
"""

from typing import Annotated

import typer

from streams.cli.arguments import RulesFile, settings_of


def doctor(
    rules: RulesFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of what was looked at.")] = False,
) -> None:
    """Look at broker, topics, workers, cache, Redis and rules: what is wrong, and how to mend it.

    Nothing is changed. The exit status is 0 where all is well, 1 where something is wrong, 2 where
    the settings cannot be used.

    Example: nyxter doctor --rules nyxter.toml
    """
    from streams.cli.doctor.examination import run_doctor  # noqa: PLC0415

    settings = settings_of()
    raise typer.Exit(run_doctor(settings, rules or settings.rules, as_json=as_json))
