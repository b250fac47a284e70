"""The law that nothing stops in silence, held up to every worker of a system while it runs.

Beside a fault's own assertions: a worker that says it is ready, or is not but does not say for
which partition, must not own one that applies nothing although its input grows.
"""

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.ends import Ends
from streams.lane.changelog import OtherVersion
from streams.place import Place
from streams.settings import Settings
from streams.stored_positions import stored_positions
from streams.topics import SOURCES

SILENT_S: Final = 15.0
PATIENCE_S: Final = 10.0  # for a machine that stalls
_EVERY_S: Final = 1.0
_STEP_S: Final = 3.0  # between two looks no more than this counts
_ANSWER_S: Final = 5.0
_WHOLE: Final = re.compile("the worker stands|group is changing|member of the group|nothing was")


class Seen(NamedTuple):
    """What was seen in one look.

    Attributes
    ----------
    ends, positions
        By partition, sums of offsets over all inputs: what is there, and what is applied.
    said
        By worker, what its `/ready` says is wrong; a worker that does not answer is not there.
    owned
        By worker, the partitions that it works on.

    """

    ends: Mapping[int, int]
    positions: Mapping[int, int]
    said: Mapping[str, str]
    owned: Mapping[str, frozenset[int]]


class _Partition:
    def __init__(self, end: int, position: int) -> None:
        self.end = end
        self.position = position
        self.silent_s: dict[str, float] = {}


class Law:
    """Judges looks, one after the other; `broken` says where the law was broken."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self._partitions: dict[int, _Partition] = {}
        self._seen_at: float | None = None

    def see(self, now: float, seen: Seen) -> None:
        """Judge a look."""
        step_s = 0.0 if self._seen_at is None else min(now - self._seen_at, _STEP_S)
        self._seen_at = now
        for number, end in seen.ends.items():
            position = seen.positions.get(number, 0)
            known = self._partitions.get(number)
            if known is None or position != known.position:
                self._partitions[number] = _Partition(end, position)
            elif end > max(known.end, position):
                self._judge(number, known, seen, step_s)

    def _judge(self, number: int, known: _Partition, seen: Seen, step_s: float) -> None:
        """Count for how long nobody says that a partition with fresh input does not move."""
        owners = [name for name, of in seen.owned.items() if number in of]
        silent = {
            name: known.silent_s.get(name, 0.0) + step_s
            for name in owners or seen.said
            if name in seen.said and not names(seen.said[name], number)
        }
        if not owners and len(silent) < len(seen.said):
            silent = {}  # nobody has it, and somebody says why
        known.silent_s = silent
        for name, seconds in silent.items():
            if seconds > SILENT_S + PATIENCE_S:
                self.broken.append(
                    f"{name} said {seen.said[name] or 'that it is ready'!r} for {seconds:.0f} s in "
                    f"which partition {number} stayed at {known.position}, and its input grew from "
                    f"{known.end} to {seen.ends[number]}"
                )
                silent[name] = 0.0


def names(said: str, partition: int) -> bool:
    """Tell whether the words of `/ready` are of this partition, or of the worker as a whole."""
    if _WHOLE.search(said):
        return True
    listed = re.findall(r"partition (\d+) stands|being loaded: (\d+(?:, \d+)*)", said)
    return str(partition) in {n for pair in listed for group in pair for n in group.split(", ")}


class Watching:
    """Looks at a system's workers every second, in a thread, until it is stopped."""

    def __init__(self, settings: Settings, client: Mapping[str, Any]) -> None:
        self.law = Law()
        self.looks = 0
        self._settings = settings
        self._client = dict(client) | {"log_level": 0}
        self._addresses: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="law", daemon=True)
        self._thread.start()

    def add(self, worker: str, address: str) -> None:
        """Watch a worker whose monitor is at an address."""
        self._addresses[worker] = address

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join(_ANSWER_S)  # a broker that is away holds it for longer

    def _run(self) -> None:
        admin = AdminClient(self._client)
        while not self._stop.wait(_EVERY_S):
            seen = self._look(admin)
            if seen is not None:
                self.looks += 1
                self.law.see(time.monotonic(), seen)

    def _look(self, admin: AdminClient) -> Seen | None:
        """Look once; None where the broker does not answer, which is another law's matter."""
        numbers = range(self._settings.partitions)
        try:
            ends = Ends(admin).committed(Place(t, n) for t in SOURCES for n in numbers)
            changelog = topics.changelog(self._settings)
            stored = stored_positions(admin, self._client, changelog, numbers)
        except (KafkaException, OtherVersion):
            return None
        asked = dict(self._addresses)
        said = {name: words for name, at in asked.items() if (words := ready(at)) is not None}
        return Seen(
            _sums(numbers, ends.items()),
            {n: sum(position.next.values()) for n, position in stored.items()},
            said,
            {name: owned(asked[name]) for name in said},
        )


def _sums(numbers: Iterable[int], ends: Iterable[tuple[Place, int]]) -> dict[int, int]:
    listed = list(ends)
    return {n: sum(end for place, end in listed if place.partition == n) for n in numbers}


def ready(address: str) -> str | None:
    """Return what a process says is in the way, "" where nothing is, None where it is silent."""
    body = _page(address, "/ready")
    return None if body is None else "; ".join(json.loads(body)["problems"])


def owned(address: str) -> frozenset[int]:
    """Return the partitions that a worker works on, as its metrics say."""
    found = re.findall(r'^nyxter_lag_records\{partition="(\d+)"', _page(address, "/metrics") or "",
                       re.MULTILINE)  # fmt: skip
    return frozenset(map(int, found))


def standstills(address: str) -> set[tuple[str, str]]:
    """Return what keeps a process from going on, as its metrics say: reason and partition."""
    listed = re.findall(r'^nyxter_standstill\{partition="(\w+)",reason="(\w+)"\}',
                        _page(address, "/metrics") or "", re.MULTILINE)  # fmt: skip
    return {(reason, partition) for partition, reason in listed}


def _page(address: str, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=_ANSWER_S) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as refusal:
        return refusal.read().decode()
    except OSError:
        return None


def seconds_until(condition: Callable[[], object], patience_s: float) -> float:
    """Return how long a condition took to hold; more than the patience where it did not."""
    began = time.monotonic()
    while not condition() and time.monotonic() - began <= patience_s:
        time.sleep(0.1)
    return time.monotonic() - began
