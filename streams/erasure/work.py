"""The work of erasing: ask for it, follow it, tell what is left of whom."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from redis import Redis

from nyxter_online.places import former_tombstones, tombstone_of
from streams import topics
from streams.erasure.copied import copied, reached, remove_mark
from streams.erasure.held import Search
from streams.erasure.request import Request, publish
from streams.lane.partitioner import partition_of
from streams.settings import Settings


class OtherSecret(LookupError):  # noqa: N818 - it names what is the case
    """The workers do not remember an erasure that they have applied under the name we expect."""


class Names:
    """How ids are hidden: the name in use, and those of former secrets."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.secret.get_secret_value().encode()
        self.are_keyed = bool(secret)
        self.of = tombstone_of(secret)
        self._former = former_tombstones(settings.secrets_before)

    def all_of(self, customer_id: str) -> list[str]:
        """Return every name of an id, the one in use first."""
        return [self.of(customer_id), *self._former(customer_id)]


class Erasure:
    """Erases customers, or looks whether those erased are still gone.

    Parameters
    ----------
    settings
        Of the application.
    client
        librdkafka settings.
    redis
        Holds the cards; None: there is no Redis.
    ids
        The customers.

    """

    def __init__(
        self, settings: Settings, client: Mapping[str, Any], redis: Redis | None, ids: Iterable[str]
    ) -> None:
        self._client = client
        self._redis = redis
        self._names = Names(settings)
        self._partitions = settings.partitions
        self._ids = {self._names.of(customer_id): customer_id for customer_id in ids}
        by_id = {customer_id: name for name, customer_id in self._ids.items()}
        changelog = topics.changelog(settings)
        self._search = Search(client, changelog, settings.partitions, by_id.get)
        self._offsets: dict[str, int] = {}

    def close(self) -> None:
        """Stop reading."""
        self._search.close()

    def look(self) -> dict[str, Counter[str]]:
        """Return, by id, how much of each sort is held now; the first time takes the longest."""
        self._search.look()
        return {customer_id: self._counts(name) for name, customer_id in self._ids.items()}

    def _counts(self, name: str) -> Counter[str]:
        counts = Counter(self._search.held[name].counts())
        if self._redis is not None:
            counts.update(copied(self._redis, self._ids[name].encode()).counts())
        return counts

    def ask(self, now: str) -> list[Request]:
        """Publish an erasure of each customer up to now, or to a version held that is ahead of us.

        The clocks of those who record events may be: what is held shall not outlive the erasure.
        """
        requests = [
            self._request(name, max(now, self._search.held[name].newest)) for name in self._ids
        ]
        self._offsets = publish(self._client, requests)
        return requests

    def remembered(self) -> list[Request]:
        """Return the erasures that the state remembers, of those looked for; `look` comes first."""
        found = []
        for name, customer_id in self._ids.items():
            times = [self._search.erased.get(one, "") for one in self._names.all_of(customer_id)]
            if max(times):
                found.append(self._request(name, max(times)))
        return found

    def _request(self, name: str, time: str) -> Request:
        customer_id = self._ids[name]
        home = partition_of(customer_id.encode(), self._partitions)
        return Request(customer_id, name, home, time)

    def snapshot(self) -> int:
        """Return the number of the newest snapshot seen, 0: none."""
        return self._search.snapshot.number if self._search.snapshot is not None else 0

    def left(self, requests: Sequence[Request]) -> dict[str, list[str]]:
        """Return, by hidden name, what is left of whom anything is, in words.

        Raises
        ------
        OtherSecret
            Workers hide names by another secret.
        KafkaException, RedisError
            The broker, or Redis, does not answer.

        """
        self._search.look()
        found = {request.name: list(self._left(request)) for request in requests}
        return {name: words for name, words in found.items() if words}

    def _left(self, request: Request) -> Iterator[str]:
        yield from self._not_applied(request)
        held = self._search.held[request.name]
        old = Counter(k for (k, _), time in held.registers.items() if time <= request.time)
        yield from (_several(count, kind) for kind, count in sorted(old.items()))
        if len(held.registers) == old.total():  # otherwise they live anew, by later events
            if held.standing:
                yield "scores in the state"
            if held.profile:
                yield "the profile"
        if self._redis is not None:
            yield from self._left_in_redis(self._redis, request)

    def _not_applied(self, request: Request) -> Iterator[str]:
        """Yield what of the erasure itself is still to come, where we asked for it."""
        offset = self._offsets.get(request.name)
        if offset is None:
            return
        place = f"partition {request.partition}"
        if self._search.next.get(request.partition, {}).get(topics.CUSTOMERS, 0) <= offset:
            yield f"the erasure is not applied yet ({place})"
            return
        names = self._names.all_of(request.customer_id)
        if max(self._search.erased.get(name, "") for name in names) < request.time:
            raise OtherSecret(
                "the workers have applied an erasure, but remember it under another name than this "
                "command expects: give it the NYXTER_SECRET that the workers have"
            )
        snapshot = self._search.snapshot
        reach = {} if snapshot is None else snapshot.next.get(str(request.partition), {})
        if reach.get(topics.CUSTOMERS, 0) <= offset:
            yield f"no snapshot without the customer yet ({place})"

    def _left_in_redis(self, redis: Redis, request: Request) -> Iterator[str]:
        customer, held = request.customer_id.encode(), self._search.held[request.name]
        position = reached(redis, request.partition)
        if position is not None and position < held.profile_end:
            yield "the cache has not come to the end of the profile"
        elif not held.profile:
            found = copied(redis, customer)
            counts = (int(found.card), "card"), (found.history, "transition")
            yield from (_several(count, what) + " in Redis" for count, what in counts if count)
            if found.memberships:
                yield _several(found.memberships, "membership") + " in Redis"
            if found.mark and not remove_mark(redis, customer):
                yield "the mark in Redis that the customer is gone (Redis is being filled anew)"


def _several(count: int, noun: str) -> str:
    """Say a number of things.

    >>> _several(1, "order"), _several(2, "card")
    ('1 order', '2 cards')
    """
    return f"{count} {noun}" + "s" * (count != 1)
