"""The micro job three ways, on the same purchases: plain Faust, a bare loop, our lane."""

from collections.abc import Iterator
from itertools import count, cycle

from bench import micro_lane, plain_faust, raw_loop
from bench.ground import Ground, plain_topic
from bench.latency import Place, latencies
from bench.micro import OUTPUT, SOURCE
from bench.purchases import CUSTOMERS, Purchase, customer_id, purchase, purchases
from bench.sizes import Sizes
from bench.table import Figure, at_least, rate

_TIMES_FAUST = 10
_OF_RAW = 0.4


def micro_figures(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield throughput of the three, and the latency of our lane."""
    changelogs = (plain_faust.CHANGELOG, raw_loop.CHANGELOG, micro_lane.CHANGELOG)
    ground.create(map(plain_topic, (SOURCE, OUTPUT, *changelogs)))
    ground.send(SOURCE, purchases(sizes.micro))
    with ground.timed("plain_faust", sizes.plain_faust) as faust:
        pass
    with ground.timed("raw_loop", sizes.micro) as raw:
        pass
    name = "micro job on the lane"
    with ground.timed("micro_lane", sizes.micro) as lane:
        for peer, theirs, least in (
            ("plain Faust", faust, _TIMES_FAUST),
            ("bare loop", raw, _OF_RAW),
        ):
            ratio = lane / theirs
            mark = at_least(ratio, least)
            yield Figure(name, rate(lane), f"{peer} {rate(theirs)}", ratio, mark)
        place = Place(SOURCE, micro_lane.CHANGELOG, lambda state: state.get("n"), marked=False)
        yield from latencies(ground, name, place, _one_by_one(), sizes.latency_s)


def _one_by_one() -> Iterator[Purchase]:
    """Yield a purchase of each customer, again and again."""
    for number, which in zip(count(), cycle(range(CUSTOMERS)), strict=False):
        customer = customer_id(which)
        yield customer.encode(), purchase(customer, number, 10.5)
