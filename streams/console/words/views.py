"""Texts that pages of figures have in common."""

from typing import Final

from streams.telling.language import Both

YES: Final = Both("sim", "yes")
NO: Final = Both("não", "no")
SHOW: Final = Both("Mostrar", "Show")
AS_TABLE: Final = Both("Ver como tabela", "See as a table")
RULES_NOT_IN_FORCE: Final = Both(
    "Limites e nomes vêm de um arquivo de regras que não é o que está em vigor.",
    "Limits and names come from a rules file that is not the one in force.",
)
SEE_RULES: Final = Both("Ver regras", "See rules")
KINDS: Final = {
    "perfil": Both("Perfil", "Profile"),
    "porte": Both("Porte", "Tier"),
    "rfm": Both("RFM", "RFM"),
    "campanha": Both("Campanha", "Campaign"),
}
"""Kinds of segments as addresses name them."""
