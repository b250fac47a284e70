"""`nyxter cache`: Redis filled from the output topics, until told to stop."""

from streams.cache import make_cache
from streams.cli.signals import stoppable
from streams.logs import set_up_logs
from streams.settings import Settings


def run_cache(settings: Settings) -> None:
    """Fill Redis until told to stop, which ends it after the batch in hand.

    Raises ``PositionBeyondEnd`` where this Redis was filled from another broker.
    """
    set_up_logs()
    with stoppable() as stop:
        make_cache(settings).run(stop)
