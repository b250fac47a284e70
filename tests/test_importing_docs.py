"""docs/import.md: its commands are understood, its columns file is one, its presets are those."""

import re
import shlex
from pathlib import Path

import pytest
from dirty_contracts import make_dirty
from import_command import import_command
from test_importing_formats import AMBIGUOUS

from streams.importing.columns import presets, read_columns
from streams.importing.fields import FIELDS, RECORD, What

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "import.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for kind, block in BLOCKS if not kind for line in block.splitlines()]
[COLUMNS] = [block for kind, block in BLOCKS if kind == "toml"]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_dirty(Path("base.csv"), 200)
    Path("clientes.csv").write_text("cod_cliente;uf;cidade\nC1;SP;Campinas\n", "utf-8")
    orders = AMBIGUOUS
    if "meu-erp" in line:
        orders = "Cliente;Data;Total;Alterado em\nC1;31/12/2025;10,5;31/12/2025 10:00\n"
    Path("pedidos.csv").write_text(orders, "utf-8")
    Path("meu-erp.toml").write_text(COLUMNS, "utf-8")
    program, command, what, file, *options = shlex.split(line)
    assert (program, command) == ("nyxter", "import")
    publishes = "--out" not in options and "--dry-run" not in options
    result = import_command(what, Path(file), *options, out=publishes)
    assert result.status == (3 if file == "base.csv" else 0), result.errors
    assert ("--rejects" in options) == Path("rejected.csv").exists()
    assert ("--out" in options) == Path("events.jsonl").exists()


def test_presets_and_their_columns() -> None:
    for what in What:
        for name, columns in presets(what).items():
            row = re.search(rf"^\| `{name}` \| {what} \|.*$", PAGE, re.MULTILINE)
            assert row, name
            assert all(one[0] in row[0] for one in columns.required()), name


def test_every_field_is_named() -> None:
    for field in {*RECORD, *(field for fields in FIELDS.values() for field in fields)}:
        assert re.search(rf"\b{field.name}\b", PAGE), field.name
    assert read_columns(COLUMNS, "docs/import.md").what is What.PURCHASES


def test_the_options_of_the_format_are_there() -> None:
    for option in ("encoding", "separator", "quote", "header", "decimal", "dates"):
        assert f"`--{option}`" in PAGE
