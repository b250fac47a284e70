"""How much of what happens: a second, and in the last minute."""

from collections import Counter, deque
from collections.abc import Mapping

MINUTE_S = 60


class Meter:
    """How fast a total grows.

    Parameters
    ----------
    window_s
        Over which the rate is taken.

    >>> meter = Meter(3.0)
    >>> meter.rate(10.0, 100), meter.rate(12.0, 150), meter.rate(14.0, 150)
    (0.0, 25.0, 0.0)
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._marks: deque[tuple[float, int]] = deque()

    def rate(self, now: float, total: int) -> float:
        """Take in what the total is now; return its growth a second (0 at the first time)."""
        self._marks.append((now, total))
        while now - self._marks[0][0] > self._window_s:
            self._marks.popleft()
        began, before = self._marks[0]
        return (total - before) / (now - began) if now > began else 0.0


class Minute:
    """How many of each sort there were in the last minute.

    >>> minute = Minute()
    >>> minute.add(100.2, "tier"), minute.add(130.9, "tier"), minute.add(131.0, "rfm")
    (None, None, None)
    >>> minute.counts(135.0)
    {'tier': 2, 'rfm': 1}
    >>> minute.counts(170.0)
    {'tier': 1, 'rfm': 1}
    """

    def __init__(self) -> None:
        self._seconds: dict[int, Counter[str]] = {}

    def add(self, at: float, sort: str) -> None:
        """Count one that was at an instant, in seconds of some clock."""
        self._seconds.setdefault(int(at), Counter())[sort] += 1

    def counts(self, now: float) -> Mapping[str, int]:
        """Return how many there were since a minute ago, and forget older ones."""
        for second in [second for second in self._seconds if second <= now - MINUTE_S]:
            del self._seconds[second]
        return dict(sum(self._seconds.values(), Counter[str]()))
