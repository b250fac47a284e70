"""docs/power-bi.md tells what export writes; `python tests/test_power_bi_docs.py` writes it."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from export_topics import Topics, change, export, trigger

from streams.exporting.schema import Schema
from streams.exporting.star import EVENT_TABLES, STANDING_TABLES, TABLES
from streams.tabular.lines import TYPES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "power-bi.md"
TABLE = re.compile(r"(?ms)^### `(\w+)`\n\n(.*?)\n\n\| column .*?\n\|[-|]+\n(.*?)\n\n")
NAMED = re.compile(r"\b((?:fact|dim)_\w+)(?:\[(\w+)\])?")


def fresh(page: str) -> str:
    """The page with the tables as they are now."""
    block = re.compile(r"(<!-- tables: [^>]* -->\n).*?(<!-- end -->)", re.DOTALL)
    page, count = block.subn(lambda m: m[1] + "\n".join(told()) + m[2], page)
    assert count == 1
    return page


def told() -> Iterator[str]:
    asked = {table.name: f"`nyxter export {name}`" for name, table in EVENT_TABLES.items()}
    for name, tables in STANDING_TABLES.items():
        asked |= {table.name: f"`nyxter export {name}`" for table in tables}
    for table in TABLES:
        yield f"\n### `{table.name}`\n"
        yield f"{table.grain} Written by {asked.get(table.name, 'every export')}.\n"
        yield "| column | type | what |\n|---|---|---|"
        yield from (f"| `{f.name}` | {TYPES[f.kind]} | {f.told} |" for f in table.fields)
    yield "\n"


def page() -> str:
    return PAGE.read_text("utf-8")


def test_the_tables_are_fresh() -> None:
    assert page() == fresh(page()), "run python tests/test_power_bi_docs.py"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with rows in every table."""
    root = tmp_path_factory.mktemp("export")
    topics = Topics()
    with pytest.MonkeyPatch.context() as patched:
        topics.install(patched)
        topics.tell(change("K1", 1), trigger("K1", 2))
        topics.stand("K1")
        export(root)
    return root


def test_every_table_and_column_told_is_written_and_no_other(written: Path) -> None:
    shown = {
        name: re.findall(r"^\| `(\w+)` \| ([^|]+) \|", rows, re.MULTILINE)
        for name, _, rows in TABLE.findall(page())
    }
    there = {path.name for path in written.iterdir() if not path.name.startswith(".")}
    assert set(shown) == there
    for name, columns in shown.items():
        rows = f"FROM read_parquet('{written}/{name}/**/*.parquet', hive_partitioning = false)"
        described = duckdb.sql(f"DESCRIBE {rows}").fetchall()
        found = [(column, kind.replace(",", ", ")) for column, kind, *_ in described]
        assert columns == [(c, _duckdb_name(kind)) for c, kind in found]
        assert duckdb.sql(f"SELECT count(*) {rows}").fetchall() != [(0,)]


def _duckdb_name(kind: str) -> str:
    return "TIMESTAMPTZ" if kind == "TIMESTAMP WITH TIME ZONE" else kind


def test_relations_and_measures_name_what_there_is() -> None:
    columns = {table.name: {field.name for field in table.fields} for table in TABLES}
    named = NAMED.findall(page())
    assert {table for table, _ in named} == set(columns)
    assert sum(bool(column) for _, column in named) > 30
    for table, column in named:
        assert not column or column in columns[table], f"{table}[{column}]"


def test_what_a_relation_goes_to_is_unique() -> None:
    """A key of a dimension is the key of its rows."""
    ones = set(re.findall(r"\| `(dim_\w+)\[(\w+)\]` \|", page()))
    assert ones == {
        ("dim_day", "day"),
        ("dim_customer", "customer_id"),
        ("dim_segment", "segment_key"),
        ("dim_stage", "stage"),
    }
    by_name: dict[str, Schema] = {table.name: table for table in TABLES}
    assert all(by_name[table].fields[0].name == column for table, column in ones)


def test_a_day_directory_is_read_as_the_day_that_its_rows_have(written: Path) -> None:
    rows = f"read_parquet('{written}/fact_transitions/**/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(f"SELECT day FROM {rows}").fetchall() == [(date(2026, 11, 22),)]  # noqa: S608


if __name__ == "__main__":
    PAGE.write_text(fresh(page()), "utf-8")
