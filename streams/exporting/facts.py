"""The facts that grow: transitions and triggers, a row an event of `nyxter.segment-events.v1`."""

from typing import Any, Final

from streams.exporting.schema import (
    CUSTOMER,
    Field,
    Schema,
    amount,
    calendar_day,
    day_of,
    key_of,
    moment,
)

Event = dict[str, Any]


def _data(name: str) -> Any:
    return lambda event: event["data"][name]


def _why(name: str) -> Any:
    return lambda event: event["data"]["why"][name]


def _under(part: str, name: str) -> Any:
    """Return what gives a value of a part of the data that may be null."""
    return lambda event: (event["data"][part] or {}).get(name)


def _under_why(part: str, name: str) -> Any:
    return lambda event: (event["data"]["why"][part] or {}).get(name)


def _scores(when: str, told: str) -> tuple[Field, ...]:
    names = ("P", "R", "F", "V", "prfv")
    return tuple(
        Field(
            f"{name}_{when}",
            "number",
            f"{'PRFV' if name == 'prfv' else name} {told}",
            _under_why(when, name),
        )
        for name in names
    )


_EVENT: Final = (
    Field("event_id", "text", "Id of the event; unique and stable", lambda event: event["id"]),
    Field("day", "date", "Business day of the event", lambda event: day_of(event["time"])),
    Field("at", "instant", "When it was published", lambda event: moment(event["time"])),
    Field(CUSTOMER, "text", "The customer", lambda event: event["subject"]),
)
_CAUSE: Final = (
    Field("cause", "text", "customer, time, population, rules or model", _why("cause")),
    Field("cause_event_id", "text", "Id of the event that caused it", _under_why("event", "id")),
    Field("cause_event_type", "text", "Its type", _under_why("event", "type")),
    Field(
        "scored_on",
        "date",
        "Business day that it was scored for",
        lambda event: calendar_day(event["data"]["why"]["day"]),
    ),
    Field(
        "snapshot", "integer", "Number of the snapshot that it was scored with", _why("snapshot")
    ),
)

TRANSITIONS: Final = Schema(
    "fact_transitions",
    "One change of segment of one customer.",
    (
        *_EVENT,
        Field("kind", "text", "tier, campaign, rfm or profile", _data("kind")),
        Field("old_segment", "text", "The segment left; empty: none", _data("old")),
        Field("new_segment", "text", "The segment entered; empty: none", _data("new")),
        Field(
            "old_segment_key",
            "text",
            "Key of the segment left",
            lambda event: key_of(event["data"]["kind"], event["data"]["old"]),
        ),
        Field(
            "new_segment_key",
            "text",
            "Key of the segment entered",
            lambda event: key_of(event["data"]["kind"], event["data"]["new"]),
        ),
        *_CAUSE,
        *_scores("before", "before the change"),
        *_scores("after", "after the change"),
        Field(
            "boundary_indicator",
            "text",
            "The score, or RFM, whose limit is nearest",
            _under_why("boundary", "indicator"),
        ),
        Field("boundary_limit", "number", "That limit", _under_why("boundary", "limit")),
        Field(
            "boundary_distance",
            "number",
            "Score less limit, in points",
            _under_why("boundary", "distance"),
        ),
        Field(
            "potential", "number", "Points of potential", lambda event: points(event["data"]["raw"])
        ),
        Field(
            "last_sale",
            "date",
            "Last sale of the period",
            lambda event: calendar_day((event["data"]["raw"] or {}).get("last_sale")),
        ),
        Field("orders", "integer", "Orders of the period", _under("raw", "orders")),
        Field("frequency", "number", "Orders ÷ (expected + 1)", _under("raw", "frequency")),
        Field(
            "value",
            "money",
            "Sales of the period in BRL; empty from 10^14 on",
            lambda event: amount((event["data"]["raw"] or {}).get("value")),
        ),
        Field("brands", "integer", "Distinct brands", _under("features", "brands")),
        Field(
            "tenure_months", "integer", "Months as a customer", _under("features", "tenure_months")
        ),
        Field("revenue_band", "integer", "Revenue band, 0–11", _under("features", "revenue_band")),
        Field("contracts", "integer", "Contracts in all", _under("features", "contracts")),
    ),
    ("at", "event_id"),
)

TRIGGERS: Final = Schema(
    "fact_triggers",
    "One journey trigger of one customer, fired or suppressed.",
    (
        *_EVENT,
        Field("trigger", "text", "Its name: kind and segment", _data("trigger")),
        Field("kind", "text", "tier, campaign, rfm or profile", _data("kind")),
        Field("segment", "text", "The segment entered", _data("segment")),
        Field(
            "segment_key",
            "text",
            "Key of that segment",
            lambda event: key_of(event["data"]["kind"], event["data"]["segment"]),
        ),
        Field("phase", "text", "Phase of the journey", _data("phase")),
        Field("stage", "text", "Stage of the journey", _data("stage")),
        Field("channel", "text", "Sales channel", _data("channel")),
        Field("actions", "texts", "Suggested actions", _data("actions")),
        Field(
            "fired", "flag", "Whether it fired", lambda event: event["data"]["suppressed"] is None
        ),
        Field(
            "suppressed",
            "text",
            "Why it did not fire: first_score, rules, model, cool_down, weekly_cap",
            _data("suppressed"),
        ),
        Field(
            "transition_id",
            "text",
            "event_id of the change behind it, in fact_transitions",
            lambda event: event["data"]["transition"]["id"],
        ),
        *_CAUSE,
        *_scores("after", "when it was pulled"),
    ),
    ("at", "event_id"),
)


def points(raw: dict[str, Any] | None) -> float | None:
    """Return the points of potential of raw figures.

    >>> points({"potential": "12.5"}), points({"potential": None}), points(None)
    (12.5, None, None)
    """
    told = None if raw is None else raw["potential"]
    return None if told is None else float(told)
