"""How long `nyxter import` takes for a contract base, from the start of the command to its end."""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.ground import Ground
from bench.sizes import Sizes
from bench.table import Figure, at_most
from streams import topics

_MOST_S = 30.0
_WHOLE = 238_597  # rows of the published base, which the mark is meant for
_CUSTOMERS = 10_615
_HEADER = (
    "cod_cliente;uf;cidade;pais;situacao_contrato;nome_produto;marca_totvs;dt_assinatura_contrato;"
    "segmento_cliente;cliente_desde;faixa_faturamento;hospedagem;qtd_contratos_ativos;"
    "qtd_contratacoes_12m\r\n"
)


def import_figures(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield the seconds of an import, everything acknowledged."""
    ground.create(topics.every_topic(ground.settings))
    file = ground.directory / "base.csv"
    _write(file, sizes.imported)
    command = (sys.executable, "-m", "streams.cli", "import", "contracts", str(file))
    began, used = time.perf_counter(), _used()
    subprocess.run(
        command,
        env=os.environ | {"NYXTER_BROKER": ground.settings.broker},
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - began
    mark = at_most(seconds, _MOST_S, " s") if sizes.imported == _WHOLE else None
    name = f"import of {sizes.imported:,} contracts"
    yield Figure(name, f"{seconds:.1f} s", f"{_used() - used:.1f} s of CPU", mark=mark)


def _used() -> float:
    """Return the seconds of CPU that commands which ended have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _write(file: Path, rows: int) -> None:
    """Write a base: Windows-1252, dates and amounts the Brazilian way."""
    g = random.Random(1)
    with file.open("w", encoding="cp1252", newline="") as opened:
        opened.write(_HEADER)
        opened.writelines(_row(g) for _ in range(rows))


def _row(g: random.Random) -> str:
    customer = g.randrange(_CUSTOMERS)
    signed = f"{g.randrange(1, 29):02d}/{g.randrange(1, 13):02d}/{g.randrange(2005, 2026)}"
    return (
        f"T{customer:06d};SP;São Paulo;BRASIL;ATIVO;RH Folha {g.randrange(200)};"
        f"MARCA {g.randrange(30)};{signed};MANUFATURA;{customer % 28 + 1:02d}/01/2004;"
        f"FAIXA {customer % 12:02d} - X;ON PREMISES;{customer % 9};{customer % 4}\r\n"
    )
