"""The published figures that the base is made after, and the words its records are written in.

The means are the published aggregates of the four consumption profiles; how widely customers
scatter around them was not published, so the spreads are ours.
"""

from dataclasses import dataclass
from typing import Final

from nyxter_online.profiles import PROFILES as PUBLISHED

CUSTOMERS: Final = 10_615
BUYERS: Final = 4_053  # of CUSTOMERS, with a sale in the period
ORDERS_OF_BUYERS: Final = (3_336, 401, 204, 112)  # buyers with 1, 2, 3, and 4 or more sales


@dataclass(frozen=True, slots=True)
class Profile:
    """One published profile: how many customers, and the means its customers are drawn around.

    Attributes
    ----------
    customers, tenure, active, hired, contracts
        Published: customers of `CUSTOMERS`; means of tenure in months, active contracts,
        contracts of the last 12 months, contracts in all.
    tenure_spread
        Coefficient of variation of the tenure.
    volume_shape
        Shape of the gamma that contracts are drawn from; smaller is more uneven.
    brand_appetite
        Chance of a new brand with the (j+1)-th contract is appetite / (appetite + j).
    band, band_unknown
        Middle of the revenue bands, and the share of customers whose band nobody knows.

    """

    customers: int
    tenure: float
    active: float
    hired: float
    contracts: float
    tenure_spread: float
    volume_shape: float
    brand_appetite: float
    band: float
    band_unknown: float


_HABITS: Final = (  # what was not published, in the order of the published profiles
    (0.45, 2.0, 0.9, 3.5, 0.20),
    (0.35, 3.0, 4.0, 5.0, 0.10),
    (0.30, 4.0, 6.0, 8.0, 0.03),
    (0.35, 2.5, 1.8, 7.0, 0.05),
)
PROFILES: Final = tuple(
    Profile(one.customers, one.tenure_months, one.active, one.hired, one.contracts, *habits)
    for one, habits in zip(PUBLISHED, _HABITS, strict=True)
)

# Industry, the customer type it trades as, and its weight in the base.
INDUSTRIES: Final = (
    ("MANUFATURA", "industria", 20),
    ("CONSTRUCAO E PROJETOS", "industria", 8),
    ("EDUCACIONAL", "varejo", 6),
    ("DISTRIBUICAO", "atacado", 13),
    ("VAREJO", "varejo", 11),
    ("AGROINDUSTRIA", "industria", 9),
    ("LOGISTICA", "atacado", 8),
    ("SERVICOS", "varejo", 10),
    ("SAUDE", "varejo", 5),
    ("JURIDICO", "varejo", 2),
    ("HOSPITALITY", "varejo", 3),
    ("FINANCIAL SERVICES", "atacado", 3),
    ("SUPERMERCADOS", "varejo", 2),
)

CITIES: Final = (
    ("SP", "São Paulo"),
    ("SP", "Campinas"),
    ("SP", "Ribeirão Preto"),
    ("RJ", "Rio de Janeiro"),
    ("MG", "Belo Horizonte"),
    ("MG", "Uberlândia"),
    ("PR", "Curitiba"),
    ("PR", "Londrina"),
    ("SC", "Joinville"),
    ("SC", "Blumenau"),
    ("RS", "Porto Alegre"),
    ("RS", "Caxias do Sul"),
    ("GO", "Goiânia"),
    ("DF", "Brasília"),
    ("BA", "Salvador"),
    ("PE", "Recife"),
    ("CE", "Fortaleza"),
    ("AM", "Manaus"),
)

# The texts of the bands that are known; the others travel as their ordinal.
BAND_TEXTS: Final = {
    -1: "SEM INFORMAÇÕES",
    0: "FAIXA 00 - ATE 4,5 M",
    11: "FAIXA 11 - ACIMA DE 850 M",
}

INDICATORS: Final = ("filiais", "vendedores_externos")  # of potential: a record's attributes

# The first word is the product's category; a first word that is none of them means OUTROS.
PRODUCTS: Final = (
    "RH Folha de Pagamento",
    "RH Ponto Eletrônico",
    "RH Benefícios",
    "GESTAO ERP Backoffice",
    "GESTAO Estoque e Custos",
    "GESTAO Manufatura",
    "INFRA Nuvem Dedicada",
    "INFRA Backup",
    "COMERCIAL Força de Vendas",
    "COMERCIAL CRM",
    "FINANCEIRO Contas a Pagar",
    "FINANCEIRO Fiscal",
    "BI Painéis",
    "ASSINATURA Eletrônica",
)

# Names of stars: the real brands are nobody's business here.
# fmt: off
BRANDS: Final = (
    "ACRUX", "ADHARA", "ALDEBARAN", "ALGOL", "ALNITAK", "ALTAIR", "ANTARES", "ARCTURUS", "ATRIA",
    "BELLATRIX", "CANOPUS", "CAPELLA", "CASTOR", "DENEB", "ELNATH", "FOMALHAUT", "GACRUX",
    "HADAR", "KOCHAB", "MIMOSA", "MINTAKA", "MIRA", "NUNKI", "POLARIS", "POLLUX", "PROCYON",
    "REGULUS", "RIGEL", "SAIPH", "SHAULA", "SIRIUS", "SPICA", "VEGA", "WEZEN",
)
# fmt: on

ACTIVE: Final = "ATIVO"
ENDED: Final = ("CANCELADO", "TROCADO", "GRATUITO")
ENDED_SHARES: Final = (0.6, 0.3, 0.1)
HOSTINGS: Final = ("ON PREMISES", "TOTVS CLOUD", None)

# Natures of operation (CFOP): sales in and out of the state, and a donation, which is no sale.
SALE_IN_STATE: Final = "5102"
SALE_OUT_OF_STATE: Final = "6102"
DONATION: Final = "5910"
