"""Texts of what surrounds every page."""

from typing import Final

from streams.telling.language import Both

SKIP: Final = Both("Ir para o conteúdo", "Skip to content")
MENU: Final = Both("Menu", "Menu")
PAGES: Final = Both("Páginas", "Pages")
THEME: Final = Both("Tema", "Theme")
THEMES: Final = {
    "auto": Both("Auto", "Auto"),
    "light": Both("Claro", "Light"),
    "dark": Both("Escuro", "Dark"),
}
LANGUAGE: Final = Both("Idioma", "Language")

FRESHNESS: Final = Both("Quão recente é o que se vê", "How fresh this is")
CARDS: Final = Both("Cartões atualizados {}", "Cards updated {}")
NEVER: Final = Both("nunca", "never")
SNAPSHOT: Final = Both("Retrato nº {}", "Snapshot no. {}")
NO_SNAPSHOT: Final = Both("Nenhum retrato ainda", "No snapshot yet")
DAY: Final = Both("Dia {}", "Day {}")
LAG: Final = Both("{} registros de atraso", "{} records behind")
NO_LAG: Final = Both("Sem atraso", "Not behind")
NEWEST: Final = Both("Última mudança {}", "Last change {}")
NO_EVENTS: Final = Both("Ao vivo: sem contato com o Kafka", "Live: no contact with Kafka")

AWAY: Final = Both(
    "Sem contato com o Redis; tentando de novo. O que se vê é de antes.",
    "No contact with Redis; trying again. What you see is from before.",
)
WAITING: Final = Both("Aparece aqui assim que houver contato.", "Shows here once there is contact.")

DOWNLOAD: Final = Both("Baixar", "Download")
DOWNLOAD_AS: Final = Both("Baixar {} em {}", "Download {} as {}")
MAKING: Final = Both("Preparando o arquivo…", "Making the file…")
NOT_DELIVERED: Final = Both(
    "Não foi possível montar o arquivo agora; tente de novo.",
    "The file could not be made now; try again.",
)

OVERVIEW: Final = Both("Visão geral", "Overview")
CUSTOMER: Final = Both("Cliente", "Customer")
JOURNEY: Final = Both("Jornada", "Journey")
RFM: Final = Both("RFM e PRFV", "RFM and PRFV")
PROFILES: Final = Both("Perfis", "Profiles")
RULES: Final = Both("Regras", "Rules")
OPERATIONS: Final = Both("Operação", "Operations")
