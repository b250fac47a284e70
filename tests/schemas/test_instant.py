"""Instants that sort as texts, and business days, against exact arithmetic."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reading
from strategies import days

from schemas.instant import (
    Refused,
    business_day,
    business_today,
    end_of_day_ms,
    instant,
    instant_of,
    latest_allowed,
)

EPOCH = reading.instant_of("1970-01-01T00:00:00Z")


@st.composite
def stamps(draw: st.DrawFn) -> str:
    """RFC 3339 stamps of a few seconds, each written in many ways."""
    day = draw(st.sampled_from(["2026-11-22", "2026-11-21", "2016-12-31", "1969-12-31"]))
    clock = draw(st.sampled_from(["00:00:00", "23:59:59", "23:59:60", "12:00:01", "11:59:60"]))
    fraction = draw(st.just("") | st.from_regex(r"\.[059]{1,15}", fullmatch=True))
    offset = draw(st.sampled_from(["Z", "z", "+00:00", "-00:00", "+12:00", "-03:00", "+23:59"]))
    return f"{day}{draw(st.sampled_from('Tt'))}{clock}{fraction}{offset}"


@settings(max_examples=500, deadline=None)
@given(stamps(), stamps())
def test_instants_sort_as_exact_numbers(one: str, other: str) -> None:
    ours = instant(one), instant(other)
    exact = reading.instant_of(one), reading.instant_of(other)
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (exact[0] < exact[1], exact[0] == exact[1])
    assert reading.instant_of(ours[0] + "Z") == exact[0]
    assert instant(ours[0] + "Z") == ours[0]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-02T12:00:00Z", "2026-11-02T12:00:00"),
        ("2026-11-02T12:00:00.000Z", "2026-11-02T12:00:00"),
        ("2026-11-02T12:00:00.1230Z", "2026-11-02T12:00:00.123"),
        ("2026-11-02T23:00:00-03:00", "2026-11-03T02:00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
        ("0999-12-31T23:59:60Z", "1000-01-01T00:00:00"),
        ("9999-12-31T23:59:59.9Z", "9999-12-31T23:59:59.9"),
    ],
)
def test_instant(text: str, utc: str) -> None:
    assert instant(text) == utc


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "RFC 3339"),
        ("2026-11-02", "RFC 3339"),
        ("2026-11-02T12:00:00", "RFC 3339"),
        ("2026-11-02 12:00:00Z", "RFC 3339"),
        ("2026-11-02T12:00Z", "RFC 3339"),
        ("2026-11-02T12:00:00.Z", "RFC 3339"),
        ("2026-11-02T12:00:00+0300", "RFC 3339"),
        ("2026-11-02T12:00:00Z\n", "RFC 3339"),
        ("２０２６-11-02T12:00:00Z", "RFC 3339"),
        ("2026-02-29T12:00:00Z", "does not exist"),
        ("2026-11-02T24:00:00Z", "does not exist"),
        ("2026-11-02T12:60:00Z", "does not exist"),
        ("2026-11-02T12:00:61Z", "does not exist"),
        ("2026-11-02T12:00:00+24:00", "does not exist"),
        ("0000-01-01T00:00:00Z", "does not exist"),
        ("0001-01-01T00:00:00+01:00", "does not exist"),
        ("9999-12-31T23:59:59-01:00", "does not exist"),
        ("9999-12-31T23:59:60Z", "does not exist"),
    ],
)
def test_stamps_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        instant(text)


@settings(deadline=None)
@given(st.integers(-(10**13), 10**14))
def test_the_instant_of_a_kafka_timestamp(milliseconds: int) -> None:
    exact = EPOCH + Fraction(milliseconds, 1000)
    assert reading.instant_of(instant_of(milliseconds) + "Z") == exact
    assert reading.instant_of(latest_allowed(milliseconds) + "Z") == exact + reading.DAY


@settings(deadline=None)
@given(days() | st.dates(date(1, 1, 2), date(9998, 12, 31)))
def test_a_day_ends_where_the_next_begins(day: date) -> None:
    end = end_of_day_ms(day)
    assert EPOCH + Fraction(end, 1000) == reading.end_of_day(day)
    assert business_today(end - 1) == day
    assert business_today(end) == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-02", "2026-11-02"),
        ("2026-11-02T00:00:00", "2026-11-02"),
        ("2026-11-02 23:59", "2026-11-02"),
        ("2026-11-02T23:59:59.9999999", "2026-11-02"),
        ("2026-11-02T02:59:59.9999999Z", "2026-11-01"),
        ("2026-11-02T03:00:00.0Z", "2026-11-02"),
        ("2026-11-02t03:00z", "2026-11-02"),
        ("2026-11-01T22:00:00-05:00", "2026-11-02"),
        ("2026-11-02T05:59:59+0300", "2026-11-01"),
        ("2018-11-04T02:59:59Z", "2018-11-03"),
        ("2018-11-05T02:00:00Z", "2018-11-05"),
        ("0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_business_day(text: str, day: str) -> None:
    assert business_day(text) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-02-29", "does not exist"),
        ("2026-13-01", "does not exist"),
        ("0000-01-01", "does not exist"),
        ("2026-11-02T24:00:00", "does not exist"),
        ("2026-11-02T12:00:00+25:00", "does not exist"),
        ("0001-01-01T00:00:00Z", "does not exist"),
        ("02/11/2026", "not a date"),
        ("20261102", "not a date"),
        ("2026-W45-1", "not a date"),
        ("2026-11-02T", "not a date"),
        (" 2026-11-02", "not a date"),
        ("2026-11-02\n", "not a date"),
        ("", "not a date"),
    ],
)
def test_days_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        business_day(text)
