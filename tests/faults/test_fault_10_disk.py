"""The disk under the state is full, and its files are damaged: refused, told, and nothing lost."""

import random
import shutil
import time
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until
from storm import RULES, arriving, orders, today

pytestmark = pytest.mark.kafka

LIMITED = (str(Path(__file__).parents[1] / "limited_worker.py"),)
PARTITIONS = 2
KINDS = ("*.sst", "MANIFEST-*", "CURRENT")


def on_disk(system: System, worker: str) -> dict[str, str]:
    """Return what tells a worker to keep its state on disk, in a directory of its own."""
    return {"NYXTER_STORE": "disk", "NYXTER_DATA_DIR": str(system.directory / worker)}


def state_of(system: System, worker: str) -> Path:
    return system.directory / worker / "state" / system.settings.app_id


def assert_refused(system: System, worker: str) -> None:
    """The worker ended by itself, named the directory, and said what to do."""
    assert system.ended(worker) == 2
    told = system.log(worker).read_text("utf-8")
    system.log(worker).unlink()
    assert f"the state on disk in {state_of(system, worker)}" in told
    assert "make room where the disk is full, otherwise remove that directory" in told
    assert "the changelog has it" in told
    assert "Traceback" not in told


def start_loaded(system: System, worker: str) -> None:
    """Start a worker, and wait until both partitions are on its disk."""
    log = system.log(worker)
    log.unlink(missing_ok=True)
    system.start(worker, **on_disk(system, worker))
    wait_until(lambda: log.read_text("utf-8").count('"loaded"') == PARTITIONS, "all is loaded")


def damage(directory: Path, files: str, chance: random.Random) -> None:
    """Overwrite bytes of files of every partition."""
    paths = list(directory.glob(f"*/{files}"))
    assert paths
    for path in paths:
        content = bytearray(path.read_bytes())
        at = chance.randrange(len(content) // 2) if len(content) > 200 else 0
        content[at : at + 400] = chance.randbytes(len(content[at : at + 400]))
        path.write_bytes(content)


def test_disk_full_and_files_damaged(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count = 60_000 if whole else 6_000
    events = orders(17, count // 20, count + 2_000)
    fresh, events = iter(events[count:]), events[:count]
    with System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system:
        full = {"NYXTER_TEST_FILE_BYTES": str(chance.randrange(100_000, 400_000))}
        system.start("a", LIMITED, **on_disk(system, "a"), **full)
        system.send(events)
        assert_refused(system, "a")
        reached = system.progress()

        system.start("a", **on_disk(system, "a"))  # there is room again
        wait_until(lambda: system.progress() != reached, "the work goes on")
        time.sleep(chance.uniform(0, 2))
        system.kill("a")
        for kind in KINDS if whole else [chance.choice(KINDS)]:
            start_loaded(system, "a")
            system.settle()
            system.kill("a")
            damage(state_of(system, "a"), kind, chance)
            system.start("a", **on_disk(system, "a"))
            assert_refused(system, "a")
            shutil.rmtree(state_of(system, "a"))
        system.start("a", **on_disk(system, "a"))
        system.send(fresh)
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())


def test_workers_on_disk_killed(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    """As fault 1, each worker with a disk of its own; partitions come and go between them."""
    count, times, rate = (100_000, 12, 1_500) if whole else (6_000, 3, 600)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=4) as system:
        for name in ("a", "b"):
            system.start(name, **on_disk(system, name))
        with arriving(system, orders(19, count // 20, count), rate):
            for _ in range(times):
                time.sleep(chance.uniform(1, count / rate / times))
                name = chance.choice(("a", "b"))
                system.kill(name)
                time.sleep(chance.uniform(0, 1.5))
                system.start(name, **on_disk(system, name))
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        assert list(state_of(system, "a").glob("*/CURRENT"))
        system.start("c", **on_disk(system, "a"))
        assert system.ended("c") == 2
        assert "NYXTER_DATA_DIR of its own" in system.log("c").read_text("utf-8")
        assert system.alive("a")
