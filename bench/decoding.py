"""Reading CloudEvents: our reader beside the CloudEvents SDK, on the same lines."""

import time
from collections.abc import Callable, Iterator, Sequence

from cloudevents.core.formats.json import JSONFormat

from bench.simulated import bought
from bench.sizes import Sizes
from bench.table import Figure
from schemas.envelope import read_json

_CUSTOMERS = 1_000
_ROUNDS = 3


def decoding_figures(sizes: Sizes) -> Iterator[Figure]:
    """Yield the time that each takes for an event, the best of some rounds."""
    lines = [value for _, value in bought(_CUSTOMERS, sizes.decode)]
    sdk = JSONFormat()
    ours = min(_microseconds(read_json, lines) for _ in range(_ROUNDS))
    theirs = min(_microseconds(lambda line: sdk.read(None, line), lines) for _ in range(_ROUNDS))
    peer = f"CloudEvents SDK {theirs:.1f} µs"
    yield Figure("reading a CloudEvent", f"{ours:.1f} µs", peer, ours / theirs)


def _microseconds(read: Callable[[bytes], object], lines: Sequence[bytes]) -> float:
    began = time.perf_counter()
    for line in lines:
        read(line)
    return (time.perf_counter() - began) / len(lines) * 1e6
