"""What tiers, campaigns, colours and scores are called where people read."""

from collections.abc import Mapping
from typing import Final

from schemas.outputs import UNASSIGNED
from streams.telling.formats import Formats
from streams.telling.language import Both

INDICATORS: Final = {
    "P": Both("Potencial", "Potential"),
    "R": Both("Recência", "Recency"),
    "F": Both("Frequência", "Frequency"),
    "V": Both("Valor", "Value"),
    "prfv": Both("PRFV", "PRFV"),
}
_LABELS: Final[Mapping[str, Mapping[str, Both]]] = {
    "tier": {
        "vip": Both("VIP", "VIP"),
        "medio": Both("Médio", "Medium"),
        "pequeno": Both("Pequeno", "Small"),
    },
    "campaign": {
        "fidelizacao": Both("Fidelização", "Loyalty"),
        "retencao": Both("Retenção", "Retention"),
        "recuperacao": Both("Recuperação", "Recovery"),
        "reativacao": Both("Reativação", "Reactivation"),
    },
    "channel": {
        "televendas": Both("Televendas", "Telesales"),
        "representante": Both("Representante", "Account manager"),
        "padrao": Both("Padrão", "Standard"),
    },
    "colour": {
        "azul": Both("Azul", "Blue"),
        "verde": Both("Verde", "Green"),
        "vermelho": Both("Vermelho", "Red"),
        "": Both("Sem nota", "No score"),
    },
    "profile": {UNASSIGNED: Both("Sem perfil ainda", "No profile yet")},
    "rfm": {"": Both("Sem compra no período", "Nothing bought in the period")},
    "phase": {"": Both("Fora da jornada", "Not on the journey")},
}
COLOURS: Final = ("azul", "verde", "vermelho")


def label(words: Formats, kind: str, name: str | None) -> str:
    """Return how a segment is called; names that the rules made up stand for themselves.

    >>> label(Formats("pt"), "campaign", "retencao"), label(Formats("en"), "rfm", "Leais")
    ('Retenção', 'Leais')
    """
    text = _LABELS.get(kind, {}).get(name or "")
    return text.of(words.language) if text is not None else name or ""
