"""docs/schemas/: fresh, and true of what is read and of what is written."""

import json
import tomllib
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bad_input import BAD
from driving import TODAY, line_of, replayed, replayed_lines
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from strategies import Event, Rules, rules
from strategies.events import events
from test_cli import nyxter, told
from test_journey_rules import CHANGES as JOURNEY_CHANGES
from test_journey_rules import REFUSED as BAD_JOURNEYS
from test_replay_rejects import FINE, LINES
from test_replay_rules import BAD as BAD_RULES
from test_rules import CHANGES as RULES_CHANGES

from nyxter_online.intake import Line, take_in
from nyxter_online.refusals import kind_of
from nyxter_online.simulate import base
from schemas.documents import documents
from schemas.envelope import dumps, loads, read_json
from schemas.events import BUSINESS, CONTROL, event_of
from schemas.instant import Refused, end_of_day_ms
from schemas.limits import EventLimits
from schemas.rules import RulesError, read_rules
from streams.segmenter.told import Site, Told

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "schemas"
GOLDEN = sorted((ROOT / "tests" / "golden").glob("*/events.jsonl"))
SCHEMAS = {document.name: document.schema for document in documents(EventLimits())}
VALIDATORS: dict[str, Validator] = {
    name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()
}

# What the decoder refuses and no schema can: the rest of these tables it must refuse too.
UNSAYABLE_EVENTS = {
    *("a time that does not exist", "a time in 9999", "a time two days ahead", "another key"),
    *("time that does not exist", "time in 9999", "time after 9999"),
    *("a moment more than 24 hours ahead", "half a second more than 24 hours ahead"),
    *("a date that does not exist", "30 February", "29 February of no leap year", "the year 0"),
    *("a day after the last", "control: a day that does not exist", "a long customer id"),
    *("money of too many digits", "1e999 as a text", "1e-999", "an exponent of 20 digits"),
    *("a time of many digits", "lists 260 deep", "lists 500 deep", "objects 1000 deep"),
    *("poison", "more poison", "control: a purchase", "a control event"),
}
UNSAYABLE_RULES = {
    *("gap between bands", "overlap of bands", "overlap after an open band"),
    *("two bands from the same", "gap between bands out of order", "an attribute twice"),
    *("a band that ends before it begins", "a third decimal", "start as text"),
    *("a campaign named as a tier", "segments out of order", "two segments of one name"),
    *("a campaign that is not there", "a campaign that the rules removed"),
    *("taking away what never was", "an RFM segment that is not there"),
    *("a stage that is not there", "a stage of a profile's trigger that is not there"),
    *("a stage of a place that is not there", "phases without the stages of the defaults"),
    *("a stage in two phases", "two phases of one name"),
}


def test_the_files_are_fresh(tmp_path: Path) -> None:
    result = nyxter("schemas", "--to", str(tmp_path / "new"))
    assert (result.exit_code, result.stdout) == (0, f"13 schemas in {tmp_path / 'new'}\n")
    made = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    there = {path.name: path.read_bytes() for path in DOCS.iterdir()}
    assert there == made, "run nyxter schemas --to docs/schemas"


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = nyxter("schemas", "--to", str(tmp_path / "file"))
    assert (result.exit_code, told(result)) == (2, f"nyxter: {tmp_path / 'file'}: File exists")


def test_each_is_a_schema_of_its_own_name() -> None:
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"urn:nyxter-online:{name}"
        assert schema["title"] == name
        assert "Attributes" not in schema["description"]
    assert {*BUSINESS, *CONTROL} < {*SCHEMAS}


def problem(instance: Any, name: str) -> str | None:
    """Why something is not valid by a schema."""
    found: ValidationError | None = next(iter(VALIDATORS[name].iter_errors(instance)), None)
    return None if found is None else f"{found.json_path}: {found.message}"


@pytest.mark.parametrize("file", GOLDEN, ids=lambda path: path.parent.name)
def test_golden_events_are_valid(file: Path) -> None:
    events_of = map(json.loads, file.read_text("utf-8").splitlines())
    assert not [found for event in events_of if (found := problem(event, event["type"]))]


def test_simulated_events_are_valid() -> None:
    found = {problem(json.loads(dumps(event)), event["type"]) for event in base(7, 40, TODAY)}
    assert found == {None}


@settings(max_examples=40, deadline=None)
@given(events(TODAY, max_events=8))
def test_what_is_taken_is_valid(drawn: list[Event]) -> None:
    for event in drawn:
        assert problem(event, event["type"]) is None


