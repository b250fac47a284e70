"""What keeps Redis from saying what the topics say, reported as a process's standstills."""

from collections.abc import Iterable
from typing import Final

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from streams.cache.foreign import FIXED, describe, examine_if_allowed
from streams.cache.lease import REBUILD as LEASE
from streams.cache.marks import CUSTOMERS, Marks, incomplete, missed
from streams.cache.outset import REBUILD, lost
from streams.cache.waiting import Waiting
from streams.lane.standstills import EVERY, Reason, Standstill, Standstills

_NAMED: Final = 3
_PUT_ASIDE: Final = f"{REBUILD} and puts aside what is not ours"
_OF_CUSTOMERS: Final = f"{_PUT_ASIDE}; the customer is written as soon as it is gone"


class Obstacles:
    """Looks for foreign keys and for what was missed; the rest goes on beside them.

    Parameters
    ----------
    redis
        The client; it must not decode.
    marks
        What Redis remembers.
    standstills
        Where to report.

    """

    def __init__(self, redis: Redis, marks: Marks, standstills: Standstills) -> None:
        self._redis = redis
        self._marks = marks
        self.standstills = standstills

    def remember(self, keys: Iterable[bytes], *, has_customers: bool) -> None:
        """Have Redis remember what it lacks until a rebuild, and that it came about.

        Parameters
        ----------
        keys
            Foreign keys without which something was written.
        has_customers
            Whether there are others of customers: where a card of ours was before, it is counted
            still, and a history has lost what came before.

        """
        lacking = {*keys} - {LEASE}  # a rebuild's own key is not of what is kept
        self._marks.note_incomplete(lacking | ({CUSTOMERS} if has_customers else set()))

    def look(self, waiting: Waiting, partitions: Iterable[int], foreign: Iterable[bytes]) -> None:
        """Report what is so now, and no more what is not.

        Parameters
        ----------
        waiting
            The customers who could not be written.
        partitions
            Ours.
        foreign
            Keys that were found besides.

        """
        marks = self._marks.read()
        lacking = {*incomplete(marks), *foreign} - ({CUSTOMERS} if waiting else set())
        self.report_shared(lacking)
        for number in partitions:
            told = lost(missed(marks)).get(number, "")
            remedy = f"histories and moves lack them: {REBUILD}"
            self._report(Reason.INPUT_DELETED, number, told, remedy)
            keys = waiting.keys().get(number, [])
            self._report(Reason.FOREIGN_KEY, number, self._named(keys), _OF_CUSTOMERS)

    def report_shared(self, keys: Iterable[bytes]) -> bool:
        """Report foreign keys that concern everybody, those of fixed names included; tell if any.

        Raises ``RedisError`` where Redis does not answer.
        """
        fixed = [each.key for each in examine_if_allowed(self._redis, FIXED)]
        named = self._named(sorted({*keys, *fixed}))
        self._report(Reason.FOREIGN_KEY, EVERY, named, _PUT_ASIDE)
        return bool(named)

    def explains(self, error: RedisError) -> bool:
        """Tell whether Redis refused something because a key of a fixed name is not ours."""
        return is_of_foreign_key(error) and self.report_shared(())

    def _named(self, keys: list[bytes]) -> str:
        told = describe(self._redis, keys[:_NAMED]) if keys else []
        return ", ".join(told) + (" and others" if len(keys) > _NAMED else "")

    def _report(self, reason: Reason, partition: int, detail: str, remedy: str) -> None:
        if detail:
            self.standstills.begin(Standstill(reason, partition, detail, remedy))
        else:
            self.standstills.end(reason, partition)


def is_of_foreign_key(error: RedisError) -> bool:
    """Tell whether Redis refused a command because the key holds another type."""
    return isinstance(error, ResponseError) and "WRONGTYPE" in str(error)
