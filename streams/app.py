"""The composition root of a worker: everything is made here and handed in."""

import signal
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import faust
import structlog
from confluent_kafka.admin import AdminClient
from faust.auth import Credentials, SASLCredentials, SSLCredentials
from prometheus_client import CollectorRegistry

from schemas.rules import Rules
from streams import topics
from streams.agents import add_agents
from streams.client import client_config
from streams.clock import now, now_ms
from streams.ends import Ends
from streams.kafka.group import client_id
from streams.lane.inputs import Inputs
from streams.lane.lanes import LaneConfig, Lanes
from streams.lane.metrics import LaneMetrics
from streams.lane.state import MemoryStates, States
from streams.lane.transport import BatchTopic
from streams.logs import where
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.monitor import Monitor
from streams.monitoring.rules import RulesWatch
from streams.monitoring.watchdog import Watchdog
from streams.monitoring.worker import Outputs, WorkerReport
from streams.place import Place
from streams.segmenter.board import Board
from streams.segmenter.journal_end import vouch
from streams.segmenter.leader import Leader
from streams.segmenter.shift import SegmentShift
from streams.segmenter.snapshots import SnapshotReader
from streams.segmenter.told import Site
from streams.settings import Settings
from streams.tables import customers_table
from streams.topics import SOURCES

log = structlog.get_logger()

_LEAD_AGAIN_S = 2.0
_METADATA_MS = 5_000  # a topic made anew is not assigned before the group's leader has seen it


class LaneApp(faust.App):
    """A Faust app whose transport and store are the batch lanes."""

    def __init__(self, settings: Settings, lanes: Lanes, rules: str) -> None:
        self.lanes = lanes
        super().__init__(
            settings.app_id,
            broker=[f"lane://{server}" for server in settings.broker.split(",")],
            broker_credentials=_credentials(settings),
            broker_client_id=client_id(settings.app_id, rules),
            store="lane://",
            datadir=str(settings.data_dir),
            Topic=BatchTopic,
            topic_partitions=settings.partitions,
            topic_replication_factor=settings.replication,
            topic_allow_declare=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            recovery_consistency_check=False,
            stream_wait_empty=False,
            stream_recovery_delay=0.0,
            consumer_auto_offset_reset="earliest",
            consumer_metadata_max_age_ms=_METADATA_MS,
            broker_session_timeout=settings.session_timeout_s,
            broker_rebalance_timeout=settings.rebalance_timeout_s,
            broker_heartbeat_interval=settings.session_timeout_s / 5,
            broker_max_poll_interval=300.0,
            web_enabled=False,
        )

    async def on_stop(self) -> None:
        """End the lanes first, so that what is in hand is committed."""
        await self.lanes.stop()
        await super().on_stop()


