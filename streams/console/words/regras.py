"""Texts of the page Regras."""

from typing import Final

from streams.telling.language import Both

LEAD: Final = Both(
    "As regras com que as notas, os segmentos e os gatilhos são calculados.",
    "The rules by which scores, segments and triggers are worked out.",
)
VERSION: Final = Both("Versão {}", "Version {}")
IN_FORCE: Final = Both(
    "São as regras em vigor, desde o retrato nº {}.",
    "These rules are in force, by snapshot no. {}.",
)
NOT_IN_FORCE: Final = Both(
    "Estas não são as regras em vigor: os cartões foram calculados com a versão {}, e o arquivo "
    "dado a este console é a versão {}. Limites e textos desta página são os do arquivo.",
    "These rules are not in force: cards were scored by version {}, and the file that this console "
    "was given is version {}. Limits and texts on this page are those of the file.",
)
NOT_KNOWN: Final = Both(
    "Ainda não se sabe com que regras os cartões foram calculados.",
    "It is not known yet by which rules the cards were scored.",
)
BY_DEFAULT: Final = Both(
    "Não há arquivo de regras: valem os padrões.", "There is no rules file: the defaults apply."
)
FROM_FILE: Final = Both("Arquivo: {}", "File: {}")
FILE_CHANGED: Final = Both(
    "O arquivo mudou depois que o console começou; o que se vê é a versão de antes.",
    "The file changed after the console started; what you see is the version of before.",
)
FILE_AWAY: Final = Both("O arquivo não pode ser lido agora.", "The file can't be read now.")
TOML: Final = Both("O arquivo (TOML)", "The file (TOML)")

ANALYSIS: Final = Both("Período e comparação", "Period and comparison")
WINDOW: Final = Both(
    "Contam as vendas dos últimos {} dias, hoje incluído.",
    "Sales of the last {} days count, today included.",
)
START: Final = Both("Contam as vendas desde {}.", "Sales since {} count.")
IDEAL: Final = Both(
    "Um bom cliente compra a cada {} semanas: é a régua da frequência.",
    "A good customer buys every {} weeks: frequency is measured by that.",
)
BASIS: Final = {
    "value": Both(
        "O valor soma o total das notas fiscais.", "Value is the sum of the invoices' totals."
    ),
    "margin": Both(
        "O valor soma a margem de contribuição.", "Value is the sum of the contribution margins."
    ),
}
COMPARED: Final = Both(
    "Cada cliente é comparado com os de mesmo valor em: {}.",
    "Each customer is compared with those who have the same: {}.",
)
TOGETHER: Final = Both(
    "Todos os clientes são comparados entre si, em um só ranking.",
    "All customers are compared with each other, in one ranking.",
)
RANKING: Final = {
    "dense": Both(
        "Ranking denso: o melhor valor distinto recebe 100 e cada valor abaixo, um degrau a menos.",
        "Dense ranking: the best distinct figure gets 100, each figure below it one step less.",
    ),
    "percentile": Both(
        "Ranking percentil: de 1 a 100, pela parte do grupo que está abaixo.",
        "Percentile ranking: from 1 to 100, by the part of the group that is below.",
    ),
}
PRFV: Final = Both(
    "PRFV é a média das quatro notas, com pesos P {}, R {}, F {} e V {}; nota ausente não conta.",
    "PRFV is the mean of the four scores, with weights P {}, R {}, F {} and V {}; a missing score "
    "is left out.",
)
COLOURS: Final = Both(
    "Cores: azul de 0 a 33, verde de 34 a 67, vermelho de 68 a 100.",
    "Colours: blue from 0 to 33, green from 34 to 67, red from 68 to 100.",
)
FIELDS: Final = {
    "customer_type": Both("tipo de cliente", "type of customer"),
    "segment": Both("segmento", "segment"),
    "revenue_band": Both("faixa de faturamento", "revenue band"),
    "state": Both("UF", "state"),
    "city": Both("cidade", "city"),
    "customer_since": Both("cliente desde", "customer since"),
}

NATURES: Final = Both("O que conta como venda", "What counts as a sale")
NATURES_DEFAULT: Final = {
    True: Both(
        "Toda natureza de operação conta como venda, menos as que a tabela nega.",
        "Every operation nature counts as a sale, but those that the table denies.",
    ),
    False: Both(
        "Só contam como venda as naturezas de operação que a tabela afirma.",
        "Only the operation natures that the table affirms count as sales.",
    ),
}
NATURE: Final = Both("Natureza de operação", "Operation nature")
IS_SALE: Final = Both("É venda", "Is a sale")

