"""Makes a contract base as dirty as an ERP's exports are; every kind of dirt is named and counted.

`python tests/dirty_contracts.py OUT.csv [ROWS] [SEED]` writes one.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = (
    "cod_cliente;uf;cidade;pais;situacao_contrato;nome_produto;marca_totvs;"
    "dt_assinatura_contrato;segmento_cliente;cliente_desde;faixa_faturamento;hospedagem;"
    "qtd_contratos_ativos;qtd_contratacoes_12m"
)
JUNK = ("Relatório de contratos;;;", "Emitido em 20/11/2026 por São Paulo", "")
PRODUCTS = ("RH Folha", "GESTAO ERP", "INFRA Nuvem", "COMERCIAL CRM", "FINANCEIRO Fiscal", "BI 1/2")
CITIES = (("SP", "São Paulo"), ("SC", "Joinville"), ("GO", "Goiânia"), ("RS", "Caxias do Sul"))
STATUS = ("ATIVO", "ATIVO", "CANCELADO", "TROCADO", "GRATUITO")
BANDS = ("FAIXA 00 - ATE 4,5 M", "FAIXA 11 - ACIMA DE 850 M", "SEM INFORMAÇÕES", "FAIXA 07 - X")

Row = list[str]
Dirt = Callable[[random.Random, Row, int], str]


class Dirty(NamedTuple):
    """What was planted.

    Attributes
    ----------
    kinds
        Rows by the outcome that they must have.
    by_line
        The outcome of each row that is not clean, by its line.
    named
        Rows by the name of their dirt.
    blank
        Blank lines below the header.
    contracts
        Rows that are to be taken.
    customers
        Customers of rows that can be read whole.

    """

    kinds: Counter[str]
    by_line: dict[int, str]
    named: Counter[str]
    blank: int
    contracts: int
    customers: set[str]


def _with(place: int, *texts: str) -> Dirt:
    def dirty(g: random.Random, row: Row, _: int) -> str:
        return ";".join([*row[:place], g.choice(texts), *row[place + 1 :]])

    return dirty


def _cut(g: random.Random, row: Row, _: int) -> str:
    return ";".join(row[: g.randrange(2, len(row))])


REJECTED: dict[str, tuple[str, Dirt]] = {
    "no customer": ("missing key", _with(0, "", "  ", "NULL", "N/A")),
    "no product": ("missing value", _with(5, "", "\t", "NaN")),
    "no brand": ("missing value", _with(6, "", "-")),
    "no status": ("missing value", _with(4, "", "null")),
    "no day": ("missing value", _with(7, "", "NaT")),
    "a day that does not exist": (
        "wrong value",
        _with(7, "31/02/2024", "00/01/2020", "12/25/2023"),
    ),
    "a day that is none": ("wrong value", _with(7, "ontem", "2024", "45123", "1/1")),
    "a start that is none": ("wrong value", _with(9, "desde sempre", "99/99/9999")),
    "a band that is none": ("wrong value", _with(10, "FAIXA 12 - MUITO", "GRANDE", "12")),
    "a quantity that is none": ("wrong value", _with(12, "-1", "1,5", "dois", "1.23.4")),
    "a control character in the id": ("wrong value", _with(0, "T\x0012", "T\x0799")),
    "an id that begins with a brace": ("wrong value", _with(0, "}T1", "}")),
    "an id that is too long": ("over a limit", _with(0, "T" * 513)),
    "a product that is too long": ("over a limit", _with(5, "RH " + "x" * 1_022)),
    "a city that is too long": ("over a limit", _with(2, "ã" * 1_025)),
    "a quantity that is too large": ("over a limit", _with(13, "1000000001", "9.999.999.999")),
    "too few columns": ("unreadable", _cut),
    "too many columns": ("unreadable", lambda _, row, __: ";".join([*row, "", "x"])),
    "a total at the end": ("unreadable", lambda g, *_: f"Total: {g.randrange(99)}"),
    "a quote that is not closed": ("unreadable", _with(5, '"RH Folha', '"')),
    "text after a quote": ("unreadable", _with(5, '"RH" Folha', '"a"b')),
}
"""By name, what becomes of such a row, and how a clean one is made so."""

HARMLESS: dict[str, Callable[[random.Random, Row], str]] = {
    "spaces around": lambda _, row: ";".join(f"  {cell} " for cell in row),
    "a product in other letters": lambda _, row: ";".join([*row[:5], row[5].lower(), *row[6:]]),
    "control characters in a product": lambda _, row: ";".join(
        [*row[:5], row[5].replace(" ", "\x01 \x00\t"), *row[6:]]
    ),
    "everything quoted": lambda _, row: ";".join(f'"{cell}"' for cell in row),
    "a line break in a product": lambda _, row: ";".join(
        [*row[:5], '"' + row[5].replace(" ", "\r\n") + '"', *row[6:]]
    ),
    "the day in ISO": lambda _, row: ";".join(
        [*row[:7], "-".join(reversed(row[7].split("/"))), *row[8:]]
    ),
    "no hosting": lambda _, row: ";".join([*row[:11], "", *row[12:]]),
}
"""By name, how a clean row is made to look otherwise and mean the same."""


class _Writer:
    """Writes rows and keeps what was planted."""

    def __init__(self, g: random.Random) -> None:
        self.g = g
        self.lines = [*JUNK, HEADER]
        self.kinds: Counter[str] = Counter()
        self.named: Counter[str] = Counter()
        self.by_line: dict[int, str] = {}
        self.blank = 0
        self.line = len(self.lines) + 1
        self.customers: set[str] = set()

    def put(self, text: str, kind: str, name: str) -> None:
        """Write a row of a kind."""
        self.kinds[kind] += 1
        self.named[name] += 1
        if kind not in ("taken", "exact repeat"):
            self.by_line[self.line] = kind
        self._add(text)

    def leave_blank(self) -> None:
        """Write a blank line."""
        self.blank += 1
        self._add(self.g.choice(["", "   "]))

    def _add(self, text: str) -> None:
        self.lines.append(text)
        self.line += text.count("\r\n") + 1


def clean_rows(g: random.Random, seed: int) -> Iterator[Row]:
    """Yield rows of contracts of which no two have the same key; a customer's record is stable."""
    number = 0
    while True:
        number += 1
        customer = g.randrange(1, 3_000)
        of = random.Random(f"{seed} {customer}")
        state, city = of.choice(CITIES)
        day = f"{g.randrange(1, 29):02d}/{g.randrange(1, 13):02d}/{g.randrange(2005, 2026)}"
        yield [
            f"T{customer:06d}",
            state,
            city,
            "BRASIL",
            g.choice(STATUS),
            f"{g.choice(PRODUCTS)} {number}",
            f"MARCA {g.randrange(30)}",
            day,
            of.choice(("MANUFATURA", "SAUDE", "VAREJO")),
            f"{of.randrange(13, 29):02d}/01/{of.randrange(1995, 2020)}",
            of.choice(BANDS),
            g.choice(("ON PREMISES", "TOTVS CLOUD")),
            str(of.randrange(40)),
            str(of.randrange(10)),
        ]


