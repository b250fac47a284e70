"""Whether a partition's state is still this worker's to write: asked around a new epoch."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from streams.lane.changelog import opened

log = structlog.get_logger()


class Ownership:
    """What a producer has to know before it takes its name anew without loading the state again.

    Parameters
    ----------
    client
        librdkafka settings.
    changelog, partition
        Where each transaction of the name ends, and nobody without the name writes.
    leased
        Tells whether the partition is this worker's, and was since the state was loaded.
    on_renewed
        Called with the reason when a new epoch is had.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        changelog: str,
        partition: int,
        leased: Callable[[], bool],
        on_renewed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._changelog = changelog
        self._partition = partition
        self._leased = leased
        self._on_renewed = on_renewed

    def lost(self, following: int | None) -> str:
        """Return why state that ends before an offset may not be gone on from, "" where it may.

        It may while the lease holds and nobody has committed anything from that offset on. The
        changelog tells, not the journal, whose end a transaction of the leader may hide.

        Raises
        ------
        KafkaException
            The broker could not be read.

        """
        if not self._leased():
            return "the partition is another worker's by now"
        if following is None:
            return "nothing was written yet, so where it ended is not known"
        with opened(self._client, self._changelog, self._partition) as end:
            written = any(pairs for pairs, _ in end.read(following))
        return "somebody else has written meanwhile" if written else ""

    def renewed(self, reason: str) -> None:
        """Take note of a new epoch, and why there had to be one."""
        log.warning("epoch renewed", partition=self._partition, reason=reason)
        self._on_renewed(reason)
