"""`nyxter model` without a broker: challengers, model files, what is drawn, what is refused."""

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import nyxter, told

from nyxter_online.consumption import NAMES
from nyxter_online.epochs import (
    Epoch,
    accepted_epoch,
    following,
    learned,
    read_epoch,
)
from nyxter_online.gmm import GRID, Components, Statistics, m_step, responsibilities
from nyxter_online.mixture import Mixture
from nyxter_online.profiles import PROFILES
from nyxter_online.simulate import base
from schemas.envelope import dumps, loads
from streams.cli.model.challenger import PUBLISHED, fits
from streams.cli.model.components import collapsed, degenerate
from streams.cli.model.models import read_model
from streams.cli.model.plot import draw
from streams.cli.model.show import show_model

AWAY = {"NYXTER_BROKER": "127.0.0.1:1"}
TODAY = date(2026, 11, 22)
CUSTOMERS = 800


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records and contracts of a simulated base, one JSON a line."""
    path = tmp_path_factory.mktemp("model") / "events.jsonl"
    told_ = (dumps(e) for e in base(7, CUSTOMERS, TODAY) if "purchase" not in e["type"])
    path.write_bytes(b"\n".join(told_) + b"\n")
    return path


def fit(events: Path, out: Path, *options: str) -> Any:
    arguments = ("--as-of", str(TODAY), "--seeds", "2", "--out", str(out), *options)
    return nyxter("model", "fit", str(events), *arguments, **AWAY)


@pytest.fixture(scope="module")
def fitted(events: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file."""
    path = tmp_path_factory.mktemp("fitted") / "model.json"
    assert fit(events, path).exit_code == 0
    return path


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Features of customers around the published profiles."""
    draws = np.random.default_rng(3)
    parts = [
        draws.normal([3, 680 - one.tenure_months, 4, one.contracts], [1, 5, 2, 4], (200, 4))
        for one in PROFILES
    ]
    return np.maximum(np.rint(np.concatenate(parts)), 1).astype(np.int64)


@pytest.fixture
def epoch(rows: np.ndarray) -> Epoch:
    """The first checkpoint of a model of these rows."""
    mixture = Mixture()
    mixture.reset(rows)
    learned(mixture)
    assert mixture.epoch is not None
    return mixture.epoch


class TestFit:
    def test_the_challenger_is_reported_beside_where_a_model_would_start(
        self, events: Path, tmp_path: Path
    ) -> None:
        out, who = tmp_path / "model.json", tmp_path / "who.csv"
        result = fit(events, out, "--who", str(who))
        page = " ".join(result.stdout.split())
        assert result.exit_code == 0
        for shown in (PUBLISHED, "random 2", "the published start → the challenger", *NAMES):
            assert shown in page
        model, movers = read_model(out), who.read_text("utf-8").splitlines()
        assert model.as_of == TODAY
        assert movers[0] == "customer,from,to"
        assert f"{len(movers) - 1:,} of {model.customers:,} would move" in page
        assert f"{model.customers:,} with contracts" in told(result)
        assert not collapsed(model.components)

    def test_the_order_of_events_does_not_matter(
        self, events: Path, fitted: Path, tmp_path: Path
    ) -> None:
        lines = events.read_bytes().splitlines(keepends=True)
        shuffled, out = tmp_path / "shuffled.jsonl", tmp_path / "model.json"
        shuffled.write_bytes(b"".join(sorted(lines)))
        assert fit(shuffled, out, "--against", str(fitted)).exit_code == 0
        one, other = read_model(fitted), read_model(out)
        assert one.sums == other.sums
        assert one.log_likelihood == pytest.approx(other.log_likelihood)

    def test_nobody_moves_against_itself(self, events: Path, fitted: Path, tmp_path: Path) -> None:
        result = fit(events, tmp_path / "m.json", "--against", str(fitted))
        page = " ".join(result.stdout.split())
        assert f"{fitted}" in page.replace(" ", "")
        assert "(+0.0000)" in page
        assert "0 of " in page

    def test_lines_that_cannot_be_read_are_counted(
        self, events: Path, fitted: Path, tmp_path: Path
    ) -> None:
        dirty = tmp_path / "dirty.jsonl"
        dirty.write_bytes(b"{}\nno JSON\n" + events.read_bytes())
        result = fit(dirty, tmp_path / "m.json", "--against", str(fitted))
        assert result.exit_code == 0
        assert " lines, 2 refused, " in told(result)
        assert "the first one refused, in line 1: " in told(result)

    def test_too_few_customers(self, tmp_path: Path) -> None:
        few = tmp_path / "few.jsonl"
        few.write_bytes(b"\n".join(map(dumps, base(7, 20, TODAY))))
        result = fit(few, tmp_path / "m.json")
        assert result.exit_code == 2
        assert "a model takes 500 customers with contracts, not " in told(result)
        assert not (tmp_path / "m.json").exists()

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        result = fit(tmp_path / "none.jsonl", tmp_path / "m.json")
        assert result.exit_code == 2
        assert "none.jsonl: No such file" in told(result)

    def test_components_bear_the_names_of_what_they_resemble(self, rows: np.ndarray) -> None:
        for found in fits(rows, 3):
            order = found.components.means[:, 3]
            assert order.argmin() == 0
            assert found.statistics.size == len(rows)
            assert found.components.natural.tolist() == m_step(found.statistics).natural.tolist()

    def test_a_component_that_collapsed_is_told(self, rows: np.ndarray) -> None:
        rows = rows.copy()
        rows[:200, 2] = -1
        shares = np.repeat(np.eye(4, dtype=np.int64) * GRID, 200, axis=0)
        components = m_step(Statistics.zero(4, 4).added(rows, shares))
        assert collapsed(components) == [(NAMES[0], "revenue_band")]
        assert f"collapsed: {NAMES[0]} hardly varies in revenue_band" in degenerate(components)


def without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda model: {key: value for key, value in model.items() if key != name}


def with_(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda model: model | changes


def with_sum(place: int, value: str) -> Callable[[dict[str, Any]], Any]:
    """Change one of the first component's sums."""

    def changed(model: dict[str, Any]) -> dict[str, Any]:
        first, *others = model["sums"]
        return model | {"sums": [[*first[:place], value, *first[place + 1 :]], *others]}

    return changed