POTENTIAL: Final = Both("Potencial (P)", "Potential (P)")
POTENTIAL_NOTE: Final = Both(
    "Pontos de cada indicador do cadastro; somam-se. Sem indicador conhecido, o P fica em branco.",
    "Points of each indicator of the record; they are summed. Where none is known, P stays blank.",
)
NO_ROW: Final = Both("As regras não têm nada aqui.", "The rules have nothing here.")
ATTRIBUTE: Final = Both("Indicador", "Indicator")
FROM: Final = Both("De", "From")
TO: Final = Both("Até", "To")
POINTS: Final = Both("Pontos", "Points")
PER_UNIT: Final = Both("Por unidade", "Per unit")

TIERS: Final = Both("Portes e canais", "Tiers and channels")
TIERS_NOTE: Final = Both(
    "Notas mínimas de cada porte; vale o primeiro que o cliente alcança. Nota ausente não conta.",
    "The least scores of each tier; the first that a customer reaches applies. A missing score is "
    "left out.",
)
TIER: Final = Both("Porte", "Tier")
CHANNEL: Final = Both("Canal", "Channel")

CAMPAIGNS: Final = Both("Campanhas", "Campaigns")
CAMPAIGNS_NOTE: Final = Both(
    "Um cliente entra em todas cujas condições cumpre.",
    "A customer is in all whose conditions they meet.",
)
CAMPAIGN: Final = Both("Campanha", "Campaign")
CONDITIONS: Final = Both("Entra quem tem", "Who has")
AFTER_FIRST: Final = Both("já comprou alguma vez", "bought at some time")
COMPARISONS: Final = {
    ">": Both("acima de", "above"),
    ">=": Both("a partir de", "from"),
    "<": Both("abaixo de", "below"),
    "<=": Both("até", "up to"),
    "=": Both("igual a", "equal to"),
}
AND: Final = Both(" e ", " and ")

RFM: Final = Both("Segmentos RFM", "RFM segments")
RFM_NOTE: Final = Both(
    "Recência e valor em quartos da base (1 a 4), frequência em pedidos (até 4); a soma tem nome.",
    "Recency and value in quarters of the base (1 to 4), frequency in orders (up to 4); their sum "
    "has a name.",
)
SEGMENT: Final = Both("Segmento", "Segment")
FROM_SUM: Final = Both("Soma de", "Sum from")
TO_SUM: Final = Both("Soma até", "Sum up to")

JOURNEY: Final = Both("Jornada", "Journey")
CAP: Final = Both(
    "No máximo {} disparos por cliente em 7 dias; o mesmo gatilho descansa {} dias.",
    "At most {} triggers fire for a customer in 7 days; the same one rests for {} days.",
)
HOLD: Final = Both("Ficam retidos até alguém liberar: {}.", "Held back until released: {}.")
HOLD_NONE: Final = Both("Nada fica retido.", "Nothing is held back.")
HOLDS: Final = {
    "first_score": Both("primeira avaliação", "first score"),
    "rules": Both("regras novas", "new rules"),
    "model": Both("modelo novo", "new model"),
}
PHASES: Final = Both("Fases e etapas", "Phases and stages")
PLACES: Final = Both("Onde vive cada perfil", "Where each profile lives")
PROFILE: Final = Both("Perfil", "Profile")
STAGES: Final = Both("Etapas", "Stages")
ACTIONS: Final = Both("Ações sugeridas", "Suggested actions")
TRIGGERS: Final = Both("Gatilhos", "Triggers")
KIND: Final = Both("Ao entrar em", "On entering")
TRIGGER: Final = Both("Segmento", "Segment")
STAGE: Final = Both("Leva à etapa", "Leads to stage")
PHASE: Final = Both("Fase", "Phase")
REST: Final = Both("Descanso (dias)", "Rest (days)")
OF_TIER: Final = Both("o do porte", "the tier's")

LIMITS: Final = Both("Tamanhos aceitos", "Sizes taken")
LIMITS_NOTE: Final = Both(
    "Evento maior que isso vai para as dead letters, com o nome do limite.",
    "An event larger than that goes to the dead letters, with the name of the limit.",
)
LIMIT: Final = Both("Limite", "Limit")
MOST: Final = Both("No máximo", "At most")
LIMIT_NAMES: Final = {
    "message_bytes": Both("mensagem, em bytes", "message, in bytes"),
    "customer_id_bytes": Both("id do cliente, em bytes", "customer id, in bytes"),
    "event_id_bytes": Both("id do evento, em bytes", "event id, in bytes"),
    "order_id_bytes": Both("id do pedido ou contrato, em bytes", "order or contract id, in bytes"),
    "text_bytes": Both("outro texto, em bytes", "other text, in bytes"),
    "attributes": Both("indicadores de um cadastro", "attributes of a record"),
    "attribute_name_bytes": Both("nome de indicador, em bytes", "attribute name, in bytes"),
    "orders_a_day": Both(
        "vendas de um cliente em um dia (avisa)", "sales of one customer a day (alarm)"
    ),
    "groups": Both("grupos de comparação (avisa)", "comparison groups (alarm)"),
}
