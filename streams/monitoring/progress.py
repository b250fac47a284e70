"""How far each partition of a worker has come, and where its topics end."""

from collections.abc import Mapping

from streams.lane.lanes import Lanes
from streams.monitoring.stalls import Look
from streams.place import Place


def looks_at(lanes: Lanes, ends: Mapping[Place, int]) -> dict[int, Look]:
    """Return how each partition that is owned stands just now."""
    return {partition: _look(lanes, partition, ends) for partition in lanes.owned}


def _look(lanes: Lanes, partition: int, ends: Mapping[Place, int]) -> Look:
    lane, topics = lanes.get(partition), lanes.config.sources
    return Look(
        None if lane is None else {topic: lane.positions.get(topic, 0) for topic in topics},
        {t: end for t in topics if (end := ends.get(Place(t, partition))) is not None},
        lanes.obstacle(partition),
        counts=lane is not None or bool(lanes.failure(partition)),
    )
