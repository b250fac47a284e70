"""Who may do what: the least that each role needs of Kafka and of Redis, as data.

`nyxter acl` prints the commands that grant it, docs/access.md shows them, and tests run the system
with exactly that.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from streams import topics
from streams.lane.groupless import NO_GROUP
from streams.settings import Settings
from streams.topics import SOURCES

MARKETING_GROUPS: Final = "marketing"

KAFKA_ROLES: Final = {
    "worker": "nyxter worker, leading or not",
    "cache": "nyxter cache",
    "source": "whatever sends purchases, contracts and customers",
    "marketing": "whoever acts on triggers, in groups whose names begin with "
    f"{MARKETING_GROUPS}- (examples/consumer.py)",
    "operator": "nyxter topics, doctor, tail, top, triggers, model, dead-letters list and show, "
    "reconcile, replay --journal",
    "steward": "nyxter dead-letters retry, erase, rebuild, skip, cache rebuild",
    "analyst": "nyxter tail, model show, export",
    "console": "nyxter console",
}
REDIS_ROLES: Final = {
    "cache": "nyxter cache",
    "support": "nyxter card, explain, and tools that read cards",
    "console": "nyxter console",
    "operator": "nyxter doctor, top, reconcile, and whoever looks at everything of ours",
    "steward": "nyxter erase, cache rebuild",
}


class Grant(NamedTuple):
    """What a role may do to some resources of Kafka.

    Attributes
    ----------
    role
        One of `KAFKA_ROLES`.
    operations
        As ``kafka-acls.sh`` names them.
    resource
        ``topic``, ``group`` or ``transactional-id``.
    names
        Of the resources.
    is_prefix
        Whether each stands for all that begin with it.

    """

    role: str
    operations: tuple[str, ...]
    resource: str
    names: tuple[str, ...]
    is_prefix: bool = False


class Keys(NamedTuple):
    """What a role may do in Redis: patterns of keys, and the commands."""

    role: str
    patterns: tuple[str, ...]
    commands: tuple[str, ...]


def user_of(role: str) -> str:
    """Return the name under which a role logs in.

    >>> user_of("worker")
    'nyxter-worker'
    """
    return f"nyxter-{role}"


def kafka_grants(settings: Settings) -> Iterator[Grant]:
    """Yield what is granted, role by role; what is not is refused by the broker's authorizer."""
    yield from _worker(settings.app_id, topics.changelog(settings))
    outputs = (topics.PROFILES, topics.SEGMENT_EVENTS)
    yield Grant("cache", ("Read",), "topic", outputs)
    yield Grant("cache", ("Read",), "group", (f"{settings.app_id}-cache",))
    yield Grant("cache", ("Describe",), "group", (NO_GROUP,))
    yield Grant("source", ("Write",), "topic", topics.INPUTS)
    yield Grant("marketing", ("Read",), "topic", (topics.SEGMENT_EVENTS,))
    yield Grant("marketing", ("Read",), "group", (f"{MARKETING_GROUPS}-",), is_prefix=True)
    yield from _operator(settings)
    yield from _steward(settings)
    yield Grant("analyst", ("Read",), "topic", (*outputs, topics.SNAPSHOTS))
    yield Grant("analyst", ("Describe",), "group", (NO_GROUP,))
    yield from _console(settings.app_id, topics.changelog(settings))


def _worker(app_id: str, changelog: str) -> Iterator[Grant]:
    read_back = (topics.SUMMARIES, topics.SNAPSHOTS, changelog)
    written = (topics.SEGMENT_EVENTS, topics.DEAD_LETTERS, topics.PROFILES)
    both = (topics.CONTROL, topics.REPARTITION, topics.JOURNAL, *read_back)
    only_read = tuple(name for name in SOURCES if name not in both)
    yield Grant("worker", ("Read", "DescribeConfigs"), "topic", only_read)
    yield Grant("worker", ("Write", "DescribeConfigs"), "topic", written)
    yield Grant("worker", ("Read", "Write", "DescribeConfigs"), "topic", both)
    yield Grant("worker", ("Describe", "DescribeConfigs"), "topic", (topics.RETRIED,))
    yield Grant("worker", ("Read",), "group", (app_id,))
    yield Grant("worker", ("Describe",), "group", (NO_GROUP,))
    lanes = f"{app_id}-{changelog}-"
    yield Grant("worker", ("Write",), "transactional-id", (lanes,), is_prefix=True)
    yield Grant("worker", ("Write",), "transactional-id", (f"{app_id}-snapshot",))


