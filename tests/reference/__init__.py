"""The rules of the domain, slow and obvious: the oracle that the product is held against.

Exact arithmetic, plain dicts and loops, nothing shared with the product. It expects events that
are well formed (what is not goes to dead letters before any rule applies) and raises otherwise;
the one refusal that is a rule of the domain, an event from the future, it makes itself.
"""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from reference.figures import Figures, figures_of
from reference.labels import campaigns_of, colour_of, rfm_of, tier_of
from reference.registers import customers_of
from reference.scores import half_up, scores_of
from reference.settings import Settings, settings_of

__all__ = ["load_events", "raw_figures", "score_everyone"]


def load_events(text: str) -> list[dict[str, Any]]:
    """Events of a JSON Lines file, numbers with a fraction read as decimals."""
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line]


def raw_figures(
    events: list[dict[str, Any]], rules: dict[str, Any], as_of: date
) -> dict[str, Figures]:
    """Everyone's raw figures at the end of the day `as_of`, under the parsed rules file."""
    settings = settings_of(rules, as_of)
    customers = customers_of(events, as_of)
    return {name: figures_of(customers[name], settings) for name in sorted(customers)}


def score_everyone(
    events: list[dict[str, Any]], rules: dict[str, Any], as_of: date
) -> dict[str, dict[str, Any]]:
    """Everyone's profile, in the shape of the golden cases' `expected.jsonl`."""
    settings = settings_of(rules, as_of)
    figures = raw_figures(events, rules, as_of)
    scores = scores_of(figures, settings)
    rfm = rfm_of(figures, settings)
    return {
        name: _profile(name, scores[name], figures[name], rfm[name], settings) for name in figures
    }


def _profile(
    name: str,
    scores: dict[str, Decimal | None],
    figures: Figures,
    rfm: dict[str, Any] | None,
    settings: Settings,
) -> dict[str, Any]:
    tier = tier_of(scores, settings)
    return {
        "customer_id": name,
        **{indicator: _json_number(score) for indicator, score in scores.items()},
        "prfv": _json_number(_weighted_mean(scores, settings)),
        "bands": {indicator: colour_of(score) for indicator, score in scores.items()},
        "tier": tier,
        "campaigns": campaigns_of(scores, figures, settings),
        "channel": settings.channels[tier],
        "rfm": rfm,
    }


def _weighted_mean(scores: dict[str, Decimal | None], settings: Settings) -> Decimal | None:
    total, weights = Fraction(0), Fraction(0)
    for indicator, score in scores.items():
        if score is not None:
            weights += settings.weights[indicator]
            total += settings.weights[indicator] * Fraction(score)
    return None if weights == 0 else half_up(total / weights, 2)


def _json_number(number: Decimal | None) -> float | None:
    return None if number is None else float(number)
