"""What tests share: Apache Kafka, a Valkey, and names that nobody else uses."""

import os
import random
import uuid
from collections.abc import Iterator

import pytest
from class_archive import share_classes
from kafka_broker import KafkaBroker, missing_tools
from lane_fakes import FakeCluster
from redis import Redis

from streams.embedded import run_redis
from streams.lane import lanes as lanes_module
from streams.lane import state as state_module

# What these assert is told as in a test.
pytest.register_assert_rewrite("driving", "oracles", "running", "small_system", "watching")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make faults` sets."""
    group = parser.getgroup("faults")
    group.addoption("--whole", action="store_true", help="faults at their whole size and length")
    group.addoption("--fault-seed", type=int, default=1, help="what a fault's random moments are")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave faults that are tried on demand only to `make faults`; put what takes longest first.

    Those are the tests of whole systems. Where they came last, one process would be at work on the
    last of them while the others have nothing to do.
    """
    if not config.getoption("--whole"):
        left = [item for item in items if item.get_closest_marker("whole_only")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("kafka", "embedded"))))


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> bool:
    """Whether faults are tried at their whole size (`make faults`) or at CI's."""
    return bool(request.config.getoption("--whole"))


@pytest.fixture(autouse=True)
def law(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every fault fails where a worker of its systems stops in silence (`watching`)."""
    if "faults" not in request.path.parts:
        yield
        return
    from running import System  # noqa: PLC0415 - with its asserts rewritten

    monkeypatch.setattr(System, "watching", [])
    yield
    broken = [line for one in System.watching or [] for line in one.law.broken]
    assert not broken, "\n".join(broken)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The random moments of a fault; the seed is printed, for doing the same again."""
    seed = request.config.getoption("--fault-seed")
    print(f"again: make faults ONLY={request.node.originalname} SEED={seed}")  # noqa: T201
    return random.Random(f"{request.node.name} {seed}")


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaBroker]:
    """A running Apache Kafka, one for the whole session: use topics of your own (`unique`)."""
    need_kafka()
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def own_kafka() -> Iterator[KafkaBroker]:
    """A running Apache Kafka of the test's own, to kill and start again."""
    need_kafka()
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey, one for the whole session: `valkey` is the one to use."""
    with run_redis(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """The URL of an empty Valkey."""
    with Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """What all lanes of the test load from and write to, in the place of Kafka's clients."""
    made = FakeCluster()
    monkeypatch.setattr(lanes_module, "TransactionalProducer", made.producer)
    monkeypatch.setattr(state_module, "read_whole", made.read_changelog)
    monkeypatch.setattr(lanes_module, "_AGAIN_S", 0.01)
    return made


def unique(prefix: str) -> str:
    """A name that no other test and no other run uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def need_kafka() -> None:
    """Leave the test out where Apache Kafka cannot run; in CI that is a failure."""
    missing = missing_tools()
    need(" and ".join(missing), found=not missing)
    share_classes()


def need(what: str, *, found: bool) -> None:
    """Leave the test out where something it runs on is missing; in CI that is a failure."""
    if found:
        return
    reason = f"missing on this machine: {what}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI leaves nothing out (scripts/setup-system.sh installs it)")
    pytest.skip(reason)
