"""Output topics -> Redis: cards, histories, members of segments, counts of all that.

Redis is a copy. Everything in it is written so that writing it again, late, or in another order
changes nothing (`streams.cache.store`), and it is filled from the positions that it holds itself
(`streams.cache.positions`): deleting it all loses nothing that the topics still hold.
"""

from functools import partial
from typing import Any

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from streams.access.kafka import kafka_access
from streams.access.redis import redis_client
from streams.cache.feed import Feed
from streams.cache.loop import Cache
from streams.cache.marks import Marks
from streams.cache.meta import Meta
from streams.cache.moves import Moves
from streams.cache.obstacles import Obstacles
from streams.cache.outset import Outset
from streams.cache.positions import Positions
from streams.cache.rebuild import Rebuild, Told
from streams.cache.sizes import Sizes
from streams.cache.store import Store
from streams.cache.survey import Survey
from streams.ends import Ends
from streams.lane.standstills import Standstills
from streams.settings import Settings

__all__ = ["Cache", "make_cache", "make_rebuild"]


def make_cache(settings: Settings) -> Cache:
    """Return a cache of these settings' broker and Redis; `Cache.run` starts it."""
    redis, client = redis_client(settings), kafka_access(settings)
    admin = AdminClient(client)
    ends = Ends(admin)
    feed = Feed(Consumer(_consumer(settings)), ends, partial(Survey, client))
    positions, marks, standstills = Positions(redis), Marks(redis), Standstills()
    written = Store(redis, positions), Moves(redis, positions), positions
    outset = Outset(admin, ends, positions, marks, standstills)
    obstacles = Obstacles(redis, marks, standstills)
    return Cache(feed, *written, Meta(redis), Sizes(redis), outset, obstacles)


def make_rebuild(settings: Settings, told: Told) -> Rebuild:
    """Return a rebuild of these settings' Redis from their broker; `Rebuild.run` does it."""
    client = kafka_access(settings)
    ends = Ends(AdminClient(client))
    return Rebuild(client, ends, redis_client(settings), settings.partitions, told)


def _consumer(settings: Settings) -> dict[str, Any]:
    """Return the configuration that `Feed` needs of its consumer."""
    return {
        **kafka_access(settings),
        "group.id": f"{settings.app_id}-cache",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",  # a position that is not there is looked into
        "enable.partition.eof": True,  # the only way past the markers at a topic's end
        "partition.assignment.strategy": "range",  # partition n of both topics together
        "session.timeout.ms": int(settings.session_timeout_s * 1000),
        "heartbeat.interval.ms": int(settings.session_timeout_s * 1000 / 3),
        "fetch.wait.max.ms": 100,  # as long as an event waits for its fence when all is quiet
        "topic.metadata.refresh.interval.ms": 5000,  # topics that are made after us are seen
    }
