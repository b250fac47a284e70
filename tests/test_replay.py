"""`nyxter replay`: the golden cases through the command, its files, and what it puts out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import Replayed, replay_command, run_replay
from driving import event, line_of, purchase

from nyxter_online.journey import Journey
from schemas.outputs import (
    JOURNEY_TRIGGERED,
    SEGMENT_CHANGED,
    JourneyTriggered,
    Profile,
    SegmentChanged,
)
from schemas.rules import Rules, read_rules

GOLDEN = sorted(path for path in (Path(__file__).parent / "golden").iterdir() if path.is_dir())
CROWDS = [case for case in GOLDEN if case.name.startswith("crowd")]
TWO = line_of(purchase("K1")) + line_of(purchase("K2"))


def replay_case(case: Path, folder: Path) -> Replayed:
    as_of = (case / "as_of").read_text("utf-8").strip()
    rules = (case / "rules.toml").read_text("utf-8")
    return replay_command(folder, (case / "events.jsonl").read_bytes(), rules=rules, as_of=as_of)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_cases_come_out_exactly(case: Path, tmp_path: Path) -> None:
    done = replay_case(case, tmp_path)
    expected = [json.loads(line) for line in (case / "expected.jsonl").read_text().splitlines()]
    assert done.status == 0
    assert done.rejects is None
    assert done.profiles is not None
    assert [only(row, expected[0]) for row in done.profiles] == expected
    ids = [row["customer_id"] for row in done.profiles]
    assert ids == sorted(ids)


def test_no_golden_case_is_missing() -> None:
    assert len(GOLDEN) == 7


def only(row: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in like}


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_every_output_is_what_the_models_say(case: Path, tmp_path: Path) -> None:
    done = replay_case(case, tmp_path)
    for row in done.profiles or []:
        assert json.loads(Profile.model_validate(row).to_json()) == row
    for row in done.outputs or []:
        model = SegmentChanged if row["type"] == SEGMENT_CHANGED else JourneyTriggered
        assert json.loads(model.model_validate(row).to_json()) == row
    ids = [row["id"] for row in done.outputs or []]
    assert len(set(ids)) == len(ids) > 0
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


@pytest.mark.parametrize("case", CROWDS, ids=lambda case: case.name)
def test_the_first_labels_come_out_once_each_with_their_why(case: Path, tmp_path: Path) -> None:
    done = replay_case(case, tmp_path)
    profiles = {row["customer_id"]: row for row in done.profiles or []}
    rules = read_rules((case / "rules.toml").read_text("utf-8"))
    told: dict[str, list[tuple[str, str]]] = {name: [] for name in profiles}
    for row in changes_in(done.outputs or []):
        check_why(row, profiles[row["subject"]], rules)
        told[row["subject"]].append((row["data"]["kind"], row["data"]["new"]))
    for name, labels in told.items():
        assert labels == labels_of(profiles[name])


def changes_in(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in outputs if row["type"] == SEGMENT_CHANGED]


@pytest.mark.parametrize("case", CROWDS, ids=lambda case: case.name)
def test_every_first_label_has_its_trigger_and_none_fires(case: Path, tmp_path: Path) -> None:
    outputs = replay_case(case, tmp_path).outputs or []
    rules = read_rules((case / "rules.toml").read_text("utf-8"))
    known = {trigger.name for trigger in Journey(rules).triggers}
    entered = {
        row["id"]: (row["subject"], f"{row['data']['kind']}:{row['data']['new']}")
        for row in changes_in(outputs)
    }
    triggers = [row for row in outputs if row["type"] == JOURNEY_TRIGGERED]
    told = {t["data"]["transition"]["id"]: (t["subject"], t["data"]["trigger"]) for t in triggers}
    assert told == {i: (who, name) for i, (who, name) in entered.items() if name in known}
    assert {trigger["data"]["suppressed"] for trigger in triggers} == {"first_score"}


def labels_of(profile: dict[str, Any]) -> list[tuple[str, str]]:
    labels = [("tier", profile["tier"])]
    labels += [("campaign", name) for name in profile["campaigns"]]
    return labels + ([("rfm", profile["rfm"]["segment"])] if profile["rfm"] else [])


def check_why(row: dict[str, Any], profile: dict[str, Any], rules: Rules) -> None:
    data, why = row["data"], row["data"]["why"]
    scores = {name: profile[name] for name in ("P", "R", "F", "V", "prfv")}
    assert data["old"] is None
    assert data["scores"] == why["after"] == scores
    assert data["raw"] == profile["raw"]
    assert (why["cause"], why["event"], why["before"]) == ("population", None, None)
    assert (why["day"], why["snapshot"]) == (profile["day"], profile["snapshot"])
    limits = limits_of(data, rules)
    known = {**scores, "PRFV": scores["prfv"], "RFM": (profile["rfm"] or {}).get("total")}
    near = [(abs(known[i] - limit), i) for i, limit in limits if known[i] is not None]
    boundary = why["boundary"]
    own = known[boundary["indicator"]]
    assert (boundary["indicator"], boundary["limit"]) in limits
    assert boundary["distance"] == pytest.approx(own - boundary["limit"], abs=1e-9)
    assert abs(boundary["distance"]) == pytest.approx(min(near)[0], abs=1e-9)


def limits_of(data: dict[str, Any], rules: Rules) -> list[tuple[str, float]]:
    """The limits that a label depends on."""
    if data["kind"] == "rfm":
        return [("RFM", segment.from_) for segment in rules.rfm.segments[1:]]
    if data["kind"] == "campaign":
        return [(i, float(limit)) for i, _, limit in rules.campaigns[data["new"]].conditions]
    return [(i, float(getattr(rules.tiers[t], i))) for t in ("vip", "medio") for i in "PRFV"]


def test_replayed_again_everything_is_the_same(tmp_path: Path) -> None:
    assert replay_case(CROWDS[0], tmp_path) == replay_case(CROWDS[0], tmp_path)


def test_standard_input(tmp_path: Path) -> None:
    from_file = replay_command(tmp_path, TWO)
    piped = run_replay(tmp_path, "-", "--as-of", "2026-11-22", stdin=TWO)
    assert piped == from_file
    assert piped.status == 0


def test_the_installed_command(tmp_path: Path) -> None:
    """As a process of its own, through a pipe: status 3, the good line scored, the bad one told."""
    nyxter = Path(sys.executable).with_name("nyxter")
    profiles = tmp_path / "profiles.jsonl"
    done = subprocess.run(
        [nyxter, "replay", "-", "--as-of", "2026-11-22", "--profiles", profiles],
        input=line_of(purchase()) + b"nonsense\n",
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"1 lines rejected" in done.stderr
    assert b"Traceback" not in done.stderr
    assert json.loads(profiles.read_bytes())["customer_id"] == "K1"
    assert json.loads((tmp_path / "profiles.jsonl.rejects").read_bytes())["line"] == 2


def test_nobody_is_no_failure(tmp_path: Path) -> None:
    done = replay_command(tmp_path, b"")
    assert done[:1] + done[2:] == (0, [], [], None)


def test_outputs_are_optional(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(TWO)
    command = [Path(sys.executable).with_name("nyxter"), "replay", tmp_path / "events.jsonl"]
    command += ["--as-of", "2026-11-22", "--profiles", tmp_path / "p.jsonl"]
    subprocess.run(command, check=True, capture_output=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "p.jsonl"]


def test_a_report_of_an_earlier_run_does_not_stay(tmp_path: Path) -> None:
    assert replay_command(tmp_path, TWO + b"nonsense\n").status == 3
    assert replay_command(tmp_path, TWO).rejects is None


@pytest.mark.parametrize(
    "end", [b"\n", b"\r\n", b"\n\n", b"\n \t\r\n"], ids=["LF", "CRLF", "blank", "spaces"]
)
def test_line_ends_and_blank_lines(end: bytes, tmp_path: Path) -> None:
    clean = replay_command(tmp_path, TWO)
    other = replay_command(tmp_path, TWO.replace(b"\n", end).rstrip())
    assert other.profiles == clean.profiles
    assert other.status == 0


def test_a_line_number_counts_every_line(tmp_path: Path) -> None:
    done = replay_command(tmp_path, b"\n\r\n" + TWO + b"\nnonsense")
    assert list(done.lines_rejected()) == [6]


FILES = {
    "no events": (["{dir}/absent.jsonl"], "absent.jsonl"),
    "events are a directory": (["{dir}"], "directory"),
    "no such directory for profiles": (["{events}", "--profiles", "{dir}/no/p"], "no/p"),
    "profiles are a directory": (["{events}", "--profiles", "{dir}"], "directory"),
    "profiles are this directory": (["{events}", "--profiles", "."], "directory"),
    "no such directory for outputs": (["{events}", "--outputs", "{dir}/no/o"], "no/o"),
    "no room for profiles": (["{events}", "--outputs", "/dev/full"], "/dev/full"),
    "no rules": (["{events}", "--rules", "{dir}/absent.toml"], "absent.toml"),
    "rules are a directory": (["{events}", "--rules", "{dir}"], "directory"),
    "a day that does not exist": (["{events}", "--as-of", "2026-02-30"], "2026-02-30"),
}


@pytest.mark.parametrize(("arguments", "told"), FILES.values(), ids=FILES.keys())
def test_files_that_cannot_be_used(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "events.jsonl").write_bytes(TWO)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    places = {"dir": str(tmp_path), "events": str(tmp_path / "events.jsonl")}
    given = [part.format(**places) for part in arguments]
    done = run_replay(tmp_path, "--as-of", "2026-11-22", *given)
    assert done.status == 2
    assert told in done.errors
    assert "Traceback" not in done.errors


@pytest.mark.parametrize("given", [["-"], ["--as-of", "2026-11-22"]])
def test_what_is_not_given_is_asked_for(given: list[str], tmp_path: Path) -> None:
    done = run_replay(tmp_path, *given)
    assert done.status == 2
    assert "EVENTS, --as-of and --profiles" in done.errors


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "9999-12-31"])
def test_any_day_can_be_today(day: str, tmp_path: Path) -> None:
    done = replay_command(tmp_path, line_of(event("contract.recorded", **CONTRACT)), as_of=day)
    assert [row["day"] for row in done.profiles or []] == ([day] if day > "2026" else [])


CONTRACT = {"contract_id": "k", "product": "RH", "brand": "RM", "status": "ATIVO"}
CONTRACT |= {"signed_on": "2026-01-01"}


def test_the_path_of_the_report_is_told_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "run[red]s"
    folder.mkdir()
    done = replay_command(folder, b"nonsense\n")
    assert str(folder / "profiles.jsonl.rejects") in done.errors
