"""Changes of segment and triggers in words, and why: what a person reads, in Portuguese."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from streams.cli.words import NOTHING, number, share

Scores = Mapping[str, float | None]

_KINDS: Final = {"tier": "porte", "rfm": "RFM", "profile": "perfil", "campaign": "campanha"}
_EVENTS: Final = {
    "nyxter.purchase.recorded.v1": "pedido",
    "nyxter.purchase.cancelled.v1": "cancelamento",
    "nyxter.contract.recorded.v1": "contrato",
    "nyxter.customer.recorded.v1": "cadastro",
    "nyxter.customer.erased.v1": "exclusão",
}
_CAUSES: Final = {
    "customer": "estava retido e foi liberado",  # without an event: a trigger that was released
    "time": "virou o dia",
    "population": "os outros clientes mudaram",
    "rules": "as regras mudaram",
    "model": "o modelo mudou",
}
_SUPPRESSIONS: Final = {
    "first_score": "retido: primeira avaliação",
    "rules": "retido: as regras mudaram",
    "model": "retido: o modelo mudou",
    "cool_down": "suprimido: em descanso",
    "weekly_cap": "suprimido: limite da semana",
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


def told(data: Mapping[str, Any]) -> str:
    """Return what an event says happened: a change of segment, or what became of a trigger."""
    if data.get("trigger") is not None:
        return trigger(data)
    return change(data["kind"], data["old"], data["new"])


def trigger(data: Mapping[str, Any]) -> str:
    """Return what became of a trigger (`schemas.outputs.JourneyTrigger`), and what it suggests.

    >>> fired = {"kind": "rfm", "segment": "Leais", "stage": "Adoção", "channel": "televendas"}
    >>> trigger(fired | {"actions": ["ligar", "visitar"], "suppressed": None})
    'dispara RFM Leais: etapa Adoção · ligar, visitar · canal televendas'
    >>> trigger(fired | {"actions": [], "suppressed": "weekly_cap"})
    'não dispara RFM Leais (suprimido: limite da semana): etapa Adoção · canal televendas'
    """
    what = f"{_KINDS[data['kind']]} {data['segment']}"
    suppressed = data["suppressed"]
    fate = f"não dispara {what} ({_SUPPRESSIONS[suppressed]})" if suppressed else f"dispara {what}"
    actions = ", ".join(data["actions"])
    parts = (f"etapa {data['stage']}", actions, f"canal {data['channel']}")
    return f"{fate}: {' · '.join(part for part in parts if part)}"


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
    if profile := why.get("profile"):
        first = ["primeira avaliação"] if before is None else []
        return [*first, *_of_profile(profile)]
    if before is None:
        return ["primeira avaliação"]
    if boundary is None:
        return _movement(before, after)
    if boundary["indicator"] == "RFM":
        total = boundary["limit"] + boundary["distance"]
        moved = _movement(before, after) if why["event"] else []
        return [*moved, f"soma RFM {short(total)} (limite {short(boundary['limit'])})"]
    return _by_limit(before, after, boundary)


def _of_profile(why: Mapping[str, Any]) -> Sequence[str]:
    """Return the features that moved, and the two likeliest profiles.

    >>> rivals = {"Novos Clientes": 0.21, "Clientes Leais": 0.78, "Clientes Estratégicos": 0.01}
    >>> _of_profile({"moved": ["contratos 9 -> 14"], "probabilities": rivals})
    ['contratos 9 → 14', 'Clientes Leais 78,0 %, Novos Clientes 21,0 %']
    """
    chances = sorted(why["probabilities"].items(), key=lambda pair: -pair[1])[:2]
    likeliest = ", ".join(f"{name} {share(chance)}" for name, chance in chances)
    return [*(moved.replace("->", "→") for moved in why["moved"]), likeliest]


def _by_limit(before: Scores, after: Scores, boundary: Mapping[str, Any]) -> Sequence[str]:
    """Return the movement over the nearest limit; where it was not crossed, what moved most."""
    name, limit, distance = boundary["indicator"], boundary["limit"], boundary["distance"]
    was, is_now = (scores[name.lower() if name == "PRFV" else name] for scores in (before, after))
    if was is not None and is_now is not None and _crossed(was, is_now, limit):
        return [f"{name} {number(was)} → {number(is_now)} (limite {short(limit)})"]
    nearest = f"limite mais próximo: {name} {short(limit)} ({room(distance)})"
    return [*_movement(before, after), nearest]


def room(distance: float, places: int = 2) -> str:
    """Return how far a score lies above a limit, or below it (negative).

    >>> room(1.2), room(-3, 0)
    ('folga de 1,20', 'faltam 3')
    """
    if distance < 0:
        return f"faltam {number(-distance, places)}"
    return f"folga de {number(distance, places)}"


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


def short(limit: float) -> str:
    """Return a limit with no more decimals than it needs.

    >>> short(95.0), short(62.5)
    ('95', '62,50')
    """
    return number(limit, 0 if limit == int(limit) else 2)
