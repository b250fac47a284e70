"""A proxy that holds the bytes of an EndTxn, lets its client go, and delivers them later.

That is what a network does whose connection breaks while a request is under way: the client sends
it again on another connection, and what it had sent first comes when nobody waits for it any more.
"""

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Final, Literal

from proxy import END_TXN, PRODUCE, KafkaProxy, frame, framed

ADD_PARTITIONS: Final = 24
# From which version on a request is "flexible": lengths are varints, the header ends in tags.
_FLEXIBLE: Final = {PRODUCE: 9, ADD_PARTITIONS: 3, END_TXN: 3}
_GATHERING_S: Final = (
    0.05  # an answer this late lets a client gather partitions for a second asking
)

Moment = Literal[
    "after AddPartitions", "between AddPartitions", "between Produces", "before EndTxn", "later"
]
MOMENTS: Final[tuple[Moment, ...]] = (
    "after AddPartitions",
    "between AddPartitions",
    "between Produces",
    "before EndTxn",
    "later",
)


@dataclass
class Late:
    """An EndTxn that comes late.

    Attributes
    ----------
    moment
        Where in the next transaction of the same name it is delivered ("later": `seconds` after
        that one's first AddPartitions); where that has no such moment, in the one after.
    commit
        Which kind is held: commits, or aborts.
    seconds
        See above.
    name, payload
        Of the request that is held, once there is one.
    error
        What the broker answered to it in the end, 0 for success; None: it is not delivered yet.

    """

    moment: Moment
    commit: bool
    seconds: float = 0.0
    name: str = ""
    payload: bytes = b""
    error: int | None = None
    is_sent: bool = False
    added: int = 0
    produced: int = 0
    delivered: asyncio.Event = field(default_factory=asyncio.Event)


class HoldingProxy(KafkaProxy):
    """A proxy through which an EndTxn may come late."""

    def __init__(self, upstream: str = "") -> None:
        super().__init__(upstream)
        self._late: list[Late] = []
        self._awaited: dict[tuple[asyncio.StreamWriter, int], Late] = {}
        self._timers: set[asyncio.Task[None]] = set()

    def hold(self, moment: Moment, *, commit: bool, seconds: float = 0.0) -> Late:
        """Hold the next EndTxn of a kind; returned, to look at what became of it."""
        late = Late(moment, commit, seconds)
        self._late.append(late)
        return late

    async def _arrived(self, payload: bytes, writer: asyncio.StreamWriter) -> bool:
        api, version, number = struct.unpack(">hhi", payload[:8])
        if api not in _FLEXIBLE:
            return True
        name, body = _transactional_id(payload, flexible=version >= _FLEXIBLE[api])
        for late in self._under_way(name):
            await self._come_to(late, api, writer, number)
        if api != END_TXN or self._under_way(name):
            return True
        commit = bool(body[10])  # after producer id and epoch
        for late in self._late:
            if not late.payload and late.commit == commit:
                late.name, late.payload = name, payload
                return False
        return True

    def _under_way(self, name: str) -> list[Late]:
        return [each for each in self._late if each.name == name and each.error is None]

    async def _come_to(
        self, late: Late, api: int, writer: asyncio.StreamWriter, number: int
    ) -> None:
        """Deliver what is held if this request makes it the moment."""
        if api == ADD_PARTITIONS:
            late.added += 1
            await self._come_to_partitions(late, writer, number)
        elif late.added == 0:
            return  # the client ends its own transaction again
        elif api == PRODUCE:
            late.produced += 1
            if late.moment == "between Produces":
                if late.produced == 1:
                    self._awaited[writer, number] = late
                else:
                    await late.delivered.wait()
        elif late.moment == "before EndTxn":
            await self._deliver(late)
        else:
            late.added = late.produced = 0  # in the transaction after this one

    async def _come_to_partitions(
        self, late: Late, writer: asyncio.StreamWriter, number: int
    ) -> None:
        first = late.added == 1
        if late.moment == "between AddPartitions" and not first:
            await self._deliver(late)
        elif first and late.moment in ("after AddPartitions", "between AddPartitions"):
            self._awaited[writer, number] = late
        elif first and late.moment == "later":
            timer = asyncio.ensure_future(self._deliver_later(late))
            self._timers.add(timer)
            timer.add_done_callback(self._timers.discard)

    async def _answered(self, writer: asyncio.StreamWriter, number: int) -> None:
        late = self._awaited.pop((writer, number), None)
        if late is not None and late.moment == "between AddPartitions":
            await asyncio.sleep(_GATHERING_S)
        elif late is not None:
            await self._deliver(late)

    async def _deliver_later(self, late: Late) -> None:
        await asyncio.sleep(late.seconds)
        await self._deliver(late)

    async def _deliver(self, late: Late) -> None:
        """Send what was held on a connection of our own, and take the broker's answer."""
        if late.is_sent:
            return
        late.is_sent = True
        host, port = self.upstream.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(framed(late.payload))
        answer = await frame(reader)
        writer.close()
        assert answer is not None
        late.error = struct.unpack(">h", answer[8:10])[0]  # after number and throttle time
        late.delivered.set()


def _transactional_id(payload: bytes, *, flexible: bool) -> tuple[str, bytes]:
    """Return the transactional id that a request begins with ("": none), and what follows it."""
    length = struct.unpack(">h", payload[8:10])[0]
    rest = payload[10 + max(0, length) :]
    if flexible:
        assert rest[0] == 0, "tags in a request's header"
        size, rest = rest[1] - 1, rest[2:]
        assert size < 0x7F, "a name that is this long is not known"
    else:
        size, rest = struct.unpack(">h", rest[:2])[0], rest[2:]
    return rest[: max(0, size)].decode(), rest[max(0, size) :]
