"""Limits: what is refused at which size, in words that tell the limit and no value."""

from typing import Any

import pytest
from driving import event, line_of, purchase, replayed_lines
from hypothesis import given
from hypothesis import strategies as st

from nyxter_online.intake import Line, take_in
from schemas.customer_id import problem_of
from schemas.limits import EventLimits
from schemas.rules import RulesError, load_rules, read_rules

SMALL = EventLimits(
    message_bytes=1_000,
    customer_id_bytes=4,
    event_id_bytes=32,
    order_id_bytes=5,
    text_bytes=6,
    attributes=2,
    attribute_name_bytes=3,
)
LATE = 2**41


def refused(sent: Any, limits: EventLimits = SMALL) -> str | None:
    """The reason why an event, or a line, is refused; None where it is taken."""
    line = sent if isinstance(sent, bytes) else line_of(sent)
    intake = take_in([Line(1, LATE, line)], limits=limits)
    return intake.refused[0].reason if intake.refused else None


def contract(**changes: str) -> Any:
    fields = {"contract_id": "c", "product": "p", "brand": "b", "status": "s"}
    return event("contract.recorded", **(fields | {"signed_on": "2020-01-01"} | changes))


def record(**changes: Any) -> Any:
    return event("customer.recorded", **changes)


def at(digits: int) -> str:
    """A time with so many digits of a second (31 bytes at 11, without its Z)."""
    return f"2020-01-01T12:00:00.{'1' * digits}Z"


@pytest.mark.parametrize(
    ("fits", "does_not", "reason"),
    [
        (purchase("é" * 2), purchase("é" * 2 + "x"), "subject has more than 4 bytes (limits."),
        (purchase(id="x" * 32), purchase(id="x" * 33), "id has more than 32 bytes (limits.event"),
        (purchase(source="x" * 32), purchase(source="x" * 33), "source has more than 32 bytes"),
        (purchase(time=at(12)), purchase(time=at(13)), "time has more than 32 bytes (limits.event"),
        (purchase(number="12345"), purchase(number="123456"), "data.order_id has more than 5"),
        (contract(contract_id="x" * 5), contract(contract_id="x" * 6), "data.contract_id has"),
        (contract(product="x" * 6), contract(product="x" * 7), "data.product has more than 6"),
        (contract(hosting="é" * 3), contract(hosting="é" * 4), "data.hosting has more than 6"),
        (purchase(operation_nature="x" * 6), purchase(operation_nature="x" * 7), "limits.text_"),
        (record(city="x" * 6), record(city="x" * 7), "data.city has more than 6 bytes (limits.tex"),
        (
            record(attributes={"a": 1, "b": 2}),
            record(attributes={"a": 1, "b": 2, "c": 3}),
            "data.attributes: more than 2 (limits.attributes)",
        ),
        (
            record(attributes={"é1": 1}),
            record(attributes={"é12": 1}),
            "data.attributes: a name has more than 3 bytes (limits.attribute_name_bytes)",
        ),
    ],
)
def test_what_just_fits_and_what_does_not(fits: Any, does_not: Any, reason: str) -> None:
    assert refused(fits) is None
    assert reason in (refused(does_not) or "")


def test_a_message_is_measured_without_the_space_around_it() -> None:
    raw = line_of(purchase("K", number="1"))
    padded = raw.strip()[:-1] + b" " * (1_000 - len(raw.strip())) + b"}"
    assert refused(b" " + padded + b" \r\n") is None
    reason = "the message has more than 1000 bytes (limits.message_bytes)"
    assert refused(padded[:-1] + b" }") == reason
    assert refused(b"x" * 1_001) == reason


def test_what_is_left_out_is_not_measured() -> None:
    assert refused(record(attributes={"a": 1, "b": None, "c": None})) is None
    assert refused(record(city=None, something_else="x" * 100)) is None


@given(st.text(max_size=20), st.integers(1, 20))
def test_bytes_are_counted_as_utf8(text: str, most: int) -> None:
    problem = problem_of(text) if text else "is missing"
    reason = refused(purchase(text), EventLimits(customer_id_bytes=most)) or ""
    if problem is not None:
        assert reason == f"subject {problem}"
    else:
        assert ("limits.customer_id_bytes" in reason) == (len(text.encode()) > most)


def test_replay_applies_the_limits_of_its_rules() -> None:
    lines = [line_of(purchase("K1")), line_of(purchase("K12"))]
    read = replayed_lines(lines, "[limits]\ncustomer_id_bytes = 2")
    assert set(read.profiles) == {"K1"}
    assert read.refused == {2: "subject has more than 2 bytes (limits.customer_id_bytes)"}


def test_limits_are_of_the_rules_version_and_have_bounds_themselves() -> None:
    assert read_rules("[limits]\ngroups = 7").version != read_rules("").version
    with pytest.raises(RulesError, match=r"line 2: limits.message_bytes: .* 1500000"):
        read_rules("[limits]\nmessage_bytes = 2_000_000")
    with pytest.raises(RulesError, match=r"line 2: limits.mesage_bytes: unknown key"):
        read_rules("[limits]\nmesage_bytes = 2_000")


def test_a_rules_file_has_a_limit_too(tmp_path: Any) -> None:
    file = tmp_path / "nyxter.toml"
    file.write_text("# " + "x" * 97 + "\n", "utf-8")
    assert load_rules(file, 100) == read_rules("")
    with pytest.raises(RulesError, match="more than 99 bytes \\(NYXTER_RULES_BYTES\\)"):
        load_rules(file, 99)
