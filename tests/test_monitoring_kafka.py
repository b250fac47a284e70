"""What worker and cache say of themselves, while broker and Redis are there and while not."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from own_redis import own_redis
from running import System, wait_until
from storm import RULES, orders
from typer.testing import CliRunner

from streams.cli import app
from streams.embedded import HOST, free_port

pytestmark = pytest.mark.kafka


class Asked:
    """Asks the monitor of a process."""

    def __init__(self) -> None:
        self.address = f"{HOST}:{free_port()}"

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""

    def says(self, path: str) -> str:
        """The problems, in one text; "-" where nobody answers."""
        status, body = self.page(path)
        if not status:
            return "-"
        problems = json.loads(body)["problems"]
        assert (status == 200) == (not problems)
        return "; ".join(problems)

    def figure(self, name: str) -> float:
        """The sum of a metric's samples."""
        lines = self.page("/metrics")[1].splitlines()
        told = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
        assert told, f"no {name} in {lines}"
        return sum(float(line.rpartition(" ")[2]) for line in told)


def test_what_is_said_is_true(own_kafka: KafkaBroker, tmp_path: Path, *, whole: bool) -> None:
    worker, cache = Asked(), Asked()
    with own_redis(tmp_path / "redis") as redis, System(own_kafka.bootstrap, tmp_path, RULES) as s:
        s.start("a", NYXTER_MONITOR=worker.address)
        s.start_cache("c", redis.url, NYXTER_MONITOR=cache.address)
        sent = s.send(orders(7, 40, 900))
        s.produce("nyxter.purchases.v1", b"x", b"not JSON")
        s.settle()
        for asked in (worker, cache):
            assert asked.says("/health") == ""
            wait_until(lambda one=asked: one.says("/ready") == "", "it is ready")
        assert worker.figure("nyxter_dead_letters_total") == 1
        assert worker.figure("nyxter_events_total") >= sent + 1
        wait_until(lambda: worker.figure("nyxter_lag_records") == 0, "the lag is told to be 0")
        assert worker.figure("nyxter_partitions_owned") == 4
        assert worker.figure("nyxter_partitions_loaded") == 4
        assert worker.figure("nyxter_snapshot_number") >= 1
        assert worker.figure("nyxter_recovery_seconds_count") == 4
        assert worker.figure("nyxter_event_to_output_seconds_count") >= 1
        assert worker.figure("nyxter_transaction_seconds_count") >= 1
        wait_until(lambda: cache.figure("nyxter_cache_lag_records") == 0, "Redis has all of it")
        said = CliRunner().invoke(app, ["health", "--ready"], env={"NYXTER_MONITOR": cache.address})
        assert (said.exit_code, said.output) == (0, "all is well\n")

        redis.kill()
        wait_until(lambda: "Redis is away" in cache.says("/ready"), "Redis is missed")
        assert cache.says("/health") == ""
        assert worker.says("/ready") == ""
        said = CliRunner().invoke(app, ["health", "--ready"], env={"NYXTER_MONITOR": cache.address})
        assert said.exit_code == 1
        redis.start()
        wait_until(lambda: cache.says("/ready") == "", "Redis is back")

        own_kafka.kill()
        for asked in (worker, cache):
            wait_until(lambda one=asked: "has not answered" in one.says("/ready"), "it is missed")
            assert asked.says("/health") == ""
        own_kafka.start()
        for asked in (worker, cache):
            wait_until(lambda one=asked: one.says("/ready") == "", "the broker is back")

        if whole:  # it takes Faust's consumer a minute
            own_kafka.kill()
            assert s.stop("a", 120) == 0, "told to end, it ends, though nobody answers"
            own_kafka.start()
