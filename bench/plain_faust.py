"""The micro job on plain Faust: an agent with a table, one message at a time.

python -m bench.plain_faust BROKER EVENTS REPORT
"""

import sys
from pathlib import Path
from typing import Any

import faust

from bench.ground import PARTITIONS
from bench.micro import OUTPUT, SOURCE, counted
from bench.stopwatch import Stopwatch

APP_ID = "bench-plain-faust"
CHANGELOG = f"{APP_ID}-customers-changelog"


def make_app(broker: str, watch: Stopwatch) -> faust.App:
    """Return the app."""
    app = faust.App(
        APP_ID,
        broker=f"kafka://{broker}",
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
        web_enabled=False,
    )
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes, "value_serializer": "raw"}
    customers = app.Table("customers", partitions=PARTITIONS, key_type=bytes)
    output = app.topic(OUTPUT, **raw)

    @app.agent(app.topic(SOURCE, **raw))
    async def count(stream: Any) -> None:
        async for customer, value in stream.items():
            watch.begin()
            customers[customer], change = counted(customers.get(customer), value)
            if change is not None:
                await output.send(key=customer, value=change)
            watch.handled(1)

    return app


if __name__ == "__main__":
    _, where, total, report = sys.argv
    app = make_app(where, Stopwatch(int(total), Path(report)))
    faust.Worker(app, loglevel="WARN").execute_from_commandline()
