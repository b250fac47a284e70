"""Texts of the page RFM e PRFV."""

from typing import Final

from streams.telling.language import Both

LEAD: Final = Both(
    "Quem compra, quando, quantas vezes e quanto; e onde as regras traçam os limites.",
    "Who buys, when, how often and how much; and where the rules draw their limits.",
)
GRID: Final = Both("Grade R × F × V", "R × F × V grid")
GRID_NOTE: Final = Both(
    "Os {} compradores do período. Em cada bloco, a recência cresce para a direita e o valor para "
    "cima. Toque em uma casa para saber quem é.",
    "The {} buyers of the period. In each block recency grows to the right and value upwards. "
    "Choose a cell to learn who that is.",
)
ORDERS: Final = {
    1: Both("F 1 · um pedido", "F 1 · one order"),
    2: Both("F 2 · dois pedidos", "F 2 · two orders"),
    3: Both("F 3 · três pedidos", "F 3 · three orders"),
    4: Both("F 4 · quatro ou mais", "F 4 · four or more"),
}
ORDERS_TOLD: Final = {
    1: Both("um pedido", "one order"),
    2: Both("dois pedidos", "two orders"),
    3: Both("três pedidos", "three orders"),
    4: Both("quatro pedidos ou mais", "four orders or more"),
}
MANY: Final = Both("{} clientes", "{} customers")
CELL: Final = Both(
    "R {r}, F {f}, V {v}: {customers}, {segment}",
    "R {r}, F {f}, V {v}: {customers}, {segment}",
)
CELL_TOLD: Final = Both(
    "R {r} + F {f} + V {v} = {total}, {segment}: {customers}, {share} dos compradores. "
    "Compra mais recente: {recency}; {orders}; valor: {value}.",
    "R {r} + F {f} + V {v} = {total}, {segment}: {customers}, {share} of buyers. "
    "Last purchase: {recency}; {orders}; value: {value}.",
)
QUARTERS: Final = {
    1: Both("no quarto mais baixo dos compradores", "in the lowest quarter of buyers"),
    2: Both("abaixo do meio", "below the middle"),
    3: Both("acima do meio", "above the middle"),
    4: Both("no quarto mais alto", "in the highest quarter"),
}
NO_CELL: Final = Both("Nenhuma casa escolhida.", "No cell chosen.")
SEGMENT: Final = Both("Segmento", "Segment")
TOTALS: Final = Both("Soma", "Sum")
CUSTOMERS: Final = Both("Clientes", "Customers")
SHARE_PERCENT: Final = Both("% da base", "% of the base")
MARK: Final = {
    "r": Both("Recência (1 a 4)", "Recency (1 to 4)"),
    "f": Both("Frequência (1 a 4)", "Frequency (1 to 4)"),
    "v": Both("Valor (1 a 4)", "Value (1 to 4)"),
}

SPREADS: Final = Both("Distribuição das notas", "How scores are spread")
SPREADS_NOTE: Final = Both(
    "Linhas cheias são limites de porte; tracejadas, de campanha.",
    "Whole lines are limits of tiers; dashed ones, of campaigns.",
)
GROUP: Final = Both("Grupo de comparação", "Comparison group")
ALL_GROUPS: Final = Both("Todos os grupos", "All groups")
NO_VALUE: Final = Both("não informado", "not given")
ONE_RANKING: Final = Both(
    "As regras comparam todos com todos: há um só ranking.",
    "The rules compare everyone with everyone: there is one ranking.",
)
SCORED: Final = Both("{} com nota", "{} with a score")
WITHOUT: Final = Both("{} com zero ou sem nota", "{} with zero or none")
BAR: Final = Both("Acima de {} até {}", "Above {} up to {}")
CHART: Final = Both(
    "Histograma de {}: {} clientes com nota, {} com zero ou sem nota. A tabela abaixo diz o mesmo.",
    "Histogram of {}: {} customers with a score, {} with zero or none. The table below says the "
    "same.",
)
INDICATOR: Final = Both("Nota", "Score")
ABOVE: Final = Both("Acima de", "Above")
UP_TO: Final = Both("Até", "Up to")
SIDES: Final = {
    ">": Both("acima", "above"),
    ">=": Both("daqui para cima", "from here up"),
    "<": Both("abaixo", "below"),
    "<=": Both("até aqui", "up to here"),
    "=": Both("exatamente", "exactly"),
}
NO_LIMIT: Final = Both("Nenhuma regra tem limite aqui.", "No rule has a limit here.")

LISTS: Final = Both("Campanhas e suas listas", "Campaigns and their lists")
LISTS_NOTE: Final = Both(
    "Melhor PRFV primeiro. O arquivo traz todos, não só esta página.",
    "Best PRFV first. The file has all of them, not just this page.",
)
NO_GROUP: Final = Both(
    "Não há grupo chamado “{}” agora; o que se vê são todos.",
    "There is no group called “{}” now; what you see is all of them.",
)
NO_CAMPAIGNS: Final = Both("As regras não têm campanhas.", "The rules have no campaigns.")
NOBODY: Final = Both("Ninguém está nesta lista agora.", "Nobody is on this list now.")
LIST_OF: Final = Both("Lista: {}", "List: {}")
PAGES: Final = Both("Páginas da lista", "Pages of the list")
CAMPAIGN: Final = Both("Campanha", "Campaign")
PAGE: Final = Both("Página {} de {}", "Page {} of {}")
FORTH: Final = Both("Próxima", "Next")
BACK: Final = Both("Anterior", "Previous")
ID: Final = Both("Cliente", "Customer")
TIER: Final = Both("Porte", "Tier")
CHANNEL: Final = Both("Canal", "Channel")
RFM: Final = Both("RFM", "RFM")
PROFILE: Final = Both("Perfil", "Profile")
LAST_SALE: Final = Both("Última compra", "Last purchase")
VALUE: Final = Both("Valor no período", "Value in the period")
