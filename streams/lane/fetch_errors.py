"""What brokers answer to aiokafka's fetches, where it keeps that to itself."""

from collections.abc import Callable
from typing import Any, Final

from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.protocol.fetch import FetchRequest

_UNKNOWN: Final = UnknownTopicOrPartitionError.errno


class FetchErrors:
    """An aiokafka client that reports fetches of topics that a broker does not know.

    Between its deletion and its creation a topic that is made anew answers so; aiokafka asks again
    until there is one, and says nothing.

    Parameters
    ----------
    client
        The client.
    on_unknown
        Called with the partition's number, in the client's thread.

    """

    def __init__(self, client: Any, on_unknown: Callable[[int], None]) -> None:
        self._client = client
        self._on_unknown = on_unknown

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node: Any, request: Any, **options: Any) -> Any:
        """Send a request and return the answer, after a look at it."""
        answer = await self._client.send(node, request, **options)
        if isinstance(request, FetchRequest):
            for _, partitions in answer.topics:
                for number, error, *_ in partitions:
                    if error == _UNKNOWN:
                        self._on_unknown(number)
        return answer
