"""When the machine itself was slow: a small sum, timed again and again beside a measurement.

Hosts slow the processors of virtual machines down, for some tens of milliseconds at a time. What
takes long then says nothing of who is measured. `python -m bench.slowness` watches until its input
ends, and prints the windows as JSON: pairs of seconds of `time.perf_counter`.
"""

import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from schemas.envelope import dumps, loads

Window = tuple[float, float]

_EVERY_S = 0.002
_FIRST = 500  # sums from which the usual time is known
_SLOW = 4.0  # times the usual
_JOINED_S = 0.05  # slow sums nearer than this are of one window
_SUM = range(1_500)


@contextmanager
def watched() -> Iterator[list[Window]]:
    """Watch meanwhile; the windows are in the list once the block has ended."""
    windows: list[Window] = []
    watching = subprocess.Popen(
        [sys.executable, "-m", "bench.slowness"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with watching:
        yield windows
        told, _ = watching.communicate()
    windows += [(start, end) for start, end in loads(told)]


def steady(times: Iterable[tuple[float, float]], windows: Sequence[Window]) -> list[float]:
    """Return what was measured while the machine ran at its own speed, sorted.

    Left out is what was due in a window, or as long after it as it lasted: until then what had to
    wait is worked off.

    >>> steady([(0.9, 7.0), (1.1, 80.0), (1.3, 9.0), (1.5, 1.0)], [(1.0, 1.2)])
    [1.0, 7.0]
    """
    spans = [(start, 2 * end - start) for start, end in windows]
    return sorted(
        took for due, took in times if not any(start <= due <= end for start, end in spans)
    )


def _sums(until_ready: Iterable[object]) -> Iterator[tuple[float, float]]:
    """Yield when each sum was begun, and the processor time that it took."""
    for _ in until_ready:
        began, used = time.perf_counter(), time.thread_time()  # waiting for others does not count
        sum(number * number for number in _SUM)
        yield began, time.thread_time() - used


def _turns() -> Iterator[None]:
    """Yield every so often, until the input ends."""
    while not select.select([sys.stdin], [], [], _EVERY_S)[0]:
        yield


def slow(sums: Sequence[tuple[float, float]]) -> list[Window]:
    """Return the windows in which sums took longer than they usually do.

    >>> usual = [(n / 100, 0.001) for n in range(600)]
    >>> slow([*usual, (6.0, 0.009), (6.01, 0.008), (7.0, 0.001), (8.0, 0.005)])
    [(6.0, 6.018), (8.0, 8.005)]
    """
    limit = _SLOW * median(took for _, took in sums[:_FIRST])
    windows: list[Window] = []
    for began, took in sums:
        if took < limit:
            continue
        if windows and began - windows[-1][1] < _JOINED_S:
            windows[-1] = (windows[-1][0], began + took)
        else:
            windows.append((began, began + took))
    return windows


if __name__ == "__main__":
    sys.stdout.buffer.write(dumps(slow(list(_sums(_turns())))))
