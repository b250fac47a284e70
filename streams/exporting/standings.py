"""Where customers stand: snapshots of `nyxter.profiles.v1` by day, and the newest of each."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from schemas.outputs import UNASSIGNED
from streams.exporting.facts import points
from streams.exporting.schema import CUSTOMER, Field, Schema, amount, calendar_day, key_of


class Seen(NamedTuple):
    """A profile, and the business day on which it was exported."""

    day: date
    profile: dict[str, Any]


class Membership(NamedTuple):
    """One segment that a customer is in."""

    seen: Seen
    kind: str
    segment: str


def memberships(seen: Seen) -> Iterator[Membership]:
    """Yield the segments that a customer is in; being in no profile is no segment.

    >>> rfm = {"segment": "Leais"}
    >>> profile = {"tier": "vip", "campaigns": [], "rfm": rfm, "consumption": {"segment": "X"}}
    >>> [(kind, segment) for _, kind, segment in memberships(Seen(date.min, profile))]
    [('profile', 'X'), ('tier', 'vip'), ('rfm', 'Leais')]
    """
    profile = seen.profile
    if profile["consumption"]["segment"] != UNASSIGNED:
        yield Membership(seen, "profile", profile["consumption"]["segment"])
    yield Membership(seen, "tier", profile["tier"])
    for campaign in profile["campaigns"]:
        yield Membership(seen, "campaign", campaign)
    if profile["rfm"] is not None:
        yield Membership(seen, "rfm", profile["rfm"]["segment"])


def _own(name: str) -> Any:
    return lambda seen: seen.profile[name]


def _under(part: str, name: str) -> Any:
    """Return what gives a value of a part of the profile that may be null."""
    return lambda seen: (seen.profile[part] or {}).get(name)


_CUSTOMER: Final = Field(CUSTOMER, "text", "The customer", _own("customer_id"))
_STANDING: Final = (
    *(Field(name, "number", f"Score {name}, 0–100", _own(name)) for name in ("P", "R", "F", "V")),
    Field("prfv", "number", "PRFV, 0–100", _own("prfv")),
    *(
        Field(
            f"{name}_colour",
            "text",
            f"azul, verde or vermelho: the colour of {name}",
            _under("bands", name),
        )
        for name in ("P", "R", "F", "V")
    ),
    Field("tier", "text", "vip, medio or pequeno", _own("tier")),
    Field("channel", "text", "Sales channel", _own("channel")),
    Field("campaigns", "texts", "Campaigns; one row each in fact_members", _own("campaigns")),
    Field("rfm_r", "integer", "Quartile of recency, 1–4", _under("rfm", "r")),
    Field("rfm_f", "integer", "Orders, up to 4", _under("rfm", "f")),
    Field("rfm_v", "integer", "Quartile of value, 1–4", _under("rfm", "v")),
    Field("rfm_total", "integer", "Their sum, 3–12", _under("rfm", "total")),
    Field(
        "rfm_segment", "text", "RFM segment; empty: no sale in the period", _under("rfm", "segment")
    ),
    Field(
        "profile", "text", f"Consumption profile, or {UNASSIGNED}", _under("consumption", "segment")
    ),
    Field("probability", "number", "Its probability, 0–1", _under("consumption", "probability")),
    Field(
        "runner_up",
        "text",
        "The second most probable profile",
        lambda seen: (seen.profile["consumption"]["runner_up"] or {}).get("segment"),
    ),
    Field(
        "runner_up_probability",
        "number",
        "Its probability, 0–1",
        lambda seen: (seen.profile["consumption"]["runner_up"] or {}).get("probability"),
    ),
    Field("phase", "text", "Phase of the journey", _under("journey", "phase")),
    Field("stages", "texts", "Stages where the profile lives", _under("journey", "stages")),
    Field("actions", "texts", "Suggested actions", _under("journey", "actions")),
    Field("potential", "number", "Points of potential", lambda seen: points(seen.profile["raw"])),
    Field(
        "last_sale",
        "date",
        "Last sale of the period",
        lambda seen: calendar_day(seen.profile["raw"]["last_sale"]),
    ),
    Field(
        "first_sale",
        "date",
        "First sale ever",
        lambda seen: calendar_day(seen.profile["raw"]["first_sale"]),
    ),
    Field("orders", "integer", "Orders of the period", _under("raw", "orders")),
    Field("frequency", "number", "Orders ÷ (expected + 1)", _under("raw", "frequency")),
    Field(
        "value",
        "money",
        "Sales of the period in BRL; empty from 10^14 on",
        lambda seen: amount(seen.profile["raw"]["value"]),
    ),
    Field("brands", "integer", "Distinct brands", _under("features", "brands")),
    Field("tenure_months", "integer", "Months as a customer", _under("features", "tenure_months")),
    Field("revenue_band", "integer", "Revenue band, 0–11", _under("features", "revenue_band")),
    Field("contracts", "integer", "Contracts in all", _under("features", "contracts")),
    Field(
        "active_contracts", "integer", "Contracts in force", _under("portfolio", "active_contracts")
    ),
    Field(
        "hired_last_12_months",
        "integer",
        "Contracts of the last 12 months",
        _under("portfolio", "hired_last_12_months"),
    ),
    Field("hosting", "texts", "Hosting of the contracts", _under("portfolio", "hosting")),
    Field(
        "product_categories",
        "texts",
        "Categories of the products",
        _under("portfolio", "product_categories"),
    ),
    Field("comparison_group", "texts", "The group that the customer is ranked in", _own("group")),
    Field(
        "scored_on",
        "date",
        "Business day of the scores",
        lambda seen: calendar_day(seen.profile["day"]),
    ),
    Field("snapshot", "integer", "Number of the snapshot behind them", _own("snapshot")),
    Field("rules", "text", "Version of the rules behind them", _own("rules")),
)

PROFILES: Final = Schema(
    "fact_profiles",
    "One customer as the profiles topic had them on one day (the last export of that day).",
    (
        Field("day", "date", "Business day of the export", lambda seen: seen.day),
        _CUSTOMER,
        *_STANDING,
    ),
    (CUSTOMER,),
)

NEWEST: Final = Schema(
    "dim_customer",
    "One customer as the last export found them; who is gone is not there.",
    (_CUSTOMER, *_STANDING),
    (CUSTOMER,),
    is_dated=False,
)

MEMBERS: Final = Schema(
    "fact_members",
    "One customer in one segment on one day (the last export of that day).",
    (
        Field("day", "date", "Business day of the export", lambda one: one.seen.day),
        Field(CUSTOMER, "text", "The customer", lambda one: one.seen.profile["customer_id"]),
        Field("kind", "text", "tier, campaign, rfm or profile", lambda one: one.kind),
        Field("segment", "text", "The segment", lambda one: one.segment),
        Field("segment_key", "text", "Its key", lambda one: key_of(one.kind, one.segment)),
        Field("prfv", "number", "PRFV, 0–100", lambda one: one.seen.profile["prfv"]),
        Field(
            "value",
            "money",
            "Sales of the period in BRL; empty from 10^14 on",
            lambda one: amount(one.seen.profile["raw"]["value"]),
        ),
    ),
    ("kind", "segment", CUSTOMER),
)
