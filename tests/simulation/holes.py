"""Input that is lost before it was applied: its partitions must stand still, and say so."""

from schemas.envelope import loads
from simulation.rest import latest
from simulation.system import System
from streams import topics
from streams.lane.changelog import POSITION_KEY
from streams.lane.standstills import EVERY, Reason


class Hole:
    """What was lost of a topic.

    Attributes
    ----------
    topic
        Its name.
    partition
        Its number, None where the whole topic was made anew.

    """

    def __init__(self, topic: str, partition: int | None) -> None:
        self.topic = topic
        self.partition = partition


def lose_input(system: System) -> Hole:
    """Delete input, or a whole topic of it, which then is made anew."""
    chance, broker = system.kernel.random, system.broker
    topic = chance.choice(topics.INPUTS)
    if system.plan.loss == "recreated":
        broker.delete(topic)
        broker.create(topic, system.plan.partitions)
        return Hole(topic, None)
    log = max(broker.logs(topic), key=lambda each: each.end)
    log.delete_before(log.end - chance.choice([0, 0, 1]))
    return Hole(topic, log.number)


def stands(system: System, hole: Hole) -> bool:
    """Tell whether every partition that a hole concerns stands still and says why."""
    if hole.partition is None:
        numbers = range(system.plan.partitions)
        return all(_begins(system, hole, n) or _stands(system, hole, n) for n in numbers)
    return _stands(system, hole, hole.partition)


def _stands(system: System, hole: Hole, partition: int) -> bool:
    deleted = hole.partition is not None
    reason = Reason.INPUT_DELETED if deleted else Reason.TOPIC_RECREATED
    log = system.broker.log(hole.topic, partition)
    if deleted and system.safety.reached.get(partition, {}).get(hole.topic, 0) >= log.start:
        return False  # everything was applied, or passed over: the other oracles tell
    for worker in system.alive:
        if worker.segmenter is not None and partition in worker.segmenter.lanes.owned:
            standing = worker.segmenter.lanes.config.standstills.current()
            return any(s.reason == reason and s.partition in (partition, EVERY) for s in standing)
    return False


def _begins(system: System, hole: Hole, partition: int) -> bool:
    """Tell whether a partition was first read after its topic was made anew."""
    stored = latest(system, system.changelog, partition).get(POSITION_KEY)
    ids = loads(stored).get("topic_ids", {}) if stored is not None else {}
    return bool(ids.get(hole.topic) == system.broker.ids[hole.topic])
