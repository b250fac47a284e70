"""All faults run under the law that nothing stops in silence (`watching`)."""

from collections.abc import Iterator

import pytest
from running import System
from watching import Watching


@pytest.fixture(autouse=True)
def law(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Watching]]:
    """Watch the workers of every system of the test; it fails where one stops in silence."""
    watching: list[Watching] = []
    monkeypatch.setattr(System, "watching", watching)
    yield watching
    broken = [line for one in watching for line in one.law.broken]
    assert not broken, "\n".join(broken)
