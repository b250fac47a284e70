"""`nyxter top`: a running system at a glance, as it goes.

`topics.py` and `copies.py` look at Kafka and at Redis, each in a thread of its own (`watch.py`);
`look.py` is what they tell, `page.py` shows it, and `show.py` goes on until it is told to end.
"""

from typing import Annotated

import typer

from streams.cli.arguments import settings_of


def top(
    once: Annotated[bool, typer.Option("--once", help="Print one look, and end.")] = False,
) -> None:
    """Watch a running system: events a second, lag, what happens, newest transitions and why.

    From NYXTER_BROKER and NYXTER_REDIS_URL; it only reads, in no group. What is away is said in
    its place, and comes back by itself. Ends by q or Ctrl-C. Without a terminal: a line every few
    seconds. With --once the exit status is 1 where broker or Redis is away.

    Example: NYXTER_BROKER=kafka:9092 nyxter top
    """
    from streams.cli.top.show import show_system  # noqa: PLC0415

    raise typer.Exit(show_system(settings_of(), once=once))
