"""What tests of the lanes share: a cluster of fakes in the place of Kafka's clients."""

import pytest
from lane_fakes import FakeCluster

from streams.lane import lanes as lanes_module


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """What all lanes of the test load from and write to."""
    made = FakeCluster()
    monkeypatch.setattr(lanes_module, "TransactionalProducer", made.producer)
    monkeypatch.setattr(lanes_module, "read_changelog", made.read_changelog)
    monkeypatch.setattr(lanes_module, "_AGAIN_S", 0.01)
    return made
