"""Kinds of reasons: every reason there is has one, and there are only a few."""

import pytest
from bad_input import BAD
from hypothesis import given
from hypothesis import strategies as st
from test_replay_rejects import LINES

from nyxter_online.intake import Line, take_in
from nyxter_online.refusals import Kind, kind_of

REASONS = [
    ("the record has no value", Kind.NO_VALUE),
    ("the event is not JSON: unexpected character at character 0", Kind.NOT_JSON),
    ("data is not JSON: unexpected end of data at character 7", Kind.NOT_JSON),
    ("the event is not a JSON object", Kind.NOT_AN_EVENT),
    ("specversion: this is not a CloudEvents 1.0 event", Kind.NOT_AN_EVENT),
    ("datacontenttype: only JSON is read", Kind.NOT_AN_EVENT),
    ("type is not one of: nyxter.purchase.recorded.v1", Kind.UNKNOWN_TYPE),
    ("subject is missing", Kind.MISSING),
    ("subject is not a text", Kind.WRONG),
    ("subject has a control character", Kind.BAD_CUSTOMER_ID),
    ("subject begins with a closing brace", Kind.BAD_CUSTOMER_ID),
    ("subject has more than 512 bytes (limits.customer_id_bytes)", Kind.TOO_LARGE),
    ("data is nested more than 64 deep", Kind.TOO_LARGE),
    ("data.attributes: more than 1000 (limits.attributes)", Kind.TOO_LARGE),
    ("the key of the record is not the subject of the event", Kind.OTHER_KEY),
    ("time is more than 24 hours ahead", Kind.AHEAD),
    ("time does not exist", Kind.BAD_TIME),
    ("data.order_id: is missing; data.value: is not a decimal number", Kind.MISSING),
    ("data.value: is not a decimal number; data.order_id: is missing", Kind.WRONG),
    ("data.attributes.the step failed on it: Input should be …", Kind.WRONG),
    ("data: a number is out of range", Kind.WRONG),
    ("the step failed on it: ArithmeticError", Kind.STEP_FAILED),
    ("anything else", Kind.OTHER),
]


@pytest.mark.parametrize(("reason", "kind"), REASONS)
def test_kinds(reason: str, kind: Kind) -> None:
    assert kind_of(reason) is kind


def test_every_kind_has_a_reason() -> None:
    assert {kind for _, kind in REASONS} == set(Kind)


def test_whatever_is_refused_is_of_a_kind_that_has_a_name() -> None:
    lines = [Line(0, 0, bad.value, bad.topic, bad.key, bad.headers) for bad in BAD.values()]  # type: ignore[arg-type]
    lines += [Line(0, 0, line) for line, _ in LINES.values()]
    refused = take_in(lines).refused
    assert len(refused) > 100
    assert [refusal.reason for refusal in refused if kind_of(refusal.reason) is Kind.OTHER] == []


@given(st.text())
def test_a_reason_of_others_has_a_kind_too(reason: str) -> None:
    assert kind_of(reason) in Kind