FIELDS = {kind: list(model.model_fields) for kind, model in BUSINESS.items()}
ODD = st.sampled_from(
    [
        *(None, True, 0, 7, -1, 12, 1.5, 14.0, "", " ", "x", "x" * 513, "x" * 1_025, [], {}, ["a"]),
        *("1.5", "1e3", "1,5", ".5", "5.", "+1", "2026-11-22", "2026-11-22T10:00Z", "22/11/2026"),
        *("2026-11-22 10:00:00.5+0330", "FAIXA 03", "faixa 07 - x", "FAIXA 12", " FAIXA 10 "),
        *("SEM INFORMAÇÕES", "sem informações ", {"a": 1}, {"a": None}, {"a": -1}, {"a": 1.5}),
        *({"x" * 257: 1}, {"x" * 257: None}, {"a": 10**9}, {"a": 10**9 + 1}, {"a": "1"}),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(BUSINESS)), st.data())
def test_taken_or_refused_by_both(kind: str, drawn: st.DataObject) -> None:
    """Whatever is put into the fields: the decoder and the schema are of one mind."""
    whole = drawn.draw(events(TODAY, max_events=4).filter(bool))[0] | {"type": kind}
    data = {name: drawn.draw(ODD) for name in FIELDS[kind] if drawn.draw(st.integers(0, 3))}
    event = whole | {"time": "2026-11-22T12:00:00Z", "data": data}
    taken = take_in([Line(1, end_of_day_ms(TODAY), line_of(event))])
    reasons = [refusal.reason for refusal in taken.refused]
    assert (problem(event, kind) is None) is not bool(reasons), (reasons, problem(event, kind))


EVENTS = {name: bad.value for name, bad in BAD.items() if not bad.headers} | {
    name: line for name, (line, _) in LINES.items()
}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_refused_events_are_not_valid(name: str) -> None:
    try:
        event = loads(EVENTS[name] or b"")
    except ValueError:
        return  # what is no JSON has no schema
    kinds = [event["type"]] if isinstance(event, dict) and event.get("type") in SCHEMAS else SCHEMAS
    is_valid = any(problem(event, kind) is None for kind in kinds)
    assert is_valid is (name in UNSAYABLE_EVENTS)


@pytest.mark.parametrize("line", FINE.values(), ids=FINE.keys())
def test_unusual_events_are_valid(line: bytes) -> None:
    event = json.loads(line)
    assert problem(event, event["type"]) is None


def test_limits_of_other_rules_are_those_of_the_schemas(tmp_path: Path) -> None:
    rules_file = tmp_path / "rules.toml"
    rules_file.write_text("[limits]\norder_id_bytes = 3\ncustomer_id_bytes = 600\n")
    nyxter("schemas", "--to", str(tmp_path), "--rules", str(rules_file))
    name = "nyxter.purchase.cancelled.v1"
    schema = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
    event = {"specversion": "1.0", "id": "e", "source": "/s", "type": name, "subject": "K" * 600}
    event["time"] = "2026-11-22T12:00:00Z"
    validator = Draft202012Validator(schema)
    assert validator.is_valid(event | {"data": {"order_id": "123"}})
    assert not validator.is_valid(event | {"data": {"order_id": "1234"}})
    assert not validator.is_valid(event | {"subject": "K" * 601, "data": {"order_id": "1"}})


CONTROLS: list[tuple[str, dict[str, Any]]] = [
    ("nyxter.day.turned.v1", {"day": "2026-11-22"}),
    ("nyxter.day.turned.v1", {}),
    ("nyxter.triggers.released.v1", {"reasons": ["rules", "model"]}),
    ("nyxter.triggers.released.v1", {"reasons": ["cool_down"]}),
    ("nyxter.model.accepted.v1", {"sums": [["1"] * 15] * 4}),
    ("nyxter.model.accepted.v1", {"sums": [["1"] * 14] * 4}),
    ("nyxter.model.accepted.v1", {"sums": [["1"] * 15] * 3}),
    ("nyxter.model.accepted.v1", {"sums": [[1] * 15] * 4}),
]


@pytest.mark.parametrize(("kind", "data"), CONTROLS)
def test_control_events(kind: str, data: dict[str, Any]) -> None:
    event = {"specversion": "1.0", "id": "e", "source": "/s", "type": kind, "subject": "0"}
    event |= {"time": "2026-11-22T12:00:00Z", "data": data}
    try:
        event_of(read_json(dumps(event)), CONTROL)
    except Refused:
        assert problem(event, kind)
    else:
        assert problem(event, kind) is None


