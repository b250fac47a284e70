"""An event on its way to Kafka."""

from typing import NamedTuple


class Parcel(NamedTuple):
    """An event ready to be sent: its topic, its key and its structured JSON."""

    topic: str
    key: bytes
    line: bytes
