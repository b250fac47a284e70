"""Changes of segment and triggers in words, and why, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from streams.telling.formats import NOTHING, Formats
from streams.telling.language import Both, Language

Scores = Mapping[str, float | None]

KINDS: Final = {
    "tier": Both("porte", "tier"),
    "rfm": Both("RFM", "RFM"),
    "profile": Both("perfil", "profile"),
    "campaign": Both("campanha", "campaign"),
}
_EVENTS: Final = {
    "nyxter.purchase.recorded.v1": Both("pedido", "order"),
    "nyxter.purchase.cancelled.v1": Both("cancelamento", "cancellation"),
    "nyxter.contract.recorded.v1": Both("contrato", "contract"),
    "nyxter.customer.recorded.v1": Both("cadastro", "record"),
    "nyxter.customer.erased.v1": Both("exclusão", "erasure"),
}
CAUSES: Final = {
    # without an event: a trigger that was released
    "customer": Both("estava retido e foi liberado", "was held back and released"),
    "time": Both("virou o dia", "the day turned"),
    "population": Both("os outros clientes mudaram", "other customers moved"),
    "rules": Both("as regras mudaram", "the rules changed"),
    "model": Both("o modelo mudou", "the model changed"),
}
SUPPRESSIONS: Final = {
    "first_score": Both("retido: primeira avaliação", "held back: first score"),
    "rules": Both("retido: as regras mudaram", "held back: the rules changed"),
    "model": Both("retido: o modelo mudou", "held back: the model changed"),
    "cool_down": Both("suprimido: em descanso", "suppressed: cooling down"),
    "weekly_cap": Both("suprimido: limite da semana", "suppressed: weekly cap"),
}
_ENTERS: Final = Both("entra em {}", "enters {}")
_LEAVES: Final = Both("sai de {}", "leaves {}")
_FIRED: Final = Both("dispara {}", "fires {}")
_HELD: Final = Both("não dispara {} ({})", "does not fire {} ({})")
_STAGE: Final = Both("etapa {}", "stage {}")
_CHANNEL: Final = Both("canal {}", "channel {}")
_LEFT: Final = Both("o cliente saiu da base", "the customer left the base")
_FIRST: Final = Both("primeira avaliação", "first score")
_RFM_TOTAL: Final = Both("soma RFM {} (limite {})", "RFM total {} (limit {})")
_OVER: Final = Both("{} {} → {} (limite {})", "{} {} → {} (limit {})")
_NEAREST: Final = Both("limite mais próximo: {} {} ({})", "nearest limit: {} {} ({})")
_MISSING: Final = Both("faltam {}", "{} short")
_ROOM: Final = Both("folga de {}", "{} to spare")
_FEATURES: Final = {  # how changes of features are told (`nyxter_online.consumption`)
    "marcas": "brands",
    "meses de casa": "months with us",
    "faixa de faturamento": "revenue band",
    "contratos": "contracts",
    "desconhecida": "unknown",
}
_SCORES: Final = ("P", "R", "F", "V")
_FAR: Final = 100.0


def _as_it_is(_: str, name: str) -> str:
    return name


class Whys:
    """Tells changes and their reasons in one language.

    Parameters
    ----------
    language
        The reader's.
    named
        Returns how a segment (kind and name), or a ``channel``, is called; as the rules name it
        unless something else is given.

    """

    def __init__(self, language: Language, named: Callable[[str, str], str] = _as_it_is) -> None:
        self.formats = Formats(language)
        self._language = language
        self._named = named

    def change(self, kind: str, old: str | None, new: str | None) -> str:
        """Return what changed.

        >>> whys = Whys("pt")
        >>> whys.change("tier", "medio", "vip"), whys.change("campaign", None, "retencao")
        ('porte medio → vip', 'entra em retencao')
        >>> whys.change("campaign", "retencao", None), whys.change("rfm", "Leais", None)
        ('sai de retencao', 'RFM Leais → —')
        """
        was, is_now = (name and self._named(kind, name) for name in (old, new))
        if kind == "campaign":
            return self._say(_LEAVES, was) if is_now is None else self._say(_ENTERS, is_now)
        return f"{self._say(KINDS[kind])} {was or NOTHING} → {is_now or NOTHING}"

    def told(self, data: Mapping[str, Any]) -> str:
        """Return what an event says happened: a change of segment, or what became of a trigger."""
        if data.get("trigger") is not None:
            return self.trigger(data)
        return self.change(data["kind"], data["old"], data["new"])

    def trigger(self, data: Mapping[str, Any]) -> str:
        """Return what became of a trigger (`schemas.outputs.JourneyTrigger`), and what it suggests.

        >>> fired = {"kind": "rfm", "segment": "Leais", "stage": "Adoção", "channel": "televendas"}
        >>> Whys("pt").trigger(fired | {"actions": ["ligar", "visitar"], "suppressed": None})
        'dispara RFM Leais: etapa Adoção · ligar, visitar · canal televendas'
        >>> Whys("pt").trigger(fired | {"actions": [], "suppressed": "weekly_cap"})
        'não dispara RFM Leais (suprimido: limite da semana): etapa Adoção · canal televendas'
        """
        what = f"{self._say(KINDS[data['kind']])} {self._named(data['kind'], data['segment'])}"
        held = data["suppressed"]
        fate = self._say(_HELD, what, self._say(SUPPRESSIONS[held])) if held else None
        actions = ", ".join(data["actions"])
        stage, channel = (
            self._say(_STAGE, data["stage"]),
            self._say(_CHANNEL, self._named("channel", data["channel"])),
        )
        parts = " · ".join(part for part in (stage, actions, channel) if part)
        return f"{fate or self._say(_FIRED, what)}: {parts}"

    def reason(self, why: Mapping[str, Any], *, named: bool = True) -> str:
        """Return the why of a change: its cause, the score that moved, the limit nearest to it.

        `named`: with the id of the causing event.

        >>> why = {
        ...     "cause": "customer",
        ...     "event": {"id": "o-17", "type": "nyxter.purchase.recorded.v1"},
        ...     "before": {"P": 1.0, "R": 98.0, "F": 77.0, "V": 91.2, "prfv": 66.8},
        ...     "after": {"P": 1.0, "R": 98.0, "F": 77.0, "V": 96.1, "prfv": 68.03},
        ...     "boundary": {"indicator": "V", "limit": 95.0, "distance": 1.1},
        ... }
        >>> Whys("pt").reason(why)
        'pedido o-17: V 91,20 → 96,10 (limite 95)'
        >>> Whys("en").reason(why, named=False)
        'order: V 91.20 → 96.10 (limit 95)'
        """
        facts = " · ".join(self._facts(why))
        cause = self._cause(why, named=named)
        return f"{cause}: {facts}" if facts else cause

    def room(self, distance: float, places: int = 2) -> str:
        """Return how far a score lies above a limit, or below it (negative).

        >>> Whys("pt").room(1.2), Whys("pt").room(-3, 0)
        ('folga de 1,20', 'faltam 3')
        """
        text = _MISSING if distance < 0 else _ROOM
        return self._say(text, self.formats.number(abs(distance), places))

    def short(self, limit: float) -> str:
        """Return a limit with no more decimals than it needs.

        >>> Whys("pt").short(95.0), Whys("pt").short(62.5)
        ('95', '62,50')
        """
        return self.formats.number(limit, 0 if limit == int(limit) else 2)

    def _say(self, text: Both, *values: Any) -> str:
        return text.of(self._language).format(*values)

    def _cause(self, why: Mapping[str, Any], *, named: bool) -> str:
        event = why["event"]
        if event is None:
            return self._say(CAUSES[why["cause"]])
        what = self._say(_EVENTS[event["type"]])
        return f"{what} {event['id']}" if named else what

    def _facts(self, why: Mapping[str, Any]) -> Sequence[str]:
        before, after, boundary = why["before"], why["after"], why["boundary"]
        if after is None:
            return [self._say(_LEFT)]
        if profile := why.get("profile"):
            first = [self._say(_FIRST)] if before is None else []
            return [*first, *self._of_profile(profile)]
        if before is None:
            return [self._say(_FIRST)]
        if boundary is None:
            return self._movement(before, after)
        if boundary["indicator"] == "RFM":
            total = self.short(boundary["limit"] + boundary["distance"])
            moved = self._movement(before, after) if why["event"] else []
            return [*moved, self._say(_RFM_TOTAL, total, self.short(boundary["limit"]))]
        return self._by_limit(before, after, boundary)

    def _of_profile(self, why: Mapping[str, Any]) -> Sequence[str]:
        """Return the features that moved, and the two likeliest profiles.

        >>> rivals = {"Novos Clientes": 0.21, "Clientes Leais": 0.78, "Clientes Estratégicos": 0.01}
        >>> why = {"moved": ["contratos 9 -> 14"], "probabilities": rivals}
        >>> Whys("pt")._of_profile(why)
        ['contratos 9 → 14', 'Clientes Leais 78,0 %, Novos Clientes 21,0 %']
        >>> Whys("en")._of_profile(why)[0]
        'contracts 9 → 14'
        """
        chances = sorted(why["probabilities"].items(), key=lambda pair: -pair[1])[:2]
        likeliest = ", ".join(f"{name} {self.formats.share(chance)}" for name, chance in chances)
        return [*map(self._moved, why["moved"]), likeliest]

    def _moved(self, moved: str) -> str:
        shown = moved.replace("->", "→")
        if self._language == "pt":
            return shown
        for portuguese, english in _FEATURES.items():
            shown = shown.replace(portuguese, english)
        return shown

    def _by_limit(
        self, before: Scores, after: Scores, boundary: Mapping[str, Any]
    ) -> Sequence[str]:
        """Return the movement over the nearest limit; where it was not crossed, what moved most."""
        name, limit, distance = boundary["indicator"], boundary["limit"], boundary["distance"]
        key = name.lower() if name == "PRFV" else name
        was, is_now, at = before[key], after[key], self.short(limit)
        if was is not None and is_now is not None and _crossed(was, is_now, limit):
            number = self.formats.number
            return [self._say(_OVER, name, number(was), number(is_now), at)]
        nearest = self._say(_NEAREST, name, at, self.room(distance))
        return [*self._movement(before, after), nearest]

    def _movement(self, before: Scores, after: Scores) -> Sequence[str]:
        """Return the score that moved most; nothing where none did."""
        name = max(_SCORES, key=lambda name: _distance(before[name], after[name]))
        if not _distance(before[name], after[name]):
            return []
        number = self.formats.number
        return [f"{name} {number(before[name])} → {number(after[name])}"]


def _crossed(was: float, is_now: float, limit: float) -> bool:
    """Tell whether a score came over a limit, or to it, or left it, from either side."""
    return (was < limit) != (is_now < limit) or (was <= limit) != (is_now <= limit)


def _distance(before: float | None, after: float | None) -> float:
    """Return how far a score moved; appearing or vanishing is farthest."""
    if before is None or after is None:
        return 0.0 if before is after else _FAR
    return abs(before - after)
