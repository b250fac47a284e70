"""Why there is no new snapshot: what the summaries of the partitions lack to be merged."""

from collections.abc import Collection, Mapping
from datetime import date

from streams.segmenter.summaries import Summary


def find_lacking(summaries: Mapping[int, Summary], day: int, rules: str, partitions: int) -> str:
    """Return why there is not a summary of each partition by this day and rules, "" where there is.

    >>> find_lacking({}, 739_000, "5ba0", 2)
    'partitions 0, 1 have given no figures yet'
    """
    missing = [p for p in range(partitions) if p not in summaries]
    if missing:
        return f"{_listed(missing, 'has', 'have')} given no figures yet"
    other = {p: one.rules for p, one in summaries.items() if one.rules != rules}
    if other:
        versions = ", ".join(sorted(set(other.values())))
        return f"{_listed(other, 'stands', 'stand')} at rules {versions}, the leader at {rules}"
    behind = [p for p, one in summaries.items() if one.day != day]
    if behind:
        when = date.fromordinal(day).isoformat() if day else "the first day"
        return f"{_listed(behind, 'has', 'have')} not come to {when}"
    return ""


def _listed(partitions: Collection[int], one: str, many: str) -> str:
    numbers = ", ".join(str(number) for number in sorted(partitions))
    return f"partitions {numbers} {many}" if len(partitions) > 1 else f"partition {numbers} {one}"
