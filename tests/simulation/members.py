"""A consumer's membership of a group, as librdkafka keeps it behind `poll`."""

from typing import TYPE_CHECKING, Any

from confluent_kafka import TopicPartition

from simulation import world
from simulation.groups import OK, UNKNOWN, WAIT
from simulation.network import Connection, NoAnswer

if TYPE_CHECKING:
    from simulation.consumer import Consumer


class Member:
    """Joins, hears of changes, and has its calls made by whoever polls."""

    def __init__(self, consumer: "Consumer", config: Any, topics: list[str], calls: Any) -> None:
        self._consumer = consumer
        self._topics = topics
        self._calls = calls
        self._world = world.current()
        self._kernel = self._world.kernel
        self._group = self._world.groups[config["group.id"]]
        self._session_s = config["session.timeout.ms"] / 1000
        self._beat_s = config["heartbeat.interval.ms"] / 1000
        process = self._world.process
        self._name = process.name if process is not None else "somebody"
        self._connection = Connection(self._world.broker.network, process)
        self._given: list[int] | None = None
        self._holds: list[TopicPartition] = []
        self._revoke = False
        self._has_left = False
        self._kernel.spawn(process, "member", self._run)

    def serve(self) -> None:
        """Call what is due."""
        if self._revoke:
            held, self._holds = self._holds, []
            if held and self._calls.on_revoke is not None:
                self._calls.on_revoke(self._consumer, held)
            self._consumer.assign([])
            self._revoke = False
        if self._given is not None:
            given, self._given = self._given, None
            self._holds = [TopicPartition(t, n) for t in self._topics for n in given]
            if self._calls.on_assign is None:
                self._consumer.assign(self._holds)
            else:
                self._calls.on_assign(self._consumer, self._holds)

    def leave(self) -> None:
        """Be no member any more."""
        self._has_left = True
        try:
            self._connection.ask("Group", lambda: self._group.leave(self._name), 2.0)
        except NoAnswer:
            return

    def _run(self) -> None:
        while not self._has_left:
            try:
                self._belong()
            except NoAnswer:
                self._kernel.sleep(0.2)

    def _belong(self) -> None:
        """Join, be given a share, and stay until the group changes."""
        self._revoke = True
        while self._revoke:
            self._kernel.sleep(0.05)
        self._ask(lambda: self._group.join(self._name, self._session_s))
        while (share := self._ask(lambda: self._group.share(self._name)))[0] == WAIT:
            self._kernel.sleep(0.05)
        code, given, generation = share
        if code != OK:
            return
        self._given = given
        while not self._has_left:
            self._kernel.sleep(self._beat_s)
            try:
                code = self._ask(lambda: self._group.beat(self._name, generation))
            except NoAnswer:
                continue
            if code != OK:
                self._kernel.trace("group changes", code == UNKNOWN)
                return

    def _ask(self, handle: Any) -> Any:
        return self._connection.ask("Group", handle, 5.0)
