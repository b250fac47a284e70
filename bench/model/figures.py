"""The lines of the table."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from threadpoolctl import threadpool_limits

from bench.model.course import Course
from bench.model.identity import leaves_no_trace
from bench.model.online import Fleet, batches, run
from bench.model.simulated import NOW, simulate
from bench.model.speed import updates_per_second
from bench.table import Figure, Mark, at_least, at_most, rate
from nyxter_online.profiles import PROFILES, Hysteresis

_ARI = 0.9995
_GAP = 1e-4
_UPDATES = 1_200_000
_FLIPS = 0.05  # %
_REVERSALS = 0.001
_OFF = 0.15


def speed(customers: int, seconds: float) -> Iterator[Figure]:
    """Measure updates a second on one core."""
    with threadpool_limits(1):
        fleet, base = Fleet(customers), simulate(1, customers)
        for number, batch in enumerate(batches(base)):
            run(fleet, batch)
            if fleet.epoch is not None and number > len(base.month) // 2_000:
                break
        for size in (1_000, 4_096):
            reached = updates_per_second(fleet, size, seconds)
            mark = at_least(reached, _UPDATES) if size == 1_000 else None
            yield Figure(f"updates/s and core, batches of {size:,}", rate(reached), mark=mark)


def across_seeds(courses: Sequence[Course], measured: Sequence[Figure]) -> Iterator[Figure]:
    """Yield what the bases of one size came to, median seed first."""
    events = f"{median(course.events for course in courses):,.0f} events"
    yield Figure("bases", f"{len(courses)} × {courses[0].plan.customers:,} customers", events)
    yield from _beside_converged(courses)
    yield from _truth(courses)
    for figure in measured:
        yield figure._replace(peer=_rivers_speed(courses))
    yield from _trades(courses)
    yield _worst("names swapped, most of any seed", courses, lambda one: one.swapped)
    renamed = sorted(course.renamed for course in courses)
    yield Figure(
        "… had names been matched anew each time", f"{median(renamed):g}", f"worst {renamed[-1]}"
    )
    sweeps = [course.sweeps for course in courses]
    yield Figure("epochs a round", f"{median(sweeps):.1f}", f"worst {max(sweeps):.1f}")
    yield _degenerate(courses)
    yield from _means(courses)


def _beside_converged(courses: Sequence[Course]) -> Iterator[Figure]:
    """ARI and gap against scikit-learn run to convergence from our weights."""
    worst = [min(at.ari for at in course.agreements) for course in courses]
    places = len(courses[0].agreements)
    reached = median(worst)
    yield Figure(
        f"ARI to sklearn converged from ours, worst of {places} checkpoints",
        f"{reached:.5f}",
        f"worst seed {min(worst):.5f}",
        mark=at_least(reached, _ARI),
    )
    gaps = [max(abs(at.gap) for at in course.agreements) for course in courses]
    gap = median(gaps)
    yield Figure(
        "log-likelihood gap to it, either way, worst checkpoint",
        f"{gap:.1e} nats",
        f"worst seed {max(gaps):.1e}",
        mark=at_most(gap, _GAP, " nats"),
    )


def _truth(courses: Sequence[Course]) -> Iterator[Figure]:
    ours = median(course.ari for course in courses)
    marked: list[tuple[str, list[float], str]] = []
    for place, fit in enumerate(courses[0].fits):
        aris = [course.fits[place].ari for course in courses]
        gain = median(course.fits[place].gain for course in courses)
        marked.append((fit.name, aris, f"{gain:+.4f} nats on ours"))
    for place, stream in enumerate(courses[0].streams):
        aris = [course.streams[place].ari for course in courses]
        marked.append(
            (f"river {stream.name}", aris, f"learned {stream.learned:,} events, evenly spaced")
        )
    beaten = [median(aris) for name, aris, _ in marked if "same ε" not in name or "10" in name]
    spread = sorted(course.ari for course in courses)
    yield Figure(
        "ARI to the truth, ours at the end",
        f"{ours:.3f}",
        f"seeds {spread[0]:.3f}–{spread[-1]:.3f}",
        mark=Mark("> river, default, n_init=10", ours > max(beaten)),
    )
    published = median(course.published_ari for course in courses)
    yield Figure("… of published labels", f"{published:.3f}")
    for name, aris, note in marked:
        yield Figure(f"… {name}", f"{median(aris):.3f}", note, ours / max(median(aris), 1e-9))


def _rivers_speed(courses: Sequence[Course]) -> str:
    names = [stream.name for stream in courses[0].streams]
    rates = [
        median(course.streams[place].per_second for course in courses)
        for place in range(len(names))
    ]
    return ", ".join(f"{name} {per:,.0f}" for name, per in zip(names, rates, strict=True))


def _trades(courses: Sequence[Course]) -> Iterator[Figure]:
    for setting in courses[0].trades:
        trades = [course.trades[setting] for course in courses]
        flips, reversals = (
            median(trade.flips for trade in trades),
            median(trade.reversals for trade in trades),
        )
        chosen = setting == Hysteresis()
        name = f"lead {setting.lead:g} × {setting.checkpoints}, own {setting.own_lead:g}"
        kept = f"median {median(trade.usual for trade in trades):.3f} %"
        behind = f"likeliest is another: {median(trade.behind for trade in trades):.1f} %"
        changes = f"{median(trade.changes for trade in trades):.3f} changes"
        yield Figure(
            f"{'chosen: ' * chosen}{name}: untouched flips/1,000 events",
            f"{flips:.3f} % (worst seed {max(trade.flips for trade in trades):.3f})",
            f"{kept}; {behind}",
            mark=at_most(flips, _FLIPS, " %") if chosen else None,
        )
        yield Figure(
            f"{'chosen: ' * chosen}{name}: reversals/customer-year",
            f"{reversals:.5f} (worst seed {max(trade.reversals for trade in trades):.5f})",
            changes,
            mark=at_most(reversals, _REVERSALS) if chosen else None,
        )


def _worst(name: str, courses: Sequence[Course], number: Callable[[Course], int]) -> Figure:
    most = max(map(number, courses))
    return Figure(name, str(most), mark=at_most(most, 0))


def _degenerate(courses: Sequence[Course]) -> Figure:
    told: dict[str, int] = {}
    for course in courses:
        for why, times in course.degenerate.items():
            told[why] = told.get(why, 0) + times
    every = sum(course.checkpoints for course in courses)
    text = "; ".join(f"{why}: {times}" for why, times in sorted(told.items())) or "none"
    return Figure("degenerate components reported", text, f"in {every} checkpoints")


def _means(courses: Sequence[Course]) -> Iterator[Figure]:
    """Means at the end beside the published ones."""
    for k, profile in enumerate(PROFILES):
        tenure = median(NOW - float(course.means[k, 1]) for course in courses)
        contracts = median(float(course.means[k, 3]) for course in courses)
        pairs = ((tenure, profile.tenure_months), (contracts, profile.contracts))
        off = any(abs(found - told) > _OFF * told for found, told in pairs)
        yield Figure(
            f"{profile.name}: tenure, contracts",
            f"{tenure:.0f} months, {contracts:.1f}",
            f"published {profile.tenure_months}, {profile.contracts}{' (off by > 15 %)' * off}",
        )


def exactness(customers: int, until: int) -> Iterator[Figure]:
    """Yield whether partitions and a restart leave a trace."""
    base = simulate(1, customers)
    with threadpool_limits(1):
        for partitions, restart in ((4, False), (40, False), (4, True)):
            same = leaves_no_trace(base, partitions, until, restart)
            how = ", restarted in the middle" * restart
            yield Figure(
                f"{partitions} partitions{how}: sums and weights of 1",
                "bit-identical" if same else "differ",
                f"{until} checkpoints",
                mark=Mark("bit-identical", same),
            )


def of_many_customers(course: Course) -> Iterator[Figure]:
    """Yield what a large base came to."""
    last, worst = course.agreements[-1], min(at.ari for at in course.agreements)
    name = f"{course.plan.customers:,} customers"
    yield Figure(
        f"{name}: ARI to sklearn converged, worst of {len(course.agreements)}",
        f"{worst:.5f}",
        f"at the end {last.ari:.5f}, gap {last.gap:.1e}",
        mark=at_least(worst, _ARI),
    )
    events = f"{course.events:,} events, {course.checkpoints} checkpoints"
    yield Figure(f"{name}: ARI to the truth", f"{course.ari:.3f}", events)
    yield Figure(f"{name}: largest sum", f"{course.largest} bits", "sums are of any size")
    yield Figure(f"{name}: names swapped", str(course.swapped), mark=at_most(course.swapped, 0))
