"""What a partition waits for after loading, and what the leader waits for."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.segmenter.footing import lacking
from streams.segmenter.lacking import find_lacking
from streams.segmenter.progress import Progress
from streams.segmenter.summaries import Summary


def board(snapshot: int = 0, epoch: int = 0) -> Any:
    def made(number: int) -> Any:
        return SimpleNamespace(number=number) if number else None

    return SimpleNamespace(latest=made(snapshot), epoch=made(epoch))


@pytest.mark.parametrize(
    ("progress", "there", "waits_for"),
    [
        (Progress(), board(), ""),
        (Progress(snapshot=7), board(), "snapshot 7, and the newest here is 0"),
        (Progress(snapshot=7), board(snapshot=6), "snapshot 7, and the newest here is 6"),
        (Progress(snapshot=7), board(snapshot=7), ""),
        (Progress(snapshot=7), board(snapshot=9), ""),
        (Progress(epoch=3), board(epoch=2), "epoch 3 of the mixture, and the newest here is 2"),
        (Progress(epoch=3), board(epoch=4), ""),
    ],
)
def test_a_partition_waits_for_what_it_had_in_use(
    progress: Progress, there: Any, waits_for: str
) -> None:
    assert lacking(progress, None, 0, there) == waits_for


def test_a_partition_that_has_them_waits_for_nothing() -> None:
    in_use: Any = SimpleNamespace(number=7)
    assert lacking(Progress(snapshot=7, epoch=3), in_use, 3, board()) == ""


def summary(day: int = 739_000, rules: str = "a1") -> Summary:
    return Summary(1, day, rules, {}, [], 0, None, 0, None)


@pytest.mark.parametrize(
    ("summaries", "why"),
    [
        ({0: summary(), 1: summary()}, ""),
        ({1: summary()}, "partition 0 has given no figures yet"),
        ({0: summary(rules="b2"), 1: summary(rules="b2")},
         "partitions 0, 1 stand at rules b2, the leader at a1"),
        ({0: summary(738_999), 1: summary()}, "partition 0 has not come to 2024-04-24"),
    ],
)  # fmt: skip
def test_the_leader_waits_for_a_summary_of_each_by_one_day_and_one_rules(
    summaries: dict[int, Summary], why: str
) -> None:
    assert find_lacking(summaries, 739_000, "a1", 2) == why
