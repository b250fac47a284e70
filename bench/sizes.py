"""How much a run measures with."""

from typing import NamedTuple


class Sizes(NamedTuple):
    """Numbers of events, customers, lines and seconds of one run.

    Attributes
    ----------
    plain_faust, micro
        Purchases for the micro job: one at a time, and in batches.
    customers, full
        The base of the full job, and the purchases that are timed on it.
    latency_s
        How long latency is measured at each rate.
    orders, population
        Sizes of one customer, and of a base, among which the cost of an event is compared.
    replay
        Lines of the file for `nyxter replay`.
    decode
        Lines that each decoder reads.
    imported
        Rows of the contract base for `nyxter import`.
    lookups_s
        How long look-ups are asked for at a steady rate.

    """

    plain_faust: int
    micro: int
    customers: int
    full: int
    latency_s: float
    orders: tuple[int, ...]
    population: tuple[int, ...]
    replay: int
    decode: int
    imported: int
    lookups_s: float


WHOLE = Sizes(
    plain_faust=60_000,
    micro=500_000,
    customers=10_615,
    full=100_000,
    latency_s=15,
    orders=(10, 1_000, 100_000),
    population=(10_000, 100_000),
    replay=1_000_000,
    decode=50_000,
    imported=238_597,
    lookups_s=20,
)
QUICK = Sizes(
    plain_faust=10_000,
    micro=100_000,
    customers=1_000,
    full=20_000,
    latency_s=4,
    orders=(10, 1_000, 10_000),
    population=(1_000, 10_000),
    replay=100_000,
    decode=10_000,
    imported=20_000,
    lookups_s=5,
)
