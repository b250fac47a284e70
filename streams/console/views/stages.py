"""Who stands where on the journey."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.journey import JourneyRules


class PhaseStanding(NamedTuple):
    """A phase and how many stand there.

    Attributes
    ----------
    name
        The phase.
    customers
        How many customers have it as theirs: the phase of the first stage of their profile.
    stages
        By stage of the phase, in order, how many live there. A customer lives in all stages of
        their profile, so these may sum to more, and a stage of another's phase may be theirs.
    profiles
        The profiles whose customers live in one of its stages.

    """

    name: str
    customers: int
    stages: Mapping[str, int]
    profiles: tuple[str, ...]


def standings(
    journey: JourneyRules, phases: Mapping[str, int], stages: Mapping[tuple[str, ...], int]
) -> list[PhaseStanding]:
    """Return all phases of the journey in their order.

    Parameters
    ----------
    journey
        Phases, stages and where profiles live, by the rules.
    phases
        Customers by phase.
    stages
        Customers by phase and stage; a stage's counts are summed over phases.

    """
    living: dict[str, int] = {}
    for (_, stage), customers in stages.items():
        living[stage] = living.get(stage, 0) + customers
    return [
        PhaseStanding(
            phase.name,
            phases.get(phase.name, 0),
            {stage: living.get(stage, 0) for stage in phase.stages},
            tuple(
                name
                for name, place in journey.profiles.items()
                if not set(place.stages).isdisjoint(phase.stages)
            ),
        )
        for phase in journey.phases
    ]