def _operator(settings: Settings) -> Iterator[Grant]:
    app_id, names = settings.app_id, tuple(topic.name for topic in topics.every_topic(settings))
    yield Grant("operator", ("Create", "Read", "DescribeConfigs"), "topic", names)
    yield Grant("operator", ("Write",), "topic", (topics.CONTROL,))
    yield Grant("operator", ("Write",), "transactional-id", (f"{app_id}-control",))
    yield Grant("operator", ("Describe",), "group", (app_id, f"{app_id}-cache", NO_GROUP))


def _steward(settings: Settings) -> Iterator[Grant]:
    app_id, names = settings.app_id, tuple(topic.name for topic in topics.every_topic(settings))
    changelog = topics.changelog(settings)
    yield Grant("steward", ("Read", "DescribeConfigs"), "topic", names)
    written = (*SOURCES, topics.RETRIED, topics.JOURNAL, changelog)
    yield Grant("steward", ("Write",), "topic", written)
    yield Grant("steward", ("Describe",), "group", (app_id, f"{app_id}-cache", NO_GROUP))
    yield Grant("steward", ("Write",), "transactional-id", (f"{app_id}-retry",))
    yield Grant("steward", ("Write",), "transactional-id", (f"{app_id}-snapshot",))
    yield Grant(
        "steward", ("Write",), "transactional-id", (f"{app_id}-{changelog}-",), is_prefix=True
    )


def _console(app_id: str, changelog: str) -> Iterator[Grant]:
    """Yield what pages and look-ups need; the changelog and the inputs: how far workers are."""
    shown = (topics.SEGMENT_EVENTS, topics.SNAPSHOTS, topics.DEAD_LETTERS, topics.RETRIED)
    yield Grant("console", ("Read",), "topic", (*shown, changelog))
    described = tuple(name for name in SOURCES if name not in shown)
    yield Grant("console", ("Describe",), "topic", described)
    yield Grant("console", ("Describe",), "group", (app_id, NO_GROUP))


_FILL: Final = (
    *("ping", "time", "script|load", "evalsha"),
    *("hget", "hgetall", "hlen", "hmget", "hset", "hsetnx", "hincrby", "hdel", "hscan"),
    *("del", "expire", "multi", "exec", "type"),
    *("xadd", "xrange", "xrevrange", "sadd", "smembers", "zadd", "zrem"),
)
_LOOK_UP: Final = ("hget", "hgetall", "hmget", "xrange", "xrevrange", "smembers")
_MEMBERS: Final = ("zcard", "zcount", "zrange", "zscore")
_RANKS: Final = ("zcard", "zscore", "zrevrange", "zrevrank", "zrange", "zscan")

REDIS_KEYS: Final = (
    Keys(
        "cache",
        ("~nyxter:v1:*",),
        _FILL,
    ),
    Keys(
        "support",
        (
            "%R~nyxter:v1:customer:*",
            "%R~nyxter:v1:segment:*:members",
            "%R~nyxter:v1:segments",
            "%R~nyxter:v1:meta",
        ),
        ("ping", *_LOOK_UP, *_MEMBERS),
    ),
    Keys(
        "console",
        (
            *("%R~nyxter:v1:customer:*", "%R~nyxter:v1:segment:*:members", "%R~nyxter:v1:segments"),
            *("%R~nyxter:v1:meta", "%R~nyxter:v1:counts"),
            *("%R~nyxter:v1:moves:*", "%R~nyxter:v1:sizes:*"),
        ),
        (
            *("ping", "hgetall", "hmget", "xrevrange", "sismember", "smembers", "zrandmember"),
            *_RANKS,
        ),
    ),
    Keys(
        "operator",
        ("%R~nyxter:v1:*",),
        (
            *("ping", *_LOOK_UP, *_MEMBERS, "zmscore", "scan", "zscan"),
            *("type", "time", "info", "acl|whoami"),
        ),
    ),
    Keys(
        "steward",
        ("~nyxter:v1:*", "~nyxter:foreign:*"),
        (
            *(*_FILL, *_MEMBERS, "zmscore", "scan", "zscan", "xdel", "xlen"),
            *("exists", "watch", "unwatch", "persist", "rename"),
        ),
    ),
)


def redis_rules(keys: Keys) -> list[str]:
    """Return what ``ACL SETUSER`` is told of a role, but for the password.

    >>> redis_rules(Keys("support", ("%R~nyxter:v1:meta",), ("hget", "script|load")))
    ['resetkeys', 'resetchannels', '-@all', '%R~nyxter:v1:meta', '+hget', '+script|load']
    """
    allowed = [f"+{command}" for command in keys.commands]
    return ["resetkeys", "resetchannels", "-@all", *keys.patterns, *allowed]
