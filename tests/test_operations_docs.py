"""docs/operations.md and the alarms: each explained, each of a metric that there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from streams.cli import app
from streams.lane.metrics import LaneMetrics
from streams.lane.standstills import Reason, Standstills
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.cache import CacheReport
from streams.monitoring.worker import Outputs, WorkerReport
from streams.segmenter.board import Board

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
ALARMS = yaml.safe_load((ROOT / "examples" / "alerts.yml").read_text("utf-8"))
METRIC = re.compile(r"\bnyxter_[a-z_]+")
ENDINGS = ("_total", "_bucket", "_count", "_sum", "_created")


class NoLanes:
    config = SimpleNamespace(standstills=Standstills())
    owned: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def known() -> set[str]:
    """The names of all metrics, as they are registered."""
    registry = CollectorRegistry()
    watch = cast("BrokerWatch", SimpleNamespace(ends={}))
    LaneMetrics(registry)
    Outputs(registry)
    WorkerReport(registry, cast("Any", NoLanes()), Board(), watch)
    cache = SimpleNamespace(lags={}, standstills=Standstills())
    of_cache = CollectorRegistry()  # a process of its own
    CacheReport(of_cache, cast("Any", cache), watch)
    return {family.name for one in (registry, of_cache) for family in one.collect()}


def plain(name: str) -> str:
    for ending in ENDINGS:
        name = name.removesuffix(ending)
    return name


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALARMS["groups"] for rule in group["rules"]]


def test_alarms_are_of_metrics_that_there_are() -> None:
    for rule in rules():
        named = METRIC.findall(rule["expr"])
        assert named, rule
        assert {plain(name) for name in named} <= known(), rule["alert"]


def test_every_alarm_is_explained_and_every_explanation_is_of_one() -> None:
    explained = re.findall(r"^\| `(Nyxter\w+)`", PAGE, re.MULTILINE)
    assert explained == [rule["alert"] for rule in rules()]


def test_every_standstill_is_explained_and_every_explanation_is_of_one() -> None:
    (table,) = re.findall(r"^## Standstills$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
    explained = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| [^|]+ \|$", table, re.MULTILINE)
    assert sorted(explained) == sorted(Reason)


def test_the_page_names_metrics_that_there_are() -> None:
    assert {plain(name) for name in METRIC.findall(PAGE)} <= known()


def test_the_page_names_commands_that_there_are() -> None:
    commands = set(re.findall(r"`?nyxter ((?:[a-z-]+ ?)+)", PAGE)) - {""}
    assert len(commands) >= 8
    for command in commands:
        words = command.split()
        known_words = [words[: n + 1] for n in range(len(words))]
        outcomes = [CliRunner().invoke(app, [*w, "--help"]).exit_code for w in known_words[:2]]
        assert outcomes[0] == 0, command
