"""The model in use, as the broker has it."""

from typing import Final

from confluent_kafka.admin import AdminClient

from nyxter_online.epochs import LEAST, Epoch, read_epoch
from nyxter_online.gmm import Components
from schemas.envelope import loads
from streams import topics
from streams.access.kafka import reach_broker
from streams.client import client_config
from streams.lane.changelog import read_changelog
from streams.segmenter.snapshots import EPOCH_KEY
from streams.settings import Settings

_ANSWER_S: Final = 3.0


class NoModel(LookupError):  # noqa: N818 - it names what is the case
    """No model is in use yet."""


def read_in_use(settings: Settings) -> tuple[Epoch, Components]:
    """Return the last epoch published, and the mixture behind it.

    Raises
    ------
    NoModel
        There is none, or none that was ever computed from customers.
    Unreachable
        The broker does not let us in, or does not answer within seconds.
    KafkaException
        It cannot be read.

    """
    reach_broker(settings)
    client = {**client_config(settings), "log_level": 0}
    there = AdminClient(client).list_topics(timeout=_ANSWER_S).topics
    stored = read_changelog(client, topics.SNAPSHOTS, 0) if topics.SNAPSHOTS in there else {}
    value = stored.get(EPOCH_KEY)
    if value is None:
        raise NoModel(f"no model yet: the first one starts at {LEAST} customers with contracts")
    epoch = read_epoch(loads(value))
    if epoch.components is None:
        raise NoModel("no model yet: customers are with the nearest published profiles so far")
    return epoch, epoch.components
