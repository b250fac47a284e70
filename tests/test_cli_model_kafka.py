"""`nyxter model` and `nyxter triggers` on Apache Kafka: each partition is told once, or nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from kafka_broker import KafkaBroker
from running import System, wait_until
from test_cli import nyxter, told

from nyxter_online.epochs import Epoch, first_epoch, learned
from nyxter_online.gmm import GRID, Statistics
from nyxter_online.mixture import Mixture
from nyxter_online.profiles import PROFILES
from schemas.envelope import dumps, read_kafka
from schemas.events import CONTROL, Event, ModelAccepted, TriggersReleased, event_of
from schemas.rules import read_rules
from streams import topics
from streams.client import client_config
from streams.lane.changelog import read_changelog
from streams.segmenter.board import Board
from streams.segmenter.shift import SegmentShift, Site
from streams.segmenter.snapshots import EPOCH_KEY

pytestmark = pytest.mark.kafka

PARTITIONS = 3


@pytest.fixture
def system(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    """Topics; nobody works."""
    running = System(kafka.bootstrap, tmp_path, partitions=PARTITIONS)
    wait_until(lambda: _answers(running), "the broker's new topics can be read")
    yield running
    running.close()


def _answers(system: System) -> bool:
    client = client_config(system.settings)
    return not any(read_changelog(client, name, 0) for name in (topics.CONTROL, topics.SNAPSHOTS))


def run(system: System, *arguments: str, **environment: str) -> Result:
    return nyxter(*arguments, NYXTER_BROKER=system.settings.broker, **environment)


def rows(seed: int) -> np.ndarray:
    """Features of customers around the published profiles."""
    draws = np.random.default_rng(seed)
    parts = [
        draws.normal([3, 680 - one.tenure_months, 4, one.contracts], [1, 5, 2, 4], (200, 4))
        for one in PROFILES
    ]
    return np.maximum(np.rint(np.concatenate(parts)), 1).astype(np.int64)


def model_file(folder: Path, seed: int) -> Path:
    path, shares = folder / f"{seed}.json", np.repeat(np.eye(4, dtype=np.int64) * GRID, 200, axis=0)
    sums = Statistics.zero(4, 4).added(rows(seed), shares).to_json()["sums"]
    whole = {"sums": sums, "as_of": "2026-11-22", "customers": 800, "log_likelihood": -13.1}
    path.write_bytes(dumps(whole))
    return path


def told_everywhere(system: System) -> list[Event]:
    """What every partition is told, in order: the same, each once, as a shift takes it."""
    by_partition: dict[int, list[Any]] = {number: [] for number in range(PARTITIONS)}
    for message in system.read(topics.CONTROL):
        envelope = read_kafka(message.value(), message.headers())
        by_partition[message.partition()].append((envelope.id, event_of(envelope, CONTROL)))
    first, *others = by_partition.values()
    assert all(other == first for other in others)
    assert len({name for name, _ in first}) == len(first)
    return [event for _, event in first]


class TestAccept:
    def test_every_partition_is_told_once(self, system: System, tmp_path: Path) -> None:
        path = model_file(tmp_path, 1)
        result = run(system, "model", "accept", str(path), "--yes")
        assert result.exit_code == 0
        assert f"accepted, on {PARTITIONS} partitions" in result.stdout
        assert "nyxter triggers release --reason model" in result.stdout
        (event,) = told_everywhere(system)
        assert event == ModelAccepted.model_validate_json(path.read_bytes())

    def test_partitions_are_those_of_the_topic_whatever_the_settings(
        self, system: System, tmp_path: Path
    ) -> None:
        path = model_file(tmp_path, 1)
        run(system, "model", "accept", str(path), "--yes", NYXTER_PARTITIONS="1")
        assert len(told_everywhere(system)) == 1

    def test_twice_is_once_and_one_of_before_may_come_back(
        self, system: System, tmp_path: Path
    ) -> None:
        one, other = model_file(tmp_path, 1), model_file(tmp_path, 2)
        outputs = [
            run(system, "model", "accept", str(path), "--yes").stdout
            for path in (one, one, other, one, one)
        ]
        nothing = ["nothing to do" in page for page in outputs]
        assert nothing == [False, True, False, False, True]
        assert len(told_everywhere(system)) == 3

    def test_who_does_not_say_yes(self, system: System, tmp_path: Path) -> None:
        result = run(system, "model", "accept", str(model_file(tmp_path, 1)))
        assert result.exit_code == 1
        assert "Accept it?" in result.stdout
        assert told_everywhere(system) == []

    def test_a_shift_takes_it(self, system: System, tmp_path: Path) -> None:
        path = model_file(tmp_path, 1)
        run(system, "model", "accept", str(path), "--yes")
        run(system, "triggers", "release", "--yes")
        shift = SegmentShift(
            Site(0, PARTITIONS, "changelog", read_rules(""), b""), Board(), lambda: "t"
        )
        for message in system.read(topics.CONTROL):
            if message.partition() == 0:
                taken = shift._control(_Message(message))  # type: ignore[arg-type]
                assert all(record.topic == "changelog" for record in taken)
        assert shift._accepting[1] == {
            "sums": [list(row) for row in ModelAccepted.model_validate_json(path.read_bytes()).sums]
        }
        assert shift._coming.releasing == ("first_score", "model", "rules")


class _Message:
    """A record as a lane hands it in."""

    def __init__(self, message: Any) -> None:
        self.topic, self.offset = message.topic(), message.offset()
        self.key, self.value, self.headers = message.key(), message.value(), message.headers()


class TestRelease:
    @pytest.mark.parametrize(
        ("options", "reasons"),
        [
            ((), ("first_score", "rules", "model")),
            (("--reason", "model"), ("model",)),
            (("--reason", "model", "--reason", "first_score"), ("first_score", "model")),
        ],
    )
    def test_every_partition_is_told_the_reasons(
        self, system: System, options: tuple[str, ...], reasons: tuple[str, ...]
    ) -> None:
        result = run(system, "triggers", "release", "--yes", *options)
        assert result.exit_code == 0
        assert told_everywhere(system) == [TriggersReleased(reasons=reasons)]

    def test_a_reason_that_there_is_not(self, system: System) -> None:
        result = run(system, "triggers", "release", "--yes", "--reason", "weekly_cap")
        assert result.exit_code == 2
        assert told_everywhere(system) == []


class TestShow:
    def put(self, system: System, epoch: Epoch) -> None:
        system.produce(topics.SNAPSHOTS, EPOCH_KEY, dumps(epoch.to_json()), partition=0)

    def test_there_is_none_yet(self, system: System) -> None:
        result = run(system, "model", "show")
        assert result.exit_code == 1, told(result)
        assert "no model yet: the first one starts at 500 customers" in told(result)
        mixture = Mixture()
        mixture.reset(rows(1))
        self.put(system, first_epoch(mixture.statistics))
        result = run(system, "model", "show")
        assert result.exit_code == 1
        assert "no model yet: customers are with the nearest published profiles" in told(result)

    def test_the_one_in_use_is_shown_drawn_and_compared_with(
        self, system: System, tmp_path: Path
    ) -> None:
        mixture = Mixture()
        mixture.reset(rows(1))
        learned(mixture)
        assert mixture.epoch is not None
        self.put(system, mixture.epoch._replace(number=41))
        picture = tmp_path / "model.png"
        result = run(system, "model", "show", "--plot", str(picture))
        assert result.exit_code == 0
        assert "epoch 41, which is a checkpoint" in " ".join(result.stdout.split())
        assert picture.read_bytes().startswith(b"\x89PNG")
        result = run(system, "model", "accept", str(model_file(tmp_path, 2)), "--yes")
        assert "model 1 in use (epoch 41)" in " ".join(result.stdout.split())

    def test_a_place_that_cannot_be_written(self, system: System, tmp_path: Path) -> None:
        mixture = Mixture()
        mixture.reset(rows(1))
        learned(mixture)
        assert mixture.epoch is not None
        self.put(system, mixture.epoch)
        result = run(system, "model", "show", "--plot", str(tmp_path / "no" / "model.png"))
        assert result.exit_code == 2
        assert "model.png: No such file" in told(result)


def test_a_broker_without_topics(kafka: KafkaBroker) -> None:
    environment = {"NYXTER_BROKER": kafka.bootstrap}
    missing = "nyxter: the broker has no topic {}: run `nyxter topics create`"
    result = nyxter("triggers", "release", "--yes", **environment)
    assert result.exit_code == 2
    assert told(result) == missing.format(topics.CONTROL)
    assert nyxter("model", "show", **environment).exit_code == 1
    result = nyxter("tail", **environment)
    assert result.exit_code == 2
    assert told(result) == missing.format(topics.SEGMENT_EVENTS)
