"""One of two workers is started with other rules: both say so, by version, and so does doctor."""

import json
import random
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until
from storm import RULES, arriving, orders, today
from test_cli import nyxter
from watching import PATIENCE_S, SILENT_S, ready, seconds_until, standstills

from schemas.rules import read_rules
from streams.kafka.group import group_members

pytestmark = pytest.mark.kafka

OTHER = "[analysis]\nwindow_days = 100\n"


@pytest.mark.parametrize("partitions", [4, 1], ids=["both own some", "one owns nothing"])
def test_other_rules_on_one_of_two_workers(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, partitions: int, *, whole: bool
) -> None:
    count, rate = (20_000, 300) if whole else (2_500, 250)
    versions = {read_rules(RULES).version, read_rules(OTHER).version}
    old, new = chance.sample(("a", "b"), 2)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=partitions) as system:
        system.start(old)
        with arriving(system, orders(21, count // 20, count), rate):
            wait_until(lambda: len(system.progress()) == partitions, "all partitions move")
            wait_until(lambda: ready(system.monitor(old)) == "", "it is ready")
            system.change_rules(OTHER)
            system.start(new)
            wait_until(lambda: in_group(system) == 2, "both are in the group")
            both = [system.monitor(name) for name in (old, new)]
            took = seconds_until(lambda: all(named(at, versions) for at in both), 60)
            assert took <= SILENT_S + PATIENCE_S
            for at in both:
                assert ("other_rules", "all") in standstills(at)
            assert is_named_by_doctor(system, versions)
            assert system.stop(old) == 0
            system.start(old)
            for at in both:
                wait_until(lambda one=at: ready(one) == "", "it is ready again by itself")
        assert logged(system.log(old)) == ["standstill"], "once, and it was ended"
        assert logged(system.log(new)) == ["standstill", "standstill ended"]
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())


def in_group(system: System) -> int:
    return len(group_members(system.settings, system.settings.app_id, 60))


def named(address: str, versions: set[str]) -> bool:
    """Tell whether a worker names both versions of the rules, and is not ready."""
    said = ready(address) or ""
    return "the worker stands still" in said and all(version in said for version in versions)


def is_named_by_doctor(system: System, versions: set[str]) -> bool:
    """Tell whether doctor, which knows only the broker, names both."""
    ours = {"NYXTER_BROKER": system.settings.broker,
            "NYXTER_PARTITIONS": str(system.settings.partitions)}  # fmt: skip
    result = nyxter("doctor", "--json", **ours)
    (found,) = [one for one in json.loads(result.stdout) if one["name"] == "rules in use"]
    return (result.exit_code, found["state"]) == (1, "fail") and all(
        version in found["told"] for version in versions
    )


def logged(log: Path) -> list[str]:
    """Return what a worker logged of other rules."""
    lines = log.read_text("utf-8").splitlines()
    return [json.loads(line)["event"] for line in lines if '"other_rules"' in line]
