"""What a person reads of customers: Portuguese words, Brazilian numbers, money and dates."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.instant import BUSINESS_ZONE

NOTHING: Final = "—"
SCORES: Final = ("P", "R", "F", "V")

_KINDS: Final = {"tier": "porte", "campaign": "campanha", "rfm": "RFM"}
_EVENTS: Final = {
    "nyxter.purchase.recorded.v1": "pedido",
    "nyxter.purchase.cancelled.v1": "cancelamento",
    "nyxter.contract.recorded.v1": "contrato",
    "nyxter.customer.recorded.v1": "cadastro",
    "nyxter.customer.erased.v1": "exclusão",
}
_CAUSES: Final = {
    "time": "virou o dia",
    "population": "os outros clientes mudaram",
    "rules": "as regras mudaram",
    "model": "o modelo mudou",
}
_MOVED: Final = 0.005  # scores have two places


def number(value: float | Decimal | None, places: int = 2) -> str:
    """Return a number as Brazilians write it.

    >>> number(1234.5), number(None), number(0.417, 3)
    ('1.234,50', '—', '0,417')
    """
    if value is None:
        return NOTHING
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def money(amount: str) -> str:
    """Return an amount in reais, with cents, or more places where it has more.

    >>> money("1234.56"), money("-7.00"), money("0.125")
    ('R$ 1.234,56', '-R$ 7,00', 'R$ 0,125')
    """
    exact = Decimal(amount)
    places = max(2, -int(exact.as_tuple().exponent))
    return f"{'-' if exact < 0 else ''}R$ {number(abs(exact), places)}"


def day(iso: str | None) -> str:
    """Return a day as DD/MM/AAAA.

    >>> day("2026-11-22"), day(None)
    ('22/11/2026', '—')
    """
    return NOTHING if iso is None else f"{date.fromisoformat(iso):%d/%m/%Y}"


def moment(timestamp_ms: int) -> str:
    """Return day and time in São Paulo.

    >>> moment(1_793_629_800_250)
    '02/11/2026 11:30:00'
    """
    return f"{datetime.fromtimestamp(timestamp_ms / 1000, BUSINESS_ZONE):%d/%m/%Y %H:%M:%S}"


def clock(time: str) -> str:
    """Return the time of day in São Paulo of an RFC 3339 text.

    >>> clock("2026-11-22T13:00:00.123Z")
    '10:00:00'
    """
    return f"{datetime.fromisoformat(time).astimezone(BUSINESS_ZONE):%H:%M:%S}"


def stamp(time: str) -> str:
    """Return day, month and time of day in São Paulo of an RFC 3339 text.

    >>> stamp("2026-11-22T13:00:00.123Z")
    '22/11 10:00:00'
    """
    return f"{datetime.fromisoformat(time).astimezone(BUSINESS_ZONE):%d/%m %H:%M:%S}"


def change(kind: str, old: str | None, new: str | None) -> str:
    """Return what changed.

    >>> change("tier", "medio", "vip"), change("campaign", None, "retencao")
    ('porte medio → vip', 'entra em retencao')
    >>> change("campaign", "retencao", None), change("rfm", "Leais", None)
    ('sai de retencao', 'RFM Leais → —')
    """
    if kind == "campaign":
        return f"entra em {new}" if new is not None else f"sai de {old}"
    return f"{_KINDS[kind]} {old or NOTHING} → {new or NOTHING}"


def reason(why: Mapping[str, Any]) -> str:
    """Return the why of a segment change: its cause, what moved, and the limit nearest to it.

    >>> reason({
    ...     "cause": "customer",
    ...     "event": {"id": "o-17", "type": "nyxter.purchase.recorded.v1"},
    ...     "before": {"P": 1.0, "R": 98.0, "F": 77.0, "V": 91.2},
    ...     "after": {"P": 1.0, "R": 98.0, "F": 77.0, "V": 96.1},
    ...     "boundary": {"indicator": "V", "limit": 95.0, "distance": 1.1},
    ... })
    'pedido o-17: V 91,20 → 96,10 (limite 95)'
    """
    parts = " · ".join(part for part in (_movement(why), _elsewhere(why)) if part)
    return f"{_cause(why)}: {parts}" if parts else _cause(why)


def _cause(why: Mapping[str, Any]) -> str:
    event = why["event"]
    if event is None:
        return _CAUSES.get(why["cause"], why["cause"])
    return f"{_EVENTS.get(event['type'], event['type'])} {event['id']}"


def _movement(why: Mapping[str, Any]) -> str:
    """Say which score moved: the one that has the nearest limit, else the one that moved most."""
    before, after = why["before"], why["after"]
    if after is None:
        return "o cliente saiu da base"
    if before is None:
        return "primeira avaliação"
    limit = _limit(why)
    moved = sorted(
        _moved(before, after), key=lambda it: (it == limit, _distance(before, after, it))
    )
    if not moved:
        return ""
    shown = moved[-1]
    words = f"{shown} {number(before[shown])} → {number(after[shown])}"
    return f"{words} (limite {_limit_number(why)})" if shown == limit else words


def _elsewhere(why: Mapping[str, Any]) -> str:
    """Say which limit is nearest where that is not a limit of the score that moved."""
    before, after, limit = why["before"], why["after"], _limit(why)
    if before is None or after is None or limit is None:
        return ""
    if limit == "RFM":
        total = why["boundary"]["limit"] + why["boundary"]["distance"]
        return f"soma RFM {total:.0f} (limite {_limit_number(why)})"
    if limit in _moved(before, after):
        return ""
    return f"mais perto: {limit} {number(after.get(limit))} (limite {_limit_number(why)})"


def _limit(why: Mapping[str, Any]) -> str | None:
    boundary = why["boundary"]
    return None if boundary is None else boundary["indicator"]


def _limit_number(why: Mapping[str, Any]) -> str:
    limit = why["boundary"]["limit"]
    return number(limit, 0 if limit == int(limit) else 2)


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in SCORES if _distance(before, after, name) >= _MOVED]


def _distance(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> float:
    """Return how far a score moved; appearing or vanishing is the farthest."""
    was, is_now = before[name], after[name]
    if was is None or is_now is None:
        return 0.0 if was is is_now else 100.0
    return float(abs(was - is_now))
