"""`python -m bench`: measure, and print one table."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.decoding import decoding_figures
from bench.full import full_figures
from bench.ground import Ground
from bench.growth import growth_figures
from bench.importing import import_figures
from bench.lookups import lookup_figures
from bench.replaying import replay_figures
from bench.sizes import QUICK, WHOLE, Sizes
from bench.table import Figure, lines
from bench.throughput import micro_figures
from tests.kafka_broker import KafkaBroker, missing_tools


class Part(StrEnum):
    """What may be measured by itself."""

    MICRO = "micro"
    FULL = "full"
    GROWTH = "growth"
    REPLAY = "replay"
    DECODE = "decode"
    IMPORT = "import"
    LOOKUPS = "lookups"


ON_KAFKA: Mapping[Part, Callable[[Ground, Sizes], Iterator[Figure]]] = {
    Part.MICRO: micro_figures,
    Part.FULL: full_figures,
    Part.IMPORT: import_figures,
}
ALONE: Mapping[Part, Callable[[Path, Sizes], Iterator[Figure]]] = {
    Part.GROWTH: lambda _, sizes: growth_figures(sizes),
    Part.REPLAY: replay_figures,
    Part.DECODE: lambda _, sizes: decoding_figures(sizes),
    Part.LOOKUPS: lookup_figures,
}


def main(
    only: Annotated[list[Part] | None, typer.Option(help="Measure this alone; repeatable.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Little of everything: a trial.")] = False,
) -> None:
    """Measure throughput, latency and cost on Apache Kafka; print one table.

    Ratios are between figures of the same run on the same broker, and mean something even on a
    busy machine; the figures themselves do not.

    Example: python -m bench --only micro --only full
    """
    parts, sizes = only or list(Part), QUICK if quick else WHOLE
    needs_kafka = bool(ON_KAFKA.keys() & parts)
    if needs_kafka and (missing := missing_tools()):
        raise SystemExit(f"Apache Kafka does not run here: {' and '.join(missing)} missing")
    figures: list[Figure] = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nyxter-bench-")))
        stack.callback(lambda: print(*lines(figures), sep="\n"))  # whatever may go wrong
        for figure in _figures(parts, sizes, directory, stack):
            print(figure.name, file=sys.stderr)
            figures.append(figure)


def _figures(
    parts: list[Part], sizes: Sizes, directory: Path, stack: ExitStack
) -> Iterator[Figure]:
    broker: KafkaBroker | None = None
    for part in parts:
        print(f"{part} ...", file=sys.stderr)
        if part in ALONE:
            yield from ALONE[part](directory, sizes)
            continue
        broker = broker or stack.enter_context(KafkaBroker(quick=False))
        yield from ON_KAFKA[part](Ground(broker.bootstrap, directory), sizes)


if __name__ == "__main__":
    typer.run(main)
