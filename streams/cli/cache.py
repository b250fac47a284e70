"""`nyxter cache`: Redis filled from the output topics, until told to stop."""

import signal
import threading

from streams.cache import make_cache
from streams.logs import set_up_logs
from streams.settings import Settings


def run_cache(settings: Settings) -> None:
    """Fill Redis until SIGTERM or SIGINT, which end it after the batch in hand.

    Raises
    ------
    ValueError
        The URL is not one of a Redis.
    PositionBeyondEnd
        This Redis was filled from another broker.
    KafkaException
        The broker does not let us in.

    """
    set_up_logs()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    make_cache(settings).run(stop)