class Segmenter:
    """A worker's parts: the lanes, the snapshots they score by, and the leader where it leads.

    `unusable` is why the worker had to stop, where it had to. Metrics go to `registry`.
    """

    def __init__(self, settings: Settings, rules: Rules, registry: CollectorRegistry) -> None:
        client = client_config(settings)
        self._board = Board()
        self._reader = SnapshotReader(client, rules, self._board)
        self._leader = Leader(client, settings.app_id, settings.partitions, rules, now_ms)
        self._leading: tuple[threading.Thread | None, threading.Event] = None, threading.Event()
        self._leading[1].set()
        self.rules_version = rules.version
        self.unusable: str | None = None
        self._states = _states(settings, client)
        self.lanes = Lanes(
            LaneConfig(
                client=client,
                app_id=settings.app_id,
                changelog=topics.changelog(settings),
                sources=SOURCES,
                solo=frozenset({topics.CONTROL}),
                partitions=settings.partitions,
                shift=lambda partition: SegmentShift(
                    Site(
                        partition,
                        settings.partitions,
                        topics.changelog(settings),
                        rules,
                        settings.secret.get_secret_value().encode(),
                        settings.secrets_before,
                    ),
                    self._board,
                    now,
                    settings.quiet_s,
                ),
                heartbeat_s=settings.session_timeout_s / 5,
                on_unusable=self._end,
                on_committed=Outputs(registry).committed,
                metrics=LaneMetrics(registry),
                vouch=partial(vouch, client, topics.changelog(settings)),
                states=self._states,
                inputs=Inputs(client, SOURCES),
            )
        )
        self._watch = BrokerWatch(
            Ends(AdminClient(dict(client))), Place(topics.SNAPSHOTS, 0), self._owned_places
        )
        standstills = self.lanes.config.standstills
        self._watches = (
            self._watch,
            RulesWatch(settings, rules.version, standstills),
            Watchdog(self.lanes, self._watch, self._leader),
        )
        report = WorkerReport(registry, self.lanes, self._board, self._watch)
        self._monitor = settings.monitor and Monitor(settings.monitor, registry, report.checks)
        self.lanes.on_owned.append(self._lead_or_not)

    def start(self) -> None:
        """Begin to follow the snapshots, and to answer who asks how it goes."""
        self._reader.start()
        for watch in self._watches:
            watch.start()
        if self._monitor:
            self._monitor.start()

    def stop(self) -> None:
        """Stop following and leading."""
        thread, stop = self._leading
        stop.set()
        if thread is not None:
            thread.join()
        self._reader.stop()
        self._states.close()
        for watch in self._watches:
            watch.stop()
        if self._monitor:
            self._monitor.stop()

    def _owned_places(self) -> list[Place]:
        return [Place(topic, number) for number in self.lanes.owned for topic in SOURCES]

    def _end(self, reason: str) -> None:
        """Stop the worker: nobody can go on from the state that is stored."""
        self.unusable = reason
        signal.raise_signal(signal.SIGTERM)

    def _lead_or_not(self, owned: frozenset[int]) -> None:
        """Lead while partition 0 is ours."""
        thread, stop = self._leading
        if 0 not in owned:
            stop.set()
        elif stop.is_set():
            stop = threading.Event()
            target = threading.Thread(target=self._lead, args=(thread, stop), name="leader")
            self._leading = target, stop
            target.daemon = True
            target.start()

    def _lead(self, before: threading.Thread | None, stop: threading.Event) -> None:
        """Lead, and again where leading broke off, until `stop` is set."""
        if before is not None:
            before.join()
        while not stop.is_set():
            try:
                self._leader.lead(stop)
            except Exception as error:  # noqa: BLE001 - without a leader nobody gets snapshots
                log.error("leading broken", **where(error))  # noqa: TRY400
            stop.wait(_LEAD_AGAIN_S)


def _states(settings: Settings, client: Mapping[str, Any]) -> States:
    """Return where the state is stored."""
    changelog = topics.changelog(settings)
    if settings.store == "memory":
        return MemoryStates(client, changelog)
    from streams.lane.state_disks import DiskStates, topic_of  # noqa: PLC0415 - needed only then

    topic = partial(topic_of, AdminClient(dict(client)), changelog)
    return DiskStates(client, changelog, topic, settings.state_dir, now_ms)


def make_app(settings: Settings, segmenter: Segmenter) -> LaneApp:
    """Return the Faust app of a worker with its table and agents."""
    app = LaneApp(settings, segmenter.lanes, segmenter.rules_version)
    customers_table(app, settings.partitions)
    add_agents(app, segmenter.lanes)
    return app


def _credentials(settings: Settings) -> Credentials | None:
    """Return what Faust's own clients need to be let in, None where that is nothing."""
    context = settings.kafka_tls() if settings.kafka_uses_tls else None
    if not settings.kafka_logs_in:
        return context and SSLCredentials(context)
    return SASLCredentials(
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password.get_secret_value(),
        ssl_context=context,
        mechanism=settings.kafka_sasl_mechanism,
    )