class TestModelFiles:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (without("sums"), "sums: Field required"),
            (without("customers"), "customers: Field required"),
            (with_(sums=[["1"] * 15] * 3), "sums.3: Field required"),
            (with_(sums=[["1"] * 14] * 4), "sums.0: Tuple should have at least 15 items"),
            (with_(sums=[["1"] * 16] * 4), "sums.0: Tuple should have at most 15 items"),
            (with_(sums=[["0"] * 15] * 4), "sums: Value error, are of nobody"),
            (with_sum(0, "-1"), "sums: Value error, are of nobody"),
            (with_sum(1, "1.5"), "sums.0.1: String should match pattern"),
            (with_sum(1, 7), "sums.0.1: Input should be a valid string"),
            (with_sum(5, "0"), "some vary by less than nothing"),
            (with_(customers=499), "customers: Input should be greater than or equal to 500"),
            (with_(customers=5_000), "not 5000"),
            (with_(as_of="yesterday"), "as_of: "),
            (with_(log_likelihood=None), "log_likelihood: "),
            (lambda _: [], "Input should be an object"),
        ],
    )
    def test_what_is_no_model_is_refused_before_anybody_is_asked(
        self, fitted: Path, tmp_path: Path, change: Callable[[Any], Any], reason: str
    ) -> None:
        bad = tmp_path / "bad.json"
        bad.write_bytes(dumps(change(json.loads(fitted.read_bytes()))))
        result = nyxter("model", "accept", str(bad), **AWAY)
        assert result.exit_code == 2
        assert told(result).startswith(f"nyxter: {bad}: ")
        assert reason in told(result)

    @pytest.mark.parametrize("content", [b"", b"no JSON", b"\xff"])
    def test_what_is_no_json(self, tmp_path: Path, content: bytes) -> None:
        bad = tmp_path / "bad.json"
        bad.write_bytes(content)
        result = nyxter("model", "accept", str(bad), **AWAY)
        assert result.exit_code == 2
        assert "Invalid JSON" in told(result)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        result = nyxter("model", "accept", str(tmp_path / "none.json"), **AWAY)
        assert result.exit_code == 2
        assert "none.json: No such file" in told(result)

    def test_a_broker_that_is_away(self, fitted: Path) -> None:
        result = nyxter("model", "accept", str(fitted), "--yes", **AWAY)
        assert result.exit_code == 2
        assert told(result).startswith("nyxter: the broker at 127.0.0.1:1: ")


