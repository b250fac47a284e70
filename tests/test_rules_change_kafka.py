"""Rules that change on a real broker: who moves is told why, and the journal tells all of it."""

from collections import Counter
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until
from storm import RULES, orders, today
from test_cli import nyxter, told

pytestmark = pytest.mark.kafka

OTHER = """
[analysis]
window_days = 100
ideal_frequency_weeks = 8
ranking = "percentile"
compare_by = ["state"]
"""


def test_rules_change_while_orders_arrive(kafka: KafkaBroker, tmp_path: Path) -> None:
    events = orders(23, 60, 1_500)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=2) as system:
        old = tmp_path / "old.toml"
        old.write_text(RULES, "utf-8")
        system.start("a")
        system.send(events[:700])
        system.settle()
        seen = len(system.events())
        system.change_rules(OTHER)
        system.send(events[700:])
        system.kill("a")
        system.start("b")
        system.settle()

        since = system.events()[seen:]
        causes = Counter(event["data"]["why"]["cause"] for event in since)
        assert causes["rules"] > 10
        held = [
            e["data"]["suppressed"] for e in since if e["type"] == "nyxter.journey.triggered.v1"
        ]
        assert "rules" in held
        assert_nothing_lost_nothing_twice(system, today())

        reach = {
            "NYXTER_BROKER": kafka.bootstrap,
            "NYXTER_PARTITIONS": "2",
            "NYXTER_SECRET": "",
            "NYXTER_ALLOW_EMPTY_SECRET": "true",
        }
        rules = ("--rules", str(tmp_path / "rules.toml"))
        without = nyxter("reconcile", "--no-redis", *rules, **reach)
        assert without.exit_code == 2
        assert system.former[0].version in told(without)
        former = (*rules, "--former", str(old))
        assert nyxter("reconcile", "--no-redis", *former, **reach).exit_code == 0
        listed = tmp_path / "outputs.jsonl"
        again = nyxter("replay", "--journal", "--outputs", str(listed), *former, **reach)
        assert again.exit_code == 0, told(again)
        assert len(listed.read_bytes().splitlines()) == len(system.events())

        system.kill("b")
        wait_until(lambda: nyxter("rebuild", *former, **reach).exit_code == 0, "it is rebuilt")
        system.start("c")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
