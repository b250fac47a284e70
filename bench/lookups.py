"""Look-ups: how long a card takes over HTTP at a steady rate, beside what it is made of."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from redis import Redis

from bench.open_loop import CUSTOMERS, TOKEN, customer
from bench.sizes import Sizes
from bench.slowness import steady, watched
from bench.table import Figure, at_most
from schemas.envelope import loads
from streams.cards import CARD_TEXTS, card_key, packed
from streams.embedded import HOST, Child, free_port, run_redis
from tests.cache_samples import profile

RATE = 500
MOST_MS = 10

_OWN = ("version", "7", "updated_at", "1793629800250")


def lookup_figures(directory: Path, sizes: Sizes) -> Iterator[Figure]:
    """Yield p50 and p99 of a card by the console, beside a bare route and Redis alone.

    The mark counts while the machine runs at its own speed (`bench.slowness`).
    """
    token = secrets.token_hex(16)
    with run_redis(directory / "redis") as redis, _console(directory, redis, token) as console:
        _fill(redis)
        with _bare(directory, redis) as bare:
            whole, quiet = zip(
                *(_asked(url, sizes.lookups_s, token) for url in (console, bare, redis)),
                strict=True,
            )
    yield from _beside("p50", 0.5, whole)
    yield from _beside("p99", 0.99, whole)
    share = len(quiet[0]) / len(whole[0])
    yield from _beside(f"p99, machine at its own speed ({share:.0%})", 0.99, quiet, MOST_MS)


def _beside(
    name: str, part: float, runs: Sequence[Sequence[float]], most: float | None = None
) -> Iterator[Figure]:
    """Yield a quantile of our times beside those of the bare route and of Redis alone."""
    took, routed, read = (times[int(len(times) * part)] for times in runs)
    what, measured = f"a card at {RATE}/s, {name}", f"{took:.2f} ms"
    mark = None if most is None else at_most(took, most, " ms")
    yield Figure(what, measured, f"bare route {routed:.2f} ms", took / routed, mark)
    yield Figure(what, measured, f"HGETALL {read:.2f} ms", took / read)


def _fill(url: str) -> None:
    with Redis.from_url(url) as redis:
        pipe = redis.pipeline(transaction=False)
        for name in map(customer, range(CUSTOMERS)):
            fields = [*packed(profile(name), CARD_TEXTS), *_OWN]
            pipe.hset(card_key(name.encode()), items=fields)
        pipe.execute()


@contextmanager
def _console(directory: Path, redis: str, token: str) -> Iterator[str]:
    """Run a console; there is no Kafka for it, and cards do not need one."""
    at = f"{HOST}:{free_port()}"
    ours = {"NYXTER_CONSOLE_AT": at, "NYXTER_REDIS_URL": redis, TOKEN: token}
    away = {"NYXTER_BROKER": f"{HOST}:{free_port()}"}
    command = (sys.executable, "-m", "streams.cli", "console")
    with closing(Child("console", command, directory, _environment(ours | away))) as child:
        child.wait_until(lambda: _answers(f"http://{at}/entrar"), 60)
        yield f"http://{at}"


@contextmanager
def _bare(directory: Path, redis: str) -> Iterator[str]:
    port = str(free_port())
    command = (sys.executable, "-m", "bench.bare_lookups", redis, port)
    with closing(Child("bare", command, directory, _environment({}))) as child:
        child.wait_until(lambda: _answers(f"http://{HOST}:{port}/openapi.json"), 60)
        yield f"http://{HOST}:{port}"


def _environment(ours: dict[str, str]) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(_importable(sys.path))} | ours


def _importable(path: Sequence[str]) -> list[str]:
    return [str(Path(entry).resolve()) for entry in path]


def _answers(url: str) -> bool:
    try:
        with urlopen(url) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


def _asked(url: str, seconds: float, token: str) -> tuple[list[float], list[float]]:
    """Return the sorted milliseconds of a run: all, and those at the machine's own speed."""
    command = (sys.executable, "-m", "bench.open_loop", url, str(RATE), str(seconds))
    with watched() as windows:
        ran = subprocess.run(
            command, env=os.environ | {TOKEN: token}, check=True, capture_output=True
        )
    times: list[tuple[float, float]] = loads(ran.stdout)
    return sorted(took for _, took in times), steady(times, windows)
