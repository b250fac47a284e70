"""The micro job on our lane: a Faust app, its agent and table, exactly once.

python -m bench.micro_lane BROKER EVENTS REPORT
"""

import sys
from pathlib import Path

import faust

from bench.ground import PARTITIONS, settings_of
from bench.micro import SOURCE
from bench.micro_shift import MicroShift
from bench.stopwatch import Stopwatch
from streams import topics
from streams.agents import add_agents
from streams.app import LaneApp
from streams.client import client_config
from streams.lane.lanes import LaneConfig, Lanes
from streams.tables import customers_table

APP_ID = "bench-micro-lane"
CHANGELOG = f"{APP_ID}-customers-changelog"


def make_app(broker: str, watch: Stopwatch) -> LaneApp:
    """Return the app, composed as `streams.app` composes a worker's."""
    settings = settings_of(broker, APP_ID)
    changelog = topics.changelog(settings)
    lanes = Lanes(
        LaneConfig(
            client=client_config(settings),
            app_id=APP_ID,
            changelog=changelog,
            sources=(SOURCE,),
            solo=frozenset(),
            partitions=PARTITIONS,
            shift=lambda _: MicroShift(changelog, watch.begin, watch.handled),
        )
    )
    app = LaneApp(settings, lanes)
    customers_table(app, PARTITIONS)
    add_agents(app, lanes)
    return app


if __name__ == "__main__":
    _, where, total, report = sys.argv
    app = make_app(where, Stopwatch(int(total), Path(report)))
    faust.Worker(app, loglevel="WARN").execute_from_commandline()
