"""Runs one worker until it is told to stop."""

import gc
import sys
from typing import Any

import faust
from confluent_kafka.admin import AdminClient

from schemas.rules import Rules
from streams import topics
from streams.app import Segmenter, make_app
from streams.client import client_config
from streams.lane.unusable import StateUnusable
from streams.logs import set_up_logs
from streams.monitoring.monitor import process_registry
from streams.settings import Settings

# Registers hold no cycles; looking for some among millions of them takes longer than the work.
_COLLECT = (20_000, 20, 10_000)

# Lanes give the lock up at every call to the broker; at the default, each call may cost them 5 ms.
_SWITCH_S = 0.0005


class _Worker(faust.Worker):
    """Faust's worker, but logs are ours, and nothing spins on the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, override_logging=False, **kwargs)
        self.spinner = None


def run_worker(settings: Settings, rules: Rules) -> None:
    """Check the topics, then work until SIGTERM or SIGINT.

    Raises
    ------
    TopicsDiffer
        The topics are not as they have to be.
    StateUnusable
        The stored state can't be gone on from.
    AddressTaken
        Nobody can listen where the monitor should.

    """
    topics.check(AdminClient(dict(client_config(settings))), topics.every_topic(settings))
    set_up_logs()
    gc.set_threshold(*_COLLECT)
    sys.setswitchinterval(_SWITCH_S)
    segmenter = Segmenter(settings, rules, process_registry())
    app = make_app(settings, segmenter)
    segmenter.start()
    try:
        _Worker(app, quiet=True).execute_from_commandline()
    except SystemExit as end:
        if segmenter.unusable is not None:
            raise StateUnusable(segmenter.unusable) from None
        if end.code:
            raise
    finally:
        segmenter.stop()
