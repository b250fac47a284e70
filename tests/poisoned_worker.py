"""`nyxter`, but the step fails on events that bear a mark, and one codec is missing.

Run as a program by Kafka tests. The codec is missing as it is where cramjam is not installed.
"""

from collections.abc import Sequence
from typing import Final

import aiokafka.codec

import streams.app
from nyxter_online.intake import Message
from streams.lane.records import Record
from streams.segmenter.entry import Entry
from streams.segmenter.shift import SegmentShift

MARK: Final = "POISON"
MISSING: Final = "zstd"


class PoisonedShift(SegmentShift):
    """A shift whose work fails on marked messages, after everything was computed."""

    def _events(self, entry: Entry, messages: Sequence[Message]) -> list[Record]:
        records = super()._events(entry, messages)
        if any(MARK.encode() in (message.value or b"") for message in messages):
            raise ArithmeticError("text that may quote a customer's event")
        return records


if __name__ == "__main__":
    from streams.cli import app

    streams.app.SegmentShift = PoisonedShift  # type: ignore[misc]
    aiokafka.codec.has_zstd = lambda: False
    app()
