"""Where snapshots, epochs and sweeps lead a partition."""

import pytest

from nyxter_online.ranks import Snapshot
from schemas.outputs import Cause
from schemas.rules import read_rules
from streams.segmenter.entry import Sweep
from streams.segmenter.progress import Progress

MONDAY, TUESDAY = 739_944, 739_945
STANDING = Progress(day=MONDAY, snapshot=1, settled=True, swept_day=MONDAY, swept_rules="old")
CUT_SHORT = Progress(
    day=MONDAY, snapshot=2, bucket=5, whom="everyone", swept_day=MONDAY, swept_rules="new"
)


def _snapshot(number: int, day: int, rules: str) -> Snapshot:
    return Snapshot(number, day, rules, {}, read_rules("").analysis.ranking)


def test_a_sweep_begins_with_the_cause_of_its_snapshot() -> None:
    for snapshot, cause, whom in (
        (_snapshot(2, MONDAY, "old"), "population", "moved"),
        (_snapshot(2, TUESDAY, "old"), "time", "everyone"),
        (_snapshot(2, MONDAY, "new"), "rules", "everyone"),
        (_snapshot(2, TUESDAY, "new"), "rules", "everyone"),
    ):
        begun = STANDING.with_snapshot(snapshot)
        assert (begun.bucket, begun.cause, begun.whom) == (0, cause, whom)
        assert not begun.settled


@pytest.mark.parametrize("cause", ["rules", "model"])
@pytest.mark.parametrize("day", [MONDAY, TUESDAY])
def test_what_is_new_stays_the_cause_when_its_sweep_begins_anew_by_a_later_snapshot(
    cause: Cause, day: int
) -> None:
    """Whom the sweep had not met is still as the rules or the model before had it, and what
    changes by them fires nothing, on the next day neither."""
    begun = CUT_SHORT._replace(cause=cause).with_snapshot(_snapshot(3, day, "new"))
    assert (begun.bucket, begun.cause, begun.whom) == (0, cause, "everyone")


def test_whom_a_sweep_has_met_is_not_unmet() -> None:
    begun = STANDING.with_snapshot(_snapshot(2, MONDAY, "new"))
    met = begun.after(Sweep(0, 7, begun.cause, begun.whom))
    assert begun.unmet is not None
    assert met.unmet is not None
    assert (begun.unmet.first, met.unmet.first) == (0, 7)
    assert STANDING.with_snapshot(_snapshot(2, TUESDAY, "old")).unmet is None
