"""Changes of segment in words, and why: what a person reads of them, in Portuguese."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from streams.cli.words import NOTHING, number

Scores = Mapping[str, float | None]

_KINDS: Final = {"tier": "porte", "rfm": "RFM"}
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
_SCORES: Final = ("P", "R", "F", "V")
_FAR: Final = 100.0


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


def reason(why: Mapping[str, Any], *, named: bool = True) -> str:
    """Return the why of a change: its cause, the score that moved, the limit nearest to it.

    `named`: with the id of the causing event.

    >>> reason({
    ...     "cause": "customer",
    ...     "event": {"id": "o-17", "type": "nyxter.purchase.recorded.v1"},
    ...     "before": {"P": 1.0, "R": 98.0, "F": 77.0, "V": 91.2, "prfv": 66.8},
    ...     "after": {"P": 1.0, "R": 98.0, "F": 77.0, "V": 96.1, "prfv": 68.03},
    ...     "boundary": {"indicator": "V", "limit": 95.0, "distance": 1.1},
    ... })
    'pedido o-17: V 91,20 → 96,10 (limite 95)'
    """
    facts = " · ".join(_facts(why))
    cause = _cause(why, named=named)
    return f"{cause}: {facts}" if facts else cause


def _cause(why: Mapping[str, Any], *, named: bool) -> str:
    event = why["event"]
    if event is None:
        return _CAUSES[why["cause"]]
    what = _EVENTS[event["type"]]
    return f"{what} {event['id']}" if named else what


def _facts(why: Mapping[str, Any]) -> Sequence[str]:
    before, after, boundary = why["before"], why["after"], why["boundary"]
    if after is None:
        return ["o cliente saiu da base"]
    if before is None:
        return ["primeira avaliação"]
    if boundary is None:
        return _movement(before, after)
    if boundary["indicator"] == "RFM":
        total = boundary["limit"] + boundary["distance"]
        moved = _movement(before, after) if why["event"] else []
        return [*moved, f"soma RFM {_short(total)} (limite {_short(boundary['limit'])})"]
    return _by_limit(before, after, boundary)


def _by_limit(before: Scores, after: Scores, boundary: Mapping[str, Any]) -> Sequence[str]:
    """Return the movement over the nearest limit; where it was not crossed, what moved most."""
    name, limit, distance = boundary["indicator"], boundary["limit"], boundary["distance"]
    was, is_now = (scores[name.lower() if name == "PRFV" else name] for scores in (before, after))
    if was is not None and is_now is not None and _crossed(was, is_now, limit):
        return [f"{name} {number(was)} → {number(is_now)} (limite {_short(limit)})"]
    room = f"faltam {number(-distance)}" if distance < 0 else f"folga de {number(distance)}"
    return [*_movement(before, after), f"limite mais próximo: {name} {_short(limit)} ({room})"]


def _crossed(was: float, is_now: float, limit: float) -> bool:
    """Tell whether a score came over a limit, or to it, or left it, from either side."""
    return (was < limit) != (is_now < limit) or (was <= limit) != (is_now <= limit)


def _movement(before: Scores, after: Scores) -> Sequence[str]:
    """Return the score that moved most; nothing where none did."""
    name = max(_SCORES, key=lambda name: _distance(before[name], after[name]))
    if not _distance(before[name], after[name]):
        return []
    return [f"{name} {number(before[name])} → {number(after[name])}"]


def _distance(before: float | None, after: float | None) -> float:
    """Return how far a score moved; appearing or vanishing is farthest."""
    if before is None or after is None:
        return 0.0 if before is after else _FAR
    return abs(before - after)


def _short(limit: float) -> str:
    """Return a limit with no more decimals than it needs.

    >>> _short(95.0), _short(62.5)
    ('95', '62,50')
    """
    return number(limit, 0 if limit == int(limit) else 2)
