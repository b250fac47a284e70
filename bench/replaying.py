"""How long `nyxter replay` takes for a file of purchases."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.sizes import Sizes
from bench.table import Figure, at_most

_CUSTOMERS = 20_000
_MOST_S = 60.0
_WHOLE = 1_000_000  # lines that the mark is meant for


def replay_figures(directory: Path, sizes: Sizes) -> Iterator[Figure]:
    """Yield the seconds of a replay, from the start of the command to its end."""
    events = directory / "purchases.jsonl"
    with events.open("w") as file:
        file.writelines(map(_line, range(sizes.replay)))
    out = ("--profiles", "profiles.jsonl", "--outputs", "outputs.jsonl")
    command = (sys.executable, "-m", "streams.cli", "replay", events.name, "--as-of", "2026-11-22")
    began = time.perf_counter()
    subprocess.run((*command, *out), cwd=directory, check=True, capture_output=True)
    seconds = time.perf_counter() - began
    mark = at_most(seconds, _MOST_S, " s") if sizes.replay == _WHOLE else None
    yield Figure(f"replay of {sizes.replay:,} purchases", f"{seconds:.1f} s", mark=mark)


def _line(number: int) -> str:
    month, day = number % 10 + 1, number % 28 + 1
    return (
        f'{{"specversion":"1.0","id":"e{number}","source":"/erp/pedidos",'
        f'"type":"nyxter.purchase.recorded.v1","subject":"T{number * 7919 % _CUSTOMERS:06d}",'
        f'"time":"2026-{month:02d}-{day:02d}T12:00:00.{number % 1000:03d}Z",'
        f'"data":{{"order_id":"o{number}","ordered_on":"2026-{month:02d}-{day:02d}",'
        f'"operation_nature":"5102","value":"{number % 9000 + 100}.{number % 100:02d}"}}}}\n'
    )