def as_json(value: Any) -> Any:
    """TOML's values as JSON has them."""
    if isinstance(value, dict):
        return {name: as_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, Decimal) and value.is_finite():
        return float(value)
    if isinstance(value, Decimal | datetime | time):
        return {"TOML": str(value)}  # JSON has no such value, and the schemas ask for none
    return str(value) if isinstance(value, date) else value


def rules_problem(text: str) -> str | None:
    return problem(as_json(tomllib.loads(text, parse_float=Decimal)), "nyxter.rules.v1")


@settings(max_examples=60, deadline=None)
@given(rules())
def test_rules_that_can_be_used_are_valid(drawn: Rules) -> None:
    assert rules_problem(drawn.text) is None


def test_the_example_and_every_change_are_valid() -> None:
    example = (ROOT / "examples" / "nyxter.toml").read_text("utf-8")
    for text in ("", example, *RULES_CHANGES, *JOURNEY_CHANGES):
        assert rules_problem(text) is None, text


RULES = {name: text for name, (text, _, _) in (BAD_RULES | BAD_JOURNEYS).items()}


@pytest.mark.parametrize("name", sorted(RULES))
def test_rules_that_cannot_be_used_are_not_valid(name: str) -> None:
    with pytest.raises(RulesError):
        read_rules(RULES[name])
    try:
        found = rules_problem(RULES[name])
    except (ValueError, RecursionError, ArithmeticError):
        return  # what is no TOML has no schema
    assert (found is None) is (name in UNSAYABLE_RULES), found


OUTPUTS = {"nyxter.profile.v1", "nyxter.segment.changed.v1", "nyxter.journey.triggered.v1"}


def golden_outputs() -> list[Any]:
    lines = (ROOT / "tests" / "golden" / "crowd-global" / "events.jsonl").read_bytes().splitlines()
    scored = replayed_lines(lines)
    return [*scored.outputs, *scored.profiles.values()]


def name_of(output: dict[str, Any]) -> str:
    return str(output.get("type", "nyxter.profile.v1"))


def test_outputs_are_valid() -> None:
    outputs = golden_outputs()
    assert {*map(name_of, outputs)} == OUTPUTS
    assert not [found for output in outputs if (found := problem(output, name_of(output)))]


def test_the_events_of_the_consumers_page_are_valid() -> None:
    page = (ROOT / "docs" / "consuming.md").read_text("utf-8")
    shown = [json.loads(block.partition("```")[0]) for block in page.split("```json\n")[1:]]
    assert {*map(name_of, shown)} == OUTPUTS - {"nyxter.profile.v1"}
    assert [problem(event, name_of(event)) for event in shown] == [None, None]


WORSE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a score above 100": lambda profile: profile | {"V": 100.01},
    "a score that is missing": lambda p: {name: p[name] for name in p if name != "R"},
    "something else of a customer": lambda profile: profile | {"city": "Joinville"},
    "a colour": lambda profile: profile | {"bands": profile["bands"] | {"V": "amarelo"}},
}


@pytest.mark.parametrize("change", WORSE.values(), ids=WORSE.keys())
def test_other_outputs_are_not_valid(change: Callable[[dict[str, Any]], Any]) -> None:
    [profile] = replayed([{**json.loads(FINE["small letters"])}]).profiles.values()
    assert problem(profile, "nyxter.profile.v1") is None
    assert problem(change(profile), "nyxter.profile.v1")


def test_headers_of_dead_letters() -> None:
    [refusal] = take_in([Line(7, end_of_day_ms(TODAY), b"poison", topic="t")]).refused
    site = Site(3, 4, "changelog", read_rules(""), b"")
    letter = Told(site, None).dead_letter(refusal)  # type: ignore[arg-type]
    headers = {name: value.decode() for name, value in letter.headers or ()}
    assert kind_of(headers["nyxter-reason"]) == "not JSON"
    assert problem(headers, "nyxter.dead-letter.headers.v1") is None
    for name in headers:
        left = {key: value for key, value in headers.items() if key != name}
        assert problem(left, "nyxter.dead-letter.headers.v1")


def test_what_no_schema_can_say_is_of_the_tables() -> None:
    assert {*EVENTS} >= UNSAYABLE_EVENTS
    assert {*RULES} >= UNSAYABLE_RULES
