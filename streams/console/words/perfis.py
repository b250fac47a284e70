"""Texts of the page Perfis."""

from typing import Final

from streams.telling.language import Both

LEAD: Final = Both(
    "O que o modelo encontrou nos contratos, ao lado dos perfis publicados.",
    "What the model found in the contracts, beside the published profiles.",
)
MODEL: Final = Both("Modelo {}, {}", "Model {}, {}")
STARTED: Final = Both("partiu dos perfis publicados", "started from the published profiles")
ACCEPTED: Final = Both("aceito por uma pessoa", "accepted by a person")
EPOCH: Final = Both("Época {}", "Epoch {}")
CHECKPOINT: Final = Both("Ponto de conferência {}", "Checkpoint {}")
LEARNED: Final = Both("Aprendido de {} clientes", "Learned from {} customers")
NO_MODEL: Final = Both(
    "Ainda não há modelo: ele começa com {} clientes com contratos.",
    "There is no model yet: it starts at {} customers with contracts.",
)

BESIDE: Final = Both("Componentes e perfis publicados", "Components and published profiles")
BESIDE_NOTE: Final = Both(
    "Médias de cada componente; ao lado, as do perfil publicado com o mesmo nome.",
    "Means of each component; beside them those published of the profile of the same name.",
)
PROFILE: Final = Both("Perfil", "Profile")
NOW: Final = Both("Clientes agora", "Customers now")
WEIGHT: Final = Both("Parte do modelo (%)", "Share of the model (%)")
PUBLISHED_CUSTOMERS: Final = Both("Publicados", "Published")
PUBLISHED_TENURE: Final = Both("Meses publicados", "Months published")
PUBLISHED_CONTRACTS: Final = Both("Contratos publicados", "Contracts published")
FEATURES: Final = {
    "tenure": Both("Meses de casa", "Months with us"),
    "contracts": Both("Contratos", "Contracts"),
    "brands": Both("Marcas", "Brands"),
    "band": Both("Faixa de receita", "Revenue band"),
}

POINTS: Final = Both("Clientes por característica", "Customers by feature")
POINTS_NOTE: Final = Both(
    "{} de {} clientes com perfil, ao acaso; os pontos são um pouco espalhados para não se cobrir.",
    "{} of {} customers with a profile, by chance; points are spread a little so that they do not "
    "cover each other.",
)
ACROSS: Final = Both("Na horizontal", "Across")
UPWARDS: Final = Both("Na vertical", "Upwards")
AGAIN: Final = Both("Sortear outros", "Draw others")
POINTS_CHART: Final = Both(
    "Gráfico de dispersão de {} clientes: {} e {}, por perfil. Os dados estão no arquivo.",
    "Scatter plot of {} customers: {} and {}, by profile. The data are in the file.",
)
NO_POINTS: Final = Both("Ninguém tem perfil ainda.", "Nobody has a profile yet.")
ID: Final = Both("Cliente", "Customer")

SIZES: Final = Both("Tamanho ao longo do tempo", "Sizes over time")
SIZES_NOTE: Final = Both("Como estava ao fim de cada dia.", "As it was at the end of each day.")
SIZES_CHART: Final = Both(
    "Gráfico de linhas: clientes de cada perfil por dia, nos últimos {} dias. Os dados estão no "
    "arquivo.",
    "Line chart: customers of each profile by day, over the last {} days. The data are in the "
    "file.",
)
PERIOD: Final = Both("Período", "Period")
LAST_DAYS: Final = Both("Últimos {} dias", "Last {} days")
NO_SIZES: Final = Both("Nenhum dia contado ainda.", "No day was counted yet.")
DAY: Final = Both("Dia", "Day")

DRIFT: Final = Both("Deriva", "Drift")
DRIFT_NOTE: Final = Both(
    "Quanto cada perfil cresceu ou encolheu, e quanto as médias do componente andaram desde o "
    "primeiro ponto de conferência deste modelo.",
    "How much each profile grew or shrank, and how far its component's means have come since this "
    "model's first checkpoint.",
)
SINCE_DAYS: Final = Both("Em {} dias", "In {} days")
MEANS_SINCE: Final = Both("{}, desde o início", "{}, since the start")
