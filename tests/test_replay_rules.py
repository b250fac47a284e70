"""Rules files that can't be used: `nyxter replay` says which file, which line, and why."""

from pathlib import Path

import pytest
from command import run_replay

ATTRIBUTE = '[[potential]]\nattribute = "filiais"\n'


def bands(text: str) -> str:
    return f"# rules\n{ATTRIBUTE}bands = [{text}]\n"


# name: (text of the file, lines that may be pointed at, words of the reason)
BAD = {
    "gap between bands": (
        bands("{ min = 1, max = 4, points = 1 }, { min = 6, points = 2 }"),
        range(2, 5),
        "gap between the bands from 1 and from 6",
    ),
    "overlap of bands": (
        bands("{ min = 1, max = 5, points = 1 }, { min = 5, points = 2 }"),
        range(2, 5),
        "bands from 1 and from 5 overlap",
    ),
    "overlap after an open band": (
        bands("{ min = 1, points = 1 }, { min = 5, points = 2 }"),
        range(2, 5),
        "overlap",
    ),
    "two bands from the same": (
        bands("{ min = 1, max = 1, points = 1 }, { min = 1, max = 2, points = 2 }"),
        range(2, 5),
        "overlap",
    ),
    "gap between bands out of order": (
        bands("{ min = 6, points = 2 }, { min = 1, max = 4, points = 1 }"),
        range(2, 5),
        "gap",
    ),
    "a band that ends before it begins": (
        bands("{ min = 5, max = 4, points = 1 }"),
        range(2, 5),
        "ends before it begins",
    ),
    "negative points": (bands("{ min = 1, points = -5 }"), [4], "greater than or equal to 0"),
    "points that are no number": (bands("{ min = 1, points = nan }"), [4], "not a number"),
    "a negative edge": (bands("{ min = -1, points = 5 }"), [4], "greater than or equal to 0"),
    "a band without points": (bands("{ min = 1 }"), [4], "points"),
    "an unknown key of a band": (bands("{ min = 1, points = 1, colour = 2 }"), [4], "unknown key"),
    "negative points a unit": (f"{ATTRIBUTE}points_per_unit = -1", [3], "greater than or equal"),
    "bands and points a unit": (
        f"{ATTRIBUTE}points_per_unit = 1\nbands = [{{ min = 1, points = 1 }}]",
        [1],
        "either bands or points_per_unit",
    ),
    "neither bands nor points a unit": (ATTRIBUTE, [1], "either bands or points_per_unit"),
    "an attribute twice": (
        f"{ATTRIBUTE}points_per_unit = 1\n{ATTRIBUTE}points_per_unit = 2",
        [1, 2, 4, 5],
        "filiais twice",
    ),
    "potential without attribute": ("[[potential]]\npoints_per_unit = 1", [1], "attribute"),
    "negative weight": ("[analysis]\nweights = { R = -1 }", [2], "greater than or equal to 0"),
    "infinite weight": ("[analysis]\nweights = { R = inf }", [2], "not a number"),
    "weight as text": ('[analysis.weights]\nV = 1\nR = "2"', [3], "not a number"),
    "all weights 0": ("[analysis]\nweights = {P = 0, R = 0, F = 0, V = 0}", [2], "all 0"),
    "weight of nothing": ("[analysis.weights]\nX = 1", [2], "unknown key"),
    "start and window": (
        "[analysis]\nstart = 2026-01-01\nwindow_days = 30",
        [1, 2, 3],
        "start and window_days",
    ),
    "no days": ("[analysis]\nwindow_days = 0", [2], "greater than or equal to 1"),
    "days in words": ('[analysis]\nwindow_days = "365"', [2], "integer"),
    "start with a time": ("[analysis]\nstart = 2026-01-01T10:00:00", [2], "date"),
    "start as text": ('[analysis]\nstart = "2026-01-01"', [2], "date"),
    "no ideal weeks": ("[analysis]\nideal_frequency_weeks = 0", [2], "greater than 0"),
    "unknown basis": ('[analysis]\nvalue_basis = "profit"', [2], "'value' or 'margin'"),
    "unknown ranking": ('[analysis]\nranking = "best"', [2], "'dense' or 'percentile'"),
    "unknown field to compare by": ('[analysis]\ncompare_by = ["size"]', [2], "customer_type"),
    "a field to compare by twice": ('[analysis]\ncompare_by = ["city", "city"]', [2], "twice"),
    "unknown section": ("\n\n[analyses]\nwindow_days = 30", [3], "unknown key"),
    "unknown key": ("[analysis]\n\nwindow = 30", [3], "unknown key"),
    "a nature that is no yes or no": ('[operation_natures]\n"5910" = "no"', [2], "boolean"),
    "a tier above 100": ("[tiers.vip]\nP = 101", [2], "less than or equal to 100"),
    "a third decimal": ("[tiers.vip]\nP = 80.125", [2], "2 decimal places"),
    "an unknown tier": ("[tiers.ouro]\nP = 80", [1], "vip"),
    "a condition without sign": ('[campaigns]\nnatal = { R = "55" }', [2], "not a condition"),
    "a condition that is a number": ("[campaigns]\nnatal = { R = 55 }", [2], "not a condition"),
    "a condition on nothing": ('[campaigns]\nnatal = { X = "> 5" }', [2], "unknown key"),
    "no condition": ("[campaigns]\nnatal = { after_first_sale = true }", [2], "no condition"),
    "a campaign named as a tier": ('[campaigns]\nvip = { R = "> 5" }', None, "vip"),
    "an unknown channel": ('[channels]\nouro = "loja"', [2], "unknown key"),
    "a channel without name": ('[channels]\nvip = ""', [2], "at least 1 character"),
    "segments from 4": ('[rfm]\nsegments = [{ from = 4, name = "A" }]', [1, 2], "start from 3"),
    "segments out of order": (
        '[rfm]\nsegments = [{ from = 3, name = "A" }, { from = 3, name = "B" }]',
        [1, 2],
        "rising order",
    ),
    "two segments of one name": (
        '[rfm]\nsegments = [{ from = 3, name = "A" }, { from = 5, name = "A" }]',
        None,
        "A names two",
    ),
    "not TOML": ("[analysis]\nwindow_days 365\n", [2], "not TOML"),
    "a section twice": ("[analysis]\n[analysis]\n", [2], "not TOML"),
    "an exponent of 20 digits": ("[analysis]\nweights = { P = 1e99999999999999999999 }", None, ""),
    "a number of 5000 digits": ("[analysis]\nwindow_days = " + "1" * 5000, None, ""),
    "lists 2000 deep": ("x = " + "[" * 2000 + "]" * 2000, None, ""),
}


