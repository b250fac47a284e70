"""Profiles and transitions as the segmenter publishes them."""

from typing import Any

RAW = {
    "potential": "50",
    "last_sale": "2026-11-02",
    "first_sale": None,
    "orders": 3,
    "frequency": 0.417,
    "value": "2990.50",
}
SCORES = {"P": 80.0, "R": 98.0, "F": 77.0, "V": 50.0, "prfv": 71.86}


def profile(customer: str, **changes: Any) -> dict[str, Any]:
    """A customer's profile with `changes`."""
    whole = {
        "customer_id": customer,
        **SCORES,
        "bands": {"P": "vermelho", "R": "vermelho", "F": "verde", "V": "azul"},
        "tier": "pequeno",
        "campaigns": ["fidelizacao"],
        "channel": "televendas",
        "rfm": {"r": 4, "f": 1, "v": 1, "total": 6, "segment": "Em Atenção"},
        "consumption": {
            "segment": "Clientes Leais",
            "probability": 0.91,
            "runner_up": {"segment": "Clientes Estratégicos", "probability": 0.07},
            "epoch": 12,
        },
        "journey": {"phase": "Sustentação e Suporte", "stages": ["Suporte ADM"], "actions": ["a"]},
        "raw": RAW,
        "features": {"brands": 3, "tenure_months": 98, "revenue_band": None, "contracts": 40},
        "portfolio": {
            "active_contracts": 20,
            "hired_last_12_months": 7,
            "hosting": ["TOTVS CLOUD"],
            "product_categories": ["RH"],
        },
        "group": ["industria", ""],
        "day": "2026-11-22",
        "snapshot": 12,
        "rules": "0f3a9c1d2b4e5f60",
    }
    return whole | changes


def transition(kind: str, old: str | None, new: str | None) -> dict[str, Any]:
    """A segment event."""
    why = {"cause": "customer", "day": "2026-11-22", "snapshot": 12, "boundary": None}
    return {
        "specversion": "1.0",
        "id": "0" * 32,
        "source": "/nyxter/segmenter",
        "type": "nyxter.segment.changed.v1",
        "subject": "K1",
        "time": "2026-11-22T13:00:00.123Z",
        "datacontenttype": "application/json",
        "data": {"kind": kind, "old": old, "new": new, "scores": SCORES, "raw": RAW, "why": why},
    }


def trigger(kind: str, segment: str, suppressed: str | None = None) -> dict[str, Any]:
    """A trigger."""
    change = transition(kind, None, segment)
    says = {
        "trigger": segment,
        "kind": kind,
        "segment": segment,
        "phase": "Venda",
        "stage": "Ganho",
    }
    data = says | {"suppressed": suppressed, "why": change["data"]["why"]}
    return change | {"type": "nyxter.journey.triggered.v1", "data": data}
