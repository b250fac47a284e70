"""`python -m bench.model`: what the mixture finds, beside what others find; one table."""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Annotated

import typer

from bench.model.course import Course, Plan, follow
from bench.model.figures import across_seeds, exactness, of_many_customers, speed
from bench.table import Figure, lines

_GROWTH = 12  # of the large base: a checkpoint every 1,000 events would take hours


def main(
    seeds: Annotated[int, typer.Option(help="Simulated bases of 10,615 customers.")] = 10,
    large: Annotated[int, typer.Option(help="Customers of the large base; 0: none.")] = 300_000,
    processes: Annotated[int, typer.Option(help="How many bases run at once.")] = 2,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Little of everything: a trial.")] = False,
) -> None:
    """Simulate bases, run the mixture over them, and print one table of figures and marks.

    Speed is measured first, alone on one core.

    Example: python -m bench.model --seeds 3 --large 0
    """
    plans = [Plan(seed, 10_615) for seed in range(1, seeds + 1)]
    if quick:
        large = min(large, 20_000)
        plans = [Plan(seed, 1_500, compared=4, river_events=2_000) for seed in (1, 2)]
    figures: list[Figure] = []
    try:
        for figure in _figures(plans, large, processes, quick):
            print(figure.name, file=sys.stderr)
            figures.append(figure)
    finally:
        print(*lines(figures), sep="\n")


def _figures(plans: list[Plan], large: int, processes: int, quick: bool) -> Iterator[Figure]:
    measured = list(speed(plans[0].customers, 1 if quick else 5))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        plan = Plan(1, large, growth=_GROWTH, compared=3, peers=False)
        waiting = pool.submit(follow, plan) if large else None
        courses = list(map(_announced, pool.map(follow, plans)))
        yield from across_seeds(courses, measured)
        yield from exactness(plans[0].customers, until=20 if quick else 60)
        if waiting is not None:
            yield from of_many_customers(waiting.result())


def _announced(course: Course) -> Course:
    print(f"seed {course.plan.seed}: ARI {course.ari:.3f}", file=sys.stderr)
    return course


if __name__ == "__main__":
    typer.run(main)
