"""Texts of the overview."""

from typing import Final

from streams.telling.language import Both

BASE: Final = Both("Clientes na base", "Customers in the base")
MOVED: Final = Both("Mudanças hoje", "Changes today")
FIRED: Final = Both("Gatilhos disparados hoje", "Triggers fired today")
SUPPRESSED: Final = Both("Gatilhos retidos hoje", "Triggers held back today")

BY_TIER: Final = Both("Porte", "Tier")
BY_PROFILE: Final = Both("Perfil de consumo", "Consumption profile")
BY_RFM: Final = Both("Segmento RFM", "RFM segment")
BY_CAMPAIGN: Final = Both("Campanha", "Campaign")
BY_COLOUR: Final = Both("Cores das notas", "Colours of scores")
COLOURS_MEAN: Final = Both(
    "Azul: 0 a 33 · verde: 34 a 67 · vermelho: 68 a 100.",
    "Blue: 0 to 33 · green: 34 to 67 · red: 68 to 100.",
)
OVERLAP: Final = Both(
    "Um cliente pode estar em várias campanhas, ou em nenhuma.",
    "A customer may be in several campaigns, or in none.",
)
CUSTOMERS: Final = Both("Clientes", "Customers")
SHARE: Final = Both("Parte", "Share")
INDICATOR: Final = Both("Indicador", "Indicator")

LIVE: Final = Both("Agora", "Live")
LIVE_EMPTY: Final = Both(
    "As mudanças aparecem aqui assim que acontecem.",
    "Changes show here as they happen.",
)
ALARMS: Final = Both("Alarmes", "Alarms")
ALL_WELL: Final = Both("Nenhum alarme.", "No alarms.")
MORE: Final = Both("Ver a operação", "See operations")
