"""What faults of the inputs have in common: what a worker that stands still says, the ways on."""

import json
import urllib.error
import urllib.request
from typing import Any

from confluent_kafka import TopicPartition
from running import System, asked, wait_until

from streams import topics
from streams.embedded import HOST, free_port
from streams.lane.standstills import Reason


class Monitor:
    """Asks the monitor of a worker."""

    def __init__(self) -> None:
        self.address = f"{HOST}:{free_port()}"

    def page(self, path: str) -> str:
        """Return what a page says, whatever its status; "" where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as refusal:
            return refusal.read().decode()
        except OSError:
            return ""

    def problems(self) -> list[str]:
        """Return what /ready names; something where nobody answers."""
        page = self.page("/ready")
        return list(json.loads(page)["problems"]) if page else ["nobody answers"]

    def is_ready(self) -> bool:
        """Tell whether /ready names nothing."""
        return self.problems() == []

    def names(self, *words: str) -> bool:
        """Tell whether /ready names a problem with all these words."""
        return any(all(word in problem for word in words) for problem in self.problems())

    def standstills(self) -> set[str]:
        """Return the labels of `nyxter_standstill` that are 1."""
        lines = self.page("/metrics").splitlines()
        return {
            line.partition("{")[2].partition("}")[0]
            for line in lines
            if line.startswith("nyxter_standstill{") and line.endswith(" 1.0")
        }


def label(partition: int | str, reason: Reason) -> str:
    """Return the labels of a standstill in the metric."""
    return f'partition="{partition}",reason="{reason}"'


def logged(system: System, worker: str, event: str = "standstill") -> list[dict[str, Any]]:
    """Return the lines of a kind in a worker's log."""
    lines = system.log(worker).read_text("utf-8").splitlines()
    read = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in read if line["event"] == event]


def assert_stands(
    system: System, worker: str, monitor: Monitor, partition: int | str, reason: Reason, *words: str
) -> None:
    """A worker says that a partition stands still: in /ready, in its metric and once in its log."""
    wait_until(lambda: monitor.names(*words), f"/ready names {words}")
    assert label(partition, reason) in monitor.standstills()
    number = -1 if partition == "all" else partition
    lines = [line for line in logged(system, worker) if line["partition"] == number]
    (line,) = [line for line in lines if line["reason"] == reason]
    assert all(word in line["detail"] + line["remedy"] for word in words)


def delete_before(system: System, topic: str, partition: int, offset: int) -> None:
    """Delete the records of a partition before an offset, as retention does."""
    place = TopicPartition(topic, partition, offset)
    asked(lambda: system._admin.delete_records([place])[place].result(30))


def end_of(system: System, topic: str, partition: int) -> int:
    """Return the offset after a partition's last record."""
    return int(asked(system.ends)[topic, partition])


def position_of(system: System, topic: str, partition: int) -> int:
    """Return the stored position of a partition on a topic."""
    return int(asked(system.progress)[partition][0][topic])


def make_anew(system: System, topic: str) -> None:
    """Delete a topic and create it again, empty."""
    asked(lambda: system._admin.delete_topics([topic])[topic].result(30))
    wait_until(lambda: topic not in system._admin.list_topics(timeout=10).topics, "it is gone")
    topics.create(system._admin, topics.every_topic(system.settings))


def skip(system: System, topic: str, partition: int, *options: str) -> tuple[int, str]:
    """Run `nyxter skip`; return its exit status and what it said."""
    arguments = (topic, "--partition", str(partition), "--reason", "a test deleted it", *options)
    name = f"skip-{topic}-{partition}"
    system._run(name, "skip", *arguments)
    status = system.ended(name)
    told = system.log(name).read_text("utf-8")
    system.log(name).unlink()
    return status, told