@pytest.mark.parametrize(("text", "lines", "reason"), BAD.values(), ids=BAD.keys())
def test_the_file_the_line_and_the_reason_are_told(
    text: str, lines: list[int] | None, reason: str, tmp_path: Path
) -> None:
    rules = tmp_path / "nyxter.toml"
    rules.write_text(text, encoding="utf-8")
    done = run_replay(tmp_path, "-", "--as-of", "2026-11-22", "--rules", str(rules))
    assert done.status == 2
    assert str(rules) in done.errors
    assert reason in done.errors
    assert lines is None or any(f"line {line}" in done.errors for line in lines)
    assert (done.profiles, done.outputs, done.rejects) == (None, None, None)


def test_rules_that_are_not_utf8(tmp_path: Path) -> None:
    rules = tmp_path / "nyxter.toml"
    rules.write_bytes('[channels]\nvip = "balcão"'.encode("latin-1"))
    done = run_replay(tmp_path, "-", "--as-of", "2026-11-22", "--rules", str(rules))
    assert (done.status, done.errors) == (2, f"nyxter: {rules}: not UTF-8\n")


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    rules = tmp_path / "nyxter.toml"
    rules.write_text("[analysis]\nwindow = 1\nranking = 2\n[tiers.vip]\nP = -1", "utf-8")
    done = run_replay(tmp_path, "-", "--as-of", "2026-11-22", "--rules", str(rules))
    told = [line.partition(f"{rules}, ")[2].split(":")[0] for line in done.errors.splitlines()]
    assert sorted(told) == ["line 2", "line 3", "line 5"]