class TestEpochsKnowWhereTheyStarted:
    def test_from_the_first_checkpoint_of_a_model_on(self, epoch: Epoch, rows: np.ndarray) -> None:
        assert epoch.components is not None
        assert epoch.started == epoch.components.means.tolist()
        moved = rows + np.array([0, 1, 0, 2])
        sums = Statistics.zero(4, 4).added(moved, responsibilities(moved, epoch.natural))
        later = following(epoch, sums)
        assert later.started == epoch.started
        assert accepted_epoch(later, m_step(sums), 7).started == m_step(sums).means.tolist()

    def test_they_are_read_as_they_were_written(self, epoch: Epoch) -> None:
        written = loads(dumps(epoch.to_json()))
        assert read_epoch(written).started == epoch.started
        del written["started"]
        assert read_epoch(written).started is None


class TestShow:
    def components(self, epoch: Epoch) -> Components:
        assert epoch.components is not None
        return epoch.components

    def test_means_beside_the_published_ones_and_their_drift(
        self, epoch: Epoch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        components = self.components(epoch)
        started = (components.means - [0, 2, 0, 3.5]).tolist()
        show_model(epoch._replace(started=started, accepted=9), components)
        page = capsys.readouterr().out
        assert "Model 1 (accepted by a person), epoch" in page
        assert "learned from 800 customers" in " ".join(page.split())
        for one in PROFILES:
            assert f"{one.customers:,}" in page
        assert page.count("+3.50") == page.count("-2.00") == 4

    def test_a_model_without_a_checkpoint(
        self, epoch: Epoch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        young = epoch._replace(started=None, checkpoint=0, step=3)
        show_model(young, self.components(epoch))
        page = " ".join(capsys.readouterr().out.split())
        assert "checkpoint none yet: nobody has a profile" in page
        assert "is step 3 of a round" in page

    def test_a_drawing(self, epoch: Epoch, tmp_path: Path) -> None:
        picture = tmp_path / "model.png"
        draw(epoch, self.components(epoch), picture)
        assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert picture.stat().st_size > 10_000

    def test_nothing_to_draw_with(
        self, epoch: Epoch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        with pytest.raises(ImportError, match="drawing needs matplotlib"):
            draw(epoch, self.components(epoch), tmp_path / "model.png")

    def test_a_broker_that_is_away(self) -> None:
        result = nyxter("model", "show", **AWAY)
        assert result.exit_code == 2
        assert told(result).startswith("nyxter: the broker at 127.0.0.1:1: ")


@pytest.mark.parametrize(
    "command", [("model", "show"), ("model", "fit"), ("model", "accept"), ("triggers", "release")]
)
def test_each_command_explains_itself_with_an_example(command: tuple[str, str]) -> None:
    page = " ".join(nyxter(*command, "--help").stdout.split())
    assert "Example: " in page
    assert f"nyxter {' '.join(command)}" in page
    assert f" {command[0]} " in nyxter("--help").stdout
    assert f" {command[1]} " in nyxter(command[0], "--help").stdout
