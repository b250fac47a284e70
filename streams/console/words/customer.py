"""Texts of the page of one customer."""

from typing import Final

from streams.telling.language import Both

TITLE: Final = Both("Cliente {}", "Customer {}")
SEARCH: Final = Both("Código do cliente", "Customer id")
FIND: Final = Both("Buscar", "Find")
RECENT: Final = Both("Mudaram há pouco", "Changed a moment ago")
RECENT_EMPTY: Final = Both("Ninguém mudou ainda.", "Nobody has changed yet.")
ANOTHER: Final = Both("Outro cliente", "Another customer")

UNKNOWN: Final = Both("Não há cliente {}", "There is no customer {}")
UNKNOWN_MORE: Final = Both(
    "Confira o código, letra por letra. Quem acabou de chegar aparece aqui assim que for avaliado.",
    "Check the id, letter by letter. Whoever has just come shows here once they are scored.",
)
GONE: Final = Both("{} saiu da base", "{} has left the base")
GONE_MORE: Final = Both(
    "O cliente foi excluído, ou não resta nenhum cadastro, contrato ou pedido dele.",
    "The customer was erased, or no record, contract or order of theirs is left.",
)

MEAN: Final = Both("Média das notas, com os pesos das regras", "Mean of the scores, weighted")
NO_POTENTIAL: Final = Both("Sem indicadores no cadastro", "No indicators on record")
NO_SALE: Final = Both("Sem compra no período", "Nothing bought in the period")
POINTS: Final = Both("{} pontos", "{} points")
LAST_SALE: Final = Both("Última compra em {}", "Last bought on {}")
ORDERS: Final = Both("{} pedidos, frequência {}", "{} orders, frequency {}")
ONE_ORDER: Final = Both("1 pedido, frequência {}", "1 order, frequency {}")
VALUE: Final = Both("{} no período", "{} in the period")
RANK: Final = Both("{}º de {} no grupo {}", "{} of {} in group {}")
RANK_ALL: Final = Both("{}º de {} clientes", "{} of {} customers")
NOT_RANKED: Final = Both("Fora da classificação", "Not ranked")
GROUP_EMPTY: Final = Both("sem informação", "not known")

LACKS: Final = Both("Faltam {} pontos para {} ({})", "{} points short of {} ({})")
HAS: Final = Both("{} pontos acima de {} ({})", "{} points above {} ({})")
MONEY: Final = Both("faltam {} para o próximo nível", "{} to the next level")
MORE_ORDERS: Final = Both(
    "faltam {} pedidos para o próximo nível", "{} more orders to the next level"
)
MORE_ORDER: Final = Both("falta 1 pedido para o próximo nível", "1 more order to the next level")
SINCE: Final = Both(
    "uma compra de {} em diante leva ao próximo nível",
    "a sale on {} or later reaches the next level",
)
MORE_POINTS: Final = Both(
    "faltam {} pontos de potencial para o próximo nível",
    "{} points of potential to the next level",
)
ABOUT: Final = Both(
    "Contas feitas com a base de agora: valem enquanto os outros não mudam.",
    "Reckoned with the base as it is: it holds while others do not move.",
)
GAUGE: Final = Both("{}: {} de 100, {}", "{}: {} of 100, {}")
NO_SCORE: Final = Both("{}: sem nota", "{}: no score")

SEGMENTS: Final = Both("Onde está", "Standing")
TIER: Final = Both("Porte", "Tier")
RFM: Final = Both("Segmento RFM", "RFM segment")
CAMPAIGNS: Final = Both("Campanhas", "Campaigns")
CHANNEL: Final = Both("Canal", "Channel")
GROUP: Final = Both("Grupo de comparação", "Comparison group")
EVERYONE: Final = Both("Todos", "Everyone")
FIRST_SALE: Final = Both("Primeira compra", "First sale")
NONE: Final = Both("Nenhuma", "None")

PROFILE: Final = Both("Perfil de consumo", "Consumption profile")
NO_PROFILE: Final = Both("Ainda sem perfil.", "No profile yet.")
OTHERS: Final = Both("Outros", "Others")
CONTRACTS: Final = Both("Contratos", "Contracts")
BRANDS: Final = Both("Marcas", "Brands")
TENURE: Final = Both("Meses de casa", "Months with us")
BAND: Final = Both("Faixa de faturamento", "Revenue band")
UNKNOWN_BAND: Final = Both("Desconhecida", "Not known")
ACTIVE: Final = Both("Contratos ativos", "Active contracts")
HIRED: Final = Both("Novos em 12 meses", "New in 12 months")
HOSTING: Final = Both("Hospedagem", "Hosting")
CATEGORIES: Final = Both("Categorias", "Categories")

JOURNEY: Final = Both("Jornada", "Journey")
STAGES: Final = Both("Etapas", "Stages")
ACTIONS: Final = Both("Ações sugeridas", "Suggested actions")
NO_PLACE: Final = Both("Fora da jornada.", "Not on the journey.")

HISTORY: Final = Both("Linha do tempo", "Timeline")
NO_HISTORY: Final = Both("Nenhuma mudança guardada.", "No change is kept.")
SOURCE: Final = Both(
    "Publicado em {} · dia {} · retrato nº {} · regras {}",
    "Published on {} · day {} · snapshot no. {} · rules {}",
)

WHEN: Final = Both("Quando", "When")
WHAT: Final = Both("O quê", "What")
KIND: Final = Both("Tipo", "Kind")
OLD: Final = Both("Antes", "Before")
NEW: Final = Both("Depois", "After")
WHY: Final = Both("Por quê", "Why")
EVENT: Final = Both("Código do evento", "Event id")
FILE: Final = Both("historico-{}", "history-{}")
