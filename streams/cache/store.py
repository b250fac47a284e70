"""Cards, histories and members of segments in Redis: the writing side."""

from collections.abc import Iterable, Mapping
from typing import Any

from redis import Redis
from redis.client import Pipeline

from schemas.envelope import dumps, loads
from streams.cache.batch import NOWHERE, Change, Standing, standing_of
from streams.cache.positions import Positions
from streams.cache.scripts import Argument, Script, answers
from streams.cards import (
    CARD_TEXTS,
    SEGMENTS,
    TRANSITION_TEXTS,
    card_key,
    history_key,
    members_key,
    packed,
)

HISTORY = 200
TOMBSTONE_S = 3600
STANDING = ("version", "gone", "tier", "campaigns", "rfm", "consumption", "prfv")


class Store:
    """Writes what is new of customers, so that doing it again changes nothing.

    Cards and histories are right by their script: versions are compared where they are written.
    Members cannot be, as a segment's set lies in another slot of a cluster than the cards. They
    are right for these reasons:

    1. Each write of a customer's members says everything of one version of the card: a member of
       the segments it names, of no other that Redis ever knew (`SEGMENTS`, added to before the
       cards are written, asked for after). So it does not matter what was there before, and after
       a crash between card and members, doing the batch again is enough.
    2. With the members, in the same round trip and after them, goes the question whether our
       places are still ours. If they are, nobody else had written a newer card of these customers
       before our members, for whoever is given a place takes it over first: any newer card's
       members come after ours.
    3. If they are not, we are late, and others may have written before us. Then we read the cards
       and write the members that they say, until no card moves meanwhile. So whoever writes a
       stale member reads a newer card afterwards, and the last word on each set is the newest's.

    What remains is a process that comes late and dies in the moment between its stale members and
    the answer: it leaves a customer in a wrong set until the customer's next profile, by 1.

    Parameters
    ----------
    redis
        The client; it must not decode, and a pipeline's commands must run in their order.
    positions
        Tells whose the places are.
    history
        Most transitions to keep of a customer.

    """

    def __init__(self, redis: Redis, positions: Positions, history: int = HISTORY) -> None:
        self._redis = redis
        self._positions = positions
        self._history = history
        self._script = Script(redis, "card")

    def open(self) -> None:
        """Make Redis ready to be written to; needed again when it was started anew."""
        self._script.load()

    def write(self, changes: Mapping[bytes, Change]) -> None:
        """Write cards, histories and members: one round trip for each half."""
        self.write_members(*self.write_cards(changes))

    def write_cards(
        self, changes: Mapping[bytes, Change]
    ) -> tuple[dict[bytes, Standing], set[bytes]]:
        """Write cards and histories; return what is left to do, as `write_members` takes it.

        That is where the customers stand whose card is now the one given, and the names of all
        segments that Redis has known.
        """
        pipe = self._redis.pipeline(transaction=False)
        if names := set().union(*(change.standing.segments for change in changes.values())):
            pipe.sadd(SEGMENTS, *names)
        for customer, change in changes.items():
            keys = (card_key(customer), history_key(customer))
            self._script.queue(pipe, keys, self._arguments(change))
        pipe.smembers(SEGMENTS)
        *written, known = answers(pipe)
        verdicts = zip(changes.items(), written[-len(changes) :], strict=True)
        standings = {
            customer: change.standing
            for (customer, change), stands in verdicts
            if stands and change.version is not None
        }
        return standings, known

    def write_members(self, standings: Mapping[bytes, Standing], known: Iterable[bytes]) -> None:
        """Put customers into the segments where they stand and out of all others `known`."""
        if not standings:
            return
        pipe = self._redis.pipeline(transaction=False)
        _queue_members(pipe, standings, known)
        self._positions.ask_owners(pipe)
        if not self._positions.are_ours(answers(pipe)[-1]):
            self._follow_cards(standings)

    def _follow_cards(self, customers: Iterable[bytes]) -> None:
        """Write members by what the cards say, until the cards say the same afterwards."""
        late = list(customers)
        cards, known = self._read_cards(self._redis.pipeline(transaction=False), late)
        while late:
            pipe = self._redis.pipeline(transaction=False)
            _queue_members(pipe, {customer: _standing(cards[customer]) for customer in late}, known)
            now, known = self._read_cards(pipe, late)
            late = [customer for customer in late if now[customer] != cards[customer]]
            cards = now

    def _read_cards(
        self, pipe: Pipeline, customers: list[bytes]
    ) -> tuple[dict[bytes, list[Any]], set[bytes]]:
        """Run `pipe`, then read what members depend on."""
        for customer in customers:
            pipe.hmget(card_key(customer), STANDING)
        pipe.smembers(SEGMENTS)
        *cards, known = answers(pipe)[-len(customers) - 1 :]
        return dict(zip(customers, cards, strict=True)), known

    def _arguments(self, change: Change) -> list[Argument]:
        """Return what the script is told of one customer."""
        version = "" if change.version is None else str(change.version)
        args: list[Argument] = [version, self._history, TOMBSTONE_S, _card(change, version)]
        for offset, fields in change.transitions:
            args += (offset, dumps(packed(fields, TRANSITION_TEXTS)))
        return args


def _card(change: Change, version: str) -> bytes:
    """Return the card's names and values as a JSON list; nothing where there is none.

    In one piece it costs half of what an argument for each name and value would.
    """
    if change.profile is None:
        return b""
    own = ("version", version, "updated_at", str(change.updated_at))
    return dumps([*packed(change.profile, CARD_TEXTS), *own])


def _queue_members(
    pipe: Pipeline, standings: Mapping[bytes, Standing], known: Iterable[bytes]
) -> None:
    """Queue one command for who is in a segment, and one for who is not."""
    for name in known:
        scores = {c: s.score for c, s in standings.items() if name in s.segments}
        if scores:
            pipe.zadd(members_key(name), scores)
        if len(scores) < len(standings):
            pipe.zrem(members_key(name), *(standings.keys() - scores.keys()))


def _standing(card: list[Any]) -> Standing:
    """Where a card puts its customer, of the fields `STANDING`."""
    version, gone, tier, *values = card
    if version is None or gone:
        return NOWHERE
    profile = dict(zip(STANDING[3:], map(loads, values), strict=True))
    return standing_of({"tier": tier.decode(), **profile})
