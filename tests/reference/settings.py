"""The rules file with the defaults filled in, key by key."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from reference.reading import decimal_of

INDICATORS = ("P", "R", "F", "V")
TIERS = {
    "vip": {"P": 80, "R": 75, "F": 90, "V": 95},
    "medio": {"P": 62, "R": 55, "F": 70, "V": 65},
}
CAMPAIGNS = {
    "fidelizacao": {"R": "> 55"},
    "retencao": {"R": "> 70", "V": "> 80"},
    "recuperacao": {"R": "> 0, < 55"},
    "reativacao": {"R": "= 0", "after a first sale": True},
}
CHANNELS = {"pequeno": "televendas", "vip": "representante", "medio": "padrao"}
SEGMENTS = [
    {"from": 3, "name": "Em Atenção"},
    {"from": 5, "name": "Em Ascensão"},
    {"from": 6, "name": "Leais"},
    {"from": 8, "name": "Campeões"},
]


@dataclass(frozen=True)
class Settings:
    """What the rules mean on one day."""

    today: date
    start: date
    ideal_weeks: Fraction
    value_field: str
    weights: dict[str, Fraction]
    compare_by: list[str]
    ranking: str
    natures: dict[str, bool]
    potential: list[dict[str, Any]]
    tiers: dict[str, dict[str, Decimal]]
    campaigns: dict[str, dict[str, Any]]
    channels: dict[str, str]
    segments: list[dict[str, Any]]


def settings_of(rules: dict[str, Any], today: date) -> Settings:
    """`rules` (parsed TOML) on the day `today`, the first day of a rolling period worked out."""
    analysis = rules.get("analysis", {})
    window = timedelta(days=analysis.get("window_days", 365) - 1)
    campaigns = CAMPAIGNS | rules.get("campaigns", {})
    return Settings(
        today=today,
        start=analysis.get("start", today - window),
        ideal_weeks=Fraction(decimal_of(analysis.get("ideal_frequency_weeks", 4))),
        value_field=analysis.get("value_basis", "value"),
        weights=_weights(analysis.get("weights", {})),
        compare_by=analysis.get("compare_by", []),
        ranking=analysis.get("ranking", "dense"),
        natures={"default": True} | rules.get("operation_natures", {}),
        potential=rules.get("potential", []),
        tiers={name: _limits(name, rules.get("tiers", {})) for name in TIERS},
        campaigns={name: rule for name, rule in campaigns.items() if rule is not False},
        channels=CHANNELS | rules.get("channels", {}),
        segments=rules.get("rfm", {}).get("segments", SEGMENTS),
    )


def _weights(given: dict[str, Any]) -> dict[str, Fraction]:
    return {name: Fraction(decimal_of(given.get(name, 1))) for name in INDICATORS}


def _limits(tier: str, given: dict[str, Any]) -> dict[str, Decimal]:
    limits = TIERS[tier] | given.get(tier, {})
    return {indicator: decimal_of(limits[indicator]) for indicator in INDICATORS}
