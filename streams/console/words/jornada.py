"""Texts of the page Jornada."""

from typing import Final

from streams.telling.language import Both

LEAD: Final = Both(
    "Onde os clientes estão na jornada, quem mudou, e o que isso disparou.",
    "Where customers are on the journey, who moved, and what that set off.",
)
PHASES: Final = Both("Fases e etapas", "Phases and stages")
PHASES_NOTE: Final = Both(
    "Cada cliente está em uma fase e vive em todas as etapas do seu perfil; por isso as etapas "
    "podem somar mais que a fase.",
    "A customer is in one phase and lives in all stages of their profile, so stages may sum to "
    "more than their phase.",
)
NOBODY_LIVES: Final = Both(
    "Nenhum perfil vive aqui: gatilhos trazem o cliente.",
    "No profile lives here: triggers lead customers to it.",
)
LIVING: Final = Both("Vivem aqui: {}", "Living here: {}")
OF_BASE: Final = Both("{} da base", "{} of the base")
OUTSIDE: Final = Both(
    "{} clientes estão fora da jornada: ainda não têm perfil.",
    "{} customers are not on the journey: they have no profile yet.",
)

MOVES: Final = Both("Quem mudou", "Who moved")
MOVES_NOTE: Final = Both(
    "De {} a {}. Conta mudanças: quem foi e voltou aparece duas vezes.",
    "From {} to {}. Counts changes: whoever went and came back shows twice.",
)
KIND: Final = Both("O que mudou", "What changed")
DAYS: Final = Both("Período", "Period")
LAST_DAYS: Final = Both("Últimos {} dias", "Last {} days")
TODAY: Final = Both("Hoje", "Today")
ENDS: Final = Both("Primeiras avaliações e saídas", "First scores and departures")
WITH_ENDS: Final = Both("contar", "count")
WITHOUT_ENDS: Final = Both("deixar de fora", "leave out")
CHART: Final = Both(
    "Diagrama de fluxo: {}, de onde para onde. A tabela ao lado diz o mesmo.",
    "Flow diagram: {}, from where to where. The table beside it says the same.",
)
NO_MOVES: Final = Both("Ninguém mudou neste período.", "Nobody moved in this period.")
OLD: Final = Both("De", "From")
NEW: Final = Both("Para", "To")
TIMES: Final = Both("Mudanças", "Changes")
NOWHERE: Final = Both("nenhum", "none")
NOT_IN: Final = Both("fora", "out")

TRIGGERS: Final = Both("Gatilhos", "Triggers")
TRIGGERS_NOTE: Final = Both(
    "O que cada entrada em um segmento disparou no período, e o que ficou retido, por motivo.",
    "What entering each segment set off in the period, and what was held back, by reason.",
)
NO_TRIGGERS: Final = Both("Nenhum gatilho neste período.", "No trigger in this period.")
TRIGGER: Final = Both("Gatilho", "Trigger")
STAGE: Final = Both("Etapa", "Stage")
PHASE: Final = Both("Fase", "Phase")
IN_STAGE: Final = Both("Clientes na etapa", "Customers in the stage")
IN_PHASE: Final = Both("Clientes na fase", "Customers in the phase")
FIRED: Final = Both("Disparados", "Fired")
SUPPRESSED: Final = Both("Suprimidos", "Suppressed")
BY_DAY: Final = Both("Por dia", "By day")
BY_DAY_CHART: Final = Both(
    "Gráfico: gatilhos disparados e suprimidos por dia. {} disparados e {} suprimidos ao todo.",
    "Chart: triggers fired and suppressed by day. {} fired and {} suppressed in all.",
)
DAY: Final = Both("Dia", "Day")
REASONS: Final = {
    "first_score": Both("Primeira avaliação", "First score"),
    "rules": Both("Regras novas", "New rules"),
    "model": Both("Modelo novo", "New model"),
    "cool_down": Both("Em descanso", "Cooling down"),
    "weekly_cap": Both("Limite da semana", "Weekly cap"),
}