def make_dirty(path: Path, rows: int = 50_000, seed: int = 7, encoding: str = "cp1252") -> Dirty:
    """Write a file of so many rows; the same seed writes the same bytes."""
    g = random.Random(seed)
    writer, clean = _Writer(g), clean_rows(g, seed)
    while sum(writer.kinds.values()) < rows:
        left = rows - sum(writer.kinds.values())
        _put_some(writer, next(clean), left)
    text = "\r\n".join([*writer.lines, ""])
    path.write_bytes(text.encode(encoding))
    return Dirty(
        writer.kinds,
        writer.by_line,
        writer.named,
        writer.blank,
        writer.kinds["taken"],
        writer.customers,
    )


def _put_some(writer: _Writer, row: Row, left: int) -> None:
    """Write one row, clean or dirty, or several that belong together."""
    g, draw = writer.g, writer.g.random()
    if draw < 0.08:
        name = g.choice(list(REJECTED))
        kind, dirt = REJECTED[name]
        writer.put(dirt(g, row, left), kind, name)
        return
    if draw < 0.09:
        writer.leave_blank()
        return
    writer.customers.add(row[0])
    if draw < 0.12 and left >= 3:
        for kind in ("taken", "exact repeat", "exact repeat"):
            writer.put(";".join(row), kind, "the same row again")
    elif draw < 0.14 and left >= 3:
        _contradict(writer, row)
    elif draw < 0.34:
        name = g.choice(list(HARMLESS))
        writer.put(HARMLESS[name](g, row), "taken", name)
    else:
        writer.put(";".join(row), "taken", "clean")


def _contradict(writer: _Writer, row: Row) -> None:
    """Write a contract that two rows agree on and a third does not."""
    other = [*row[:4], "SUSPENSO", *row[5:]]
    told = [(row, "taken"), (row, "exact repeat"), (other, "contradiction")]
    if writer.g.random() < 0.5:
        told.reverse()
        told = [told[0], (row, "taken"), (row, "exact repeat")]
    for one, kind in told:
        writer.put(";".join(one), kind, "another status for the same contract")


if __name__ == "__main__":
    made = make_dirty(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
    sys.stdout.writelines(f"{count:>7,}  {name}\n" for name, count in made.named.most_common())
