"""`nyxter cache`: Redis filled from the output topics, until told to stop."""

import structlog

from streams.access.kafka import reach_broker
from streams.access.reach import Unreachable
from streams.access.redis import reach_redis
from streams.cache import make_cache
from streams.cli.signals import stoppable
from streams.logs import set_up_logs
from streams.settings import Settings

log = structlog.get_logger()


def run_cache(settings: Settings) -> None:
    """Fill Redis until told to stop, which ends it after the batch in hand.

    Raises
    ------
    PositionBeyondEnd
        This Redis was filled from another broker.
    Unreachable
        Broker or Redis will not let us in by these settings. One that is away is waited for.

    """
    set_up_logs()
    with stoppable() as stop:
        for reach in (reach_broker, reach_redis):
            try:
                list(reach(settings))
            except Unreachable as error:
                if error.is_refused:
                    raise
                log.warning("away", reason=str(error))
        make_cache(settings).run(stop)
