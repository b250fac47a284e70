"""The published journey, which a rules file changes key by key: phases, places and triggers.

Texts are in Portuguese: they are what the people who act on a trigger read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

PHASES: Final[Sequence[Mapping[str, Any]]] = [
    {
        "name": "Aquisição e Prospecção",
        "stages": ["Interesse", "Apresentação", "Proposta", "Fechamento"],
    },
    {
        "name": "Onboarding e Implementação",
        "stages": [
            "Onboarding Corporativo",
            "Onboarding Suporte",
            "Setup Infraestrutura",
            "Onboarding Projeto",
            "Projeto Implantação",
            "Operação Assistida",
        ],
    },
    {"name": "Sustentação e Suporte", "stages": ["Suporte Técnico", "Suporte ADM"]},
    {"name": "Expansão e Inovação", "stages": ["Atualização", "Novos Negócios"]},
]

PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Novos Clientes": {
        "stages": PHASES[1]["stages"],
        "actions": ["pacote de onboarding acelerado", "educação proativa", "suporte dedicado"],
    },
    "Clientes em Expansão": {
        "stages": ["Suporte Técnico", "Suporte ADM", "Atualização"],
        "actions": [
            "programa de expansão",
            "promoção de módulos adicionais",
            "incentivo à migração para a nuvem",
        ],
    },
    "Clientes Leais": {
        "stages": ["Suporte Técnico", "Suporte ADM", "Atualização", "Novos Negócios"],
        "actions": [
            "programa de parceria premium",
            "co-criação de soluções",
            "programa de embaixadores",
        ],
    },
    "Clientes Estratégicos": {
        "stages": ["Novos Negócios", "Atualização"],
        "actions": [
            "comitê de relacionamento executivo",
            "apresentação de inovações",
            "projetos conjuntos",
        ],
    },
}
TRIGGERS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "profile": {name: {} for name in PLACES},
    "tier": {
        "vip": {
            "stage": "Novos Negócios",
            "actions": ["visita do representante", "condição comercial exclusiva"],
        },
        "medio": {
            "stage": "Atualização",
            "actions": ["revisão da carteira de produtos", "oferta de módulos complementares"],
        },
        "pequeno": {
            "stage": "Interesse",
            "actions": ["contato do televendas", "oferta de pacotes de entrada"],
        },
    },
    "campaign": {
        "fidelizacao": {
            "stage": "Atualização",
            "actions": ["programa de fidelidade", "pesquisa de satisfação"],
        },
        "retencao": {
            "stage": "Novos Negócios",
            "actions": ["contato do gestor da conta", "renovação antecipada com benefício"],
        },
        "recuperacao": {
            "stage": "Proposta",
            "actions": ["diagnóstico da queda de compras", "proposta de retomada"],
        },
        "reativacao": {
            "stage": "Interesse",
            "actions": ["apresentação das novidades", "oferta de retorno por tempo limitado"],
        },
    },
    "rfm": {
        "Em Atenção": {
            "stage": "Suporte ADM",
            "actions": ["contato preventivo de relacionamento", "revisão de pendências"],
        },
        "Em Ascensão": {
            "stage": "Atualização",
            "actions": ["oferta de produtos complementares", "incentivo à próxima compra"],
        },
        "Leais": {
            "stage": "Novos Negócios",
            "actions": ["programa de fidelidade", "acesso antecipado a lançamentos"],
        },
        "Campeões": {
            "stage": "Novos Negócios",
            "actions": ["programa de embaixadores", "convite para caso de sucesso"],
        },
    },
}
