"""Every agent: one per source topic, each handing what was fetched to the lane of its partition."""

from typing import Any

import faust

from streams.lane.lanes import Lanes
from streams.lane.transport import Fetched


def add_agents(app: faust.App, lanes: Lanes) -> None:
    """Give the app an agent for each source topic of the lanes."""
    for name in lanes.config.sources:
        topic = app.topic(name, value_type=bytes, key_type=bytes, internal=False)
        app.agent(topic, name=name)(_agent(app, lanes))


def _agent(app: faust.App, lanes: Lanes) -> Any:
    async def take(stream: Any) -> None:
        async for fetched in stream:
            hand_over(fetched, app.consumer, lanes)

    return take


def hand_over(fetched: Fetched, consumer: Any, lanes: Lanes) -> None:
    """Put messages into their lane, unless they were fetched before its gate was opened anew."""
    lane = lanes.get(fetched.partition)
    if lane is not None and consumer.is_current(fetched):
        lane.put(fetched.topic, fetched.messages, fetched.following)
