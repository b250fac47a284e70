"""When the mixture learns: enough customers, a steady base, rounds, accepted models."""

from typing import Any

import numpy as np
import pytest

from nyxter_online.epochs import LEAST, Epoch, K, read_epoch
from nyxter_online.features import WIDTH
from nyxter_online.gmm import GRID, Statistics
from schemas.envelope import dumps, loads
from streams.segmenter.summaries import Summary
from streams.segmenter.trainer import Trainer


def people(count: int, seed: int = 1) -> Any:
    """Rows of features of customers around the four published profiles."""
    chance = np.random.default_rng(seed)
    start = chance.choice([660, 616, 582, 552], count) + chance.integers(-5, 6, count)
    contracts = 5 + (682 - start) // 4 + chance.integers(0, 5, count)
    rows = [chance.integers(1, 5, count), start, chance.integers(-1, 12, count), contracts]
    return np.stack(rows, axis=1).astype(np.int64)


class Base:
    """One partition after another, each evaluated by the epoch last published."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts
        self.trainer = Trainer(len(parts))
        self.accepted: Any = None
        self.learned = 0

    def summaries(self, epoch: int | None = None) -> dict[int, Summary]:
        made = {}
        for number, rows in enumerate(self.parts):
            shares = np.zeros((len(rows), K), np.int64)
            shares[:, 0] = GRID
            if self.trainer.epoch is not None:
                shares = self.trainer.epoch.shares(rows)
            sums = Statistics.zero(K, WIDTH).added(rows, shares).to_json()
            used = self.trainer.epoch.number if self.trainer.epoch else 0
            used = used if epoch is None else epoch
            rest = (used, sums, self.learned, self.accepted)
            made[number] = Summary(7, 1, "a", {}, [], *rest)
        return made

    def next(self, now: float, **how: Any) -> Epoch | None:
        found = self.trainer.next(self.summaries(**how), now)
        if found is None:
            return None
        self.trainer.epoch = found[0]
        assert found[1].epoch == found[0].number
        assert found[1].summaries == dict.fromkeys(range(len(self.parts)), 7)
        return found[0]

    def to_checkpoint(self, now: float) -> Epoch:
        for _ in range(100):
            epoch = self.next(now)
            assert epoch is not None
            if epoch.step == 0:
                return epoch
        raise AssertionError("the round does not end")


@pytest.mark.parametrize(("count", "starts"), [(1, False), (LEAST - 1, False), (LEAST, True)])
def test_nobody_has_a_profile_below_the_least_number_of_customers(count: int, starts: bool) -> None:
    base = Base(people(count))
    assert base.next(100.0) is None
    assert (base.next(110.0) is not None) == starts


def test_a_base_that_still_grows_does_not_start() -> None:
    base = Base(people(600))
    base.next(100.0)
    base.parts = (people(900),)
    assert base.next(102.9) is None
    assert base.next(105.0) is None
    first = base.next(105.9)
    assert first is not None
    assert (first.number, first.checkpoint, first.nearest) == (1, 0, True)


def test_a_round_goes_on_until_em_stands_still_and_then_rests() -> None:
    base = Base(people(600), people(400, 2))
    base.next(0.0)
    first = base.next(10.0)
    assert first is not None
    second = base.next(10.1)
    assert second is not None
    assert (second.step, second.nearest) == (2, False)
    last = base.to_checkpoint(10.2)
    assert (last.step, last.checkpoint) == (0, 1)
    assert last.components is not None
    assert (last.natural == last.components.natural).all()
    assert base.next(10.3) is None
    assert base.next(1_000.0) is None, "nothing was learned"
    base.learned = 1
    assert base.next(30.0) is None
    assert base.next(10.3 + 61.0) is not None, "a little, after a while"


def test_a_thousand_contributions_begin_a_round_at_once() -> None:
    base = Base(people(600))
    base.next(0.0)
    base.next(10.0)
    base.to_checkpoint(10.0)
    base.learned = 999
    assert base.next(11.0) is None
    base.learned = 1_000
    assert base.next(11.1) is not None


def test_who_has_not_evaluated_yet_is_waited_for() -> None:
    base = Base(people(600))
    base.next(0.0)
    base.next(10.0)
    assert base.next(10.1, epoch=0) is None
    assert base.trainer.next({}, 10.2) is None


def test_names_are_given_once() -> None:
    base = Base(people(900))
    base.next(0.0)
    base.next(10.0)
    named = base.to_checkpoint(10.0)
    assert named.components is not None
    starts = named.components.means[:, 1]
    assert starts.argmax() == 0, "Novos Clientes began last"
    base.learned = 5_000
    again = base.to_checkpoint(20.0)
    assert again.components is not None
    assert abs(again.components.means[:, 1] - starts).max() < 30
    assert again.checkpoint == named.checkpoint + 1


def test_an_accepted_model_begins_at_once_and_once() -> None:
    base = Base(people(600))
    base.next(0.0)
    base.next(10.0)
    before = base.to_checkpoint(10.0)
    rows = people(700, 5)
    model = Statistics.zero(K, WIDTH).added(rows, before.shares(rows))
    base.accepted = [4, model.to_json()]
    epoch = base.next(10.1)
    assert epoch is not None
    assert (epoch.model, epoch.checkpoint, epoch.accepted) == (2, before.checkpoint + 1, 4)
    following = base.next(10.2)
    assert following is not None
    assert following.model == 2
    assert following.accepted == 4


def test_an_epoch_is_read_as_written_bit_for_bit() -> None:
    base = Base(people(600))
    base.next(0.0)
    first = base.next(10.0)
    last = base.to_checkpoint(10.0)
    for epoch in (first, last):
        assert epoch is not None
        read = read_epoch(loads(dumps(epoch.to_json())))
        assert read.to_json() == epoch.to_json()
        assert read.natural.tobytes() == epoch.natural.tobytes()
