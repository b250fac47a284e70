"""Tables as CSV, XLSX and Parquet: read back by others, they are what went in."""

import doctest
import importlib
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest

from streams.tabular import FORMATS, Column, Format, Kind, Table, TooManyRows, media_type, write
from streams.tabular import sheet as sheet_module
from streams.tabular.parquet import read_parquet

COLUMNS = (
    Column("text", "Texto", "text"),
    Column("texts", "Textos", "texts"),
    Column("integer", "Inteiro", "integer"),
    Column("number", "Número", "number"),
    Column("money", "Valor", "money"),
    Column("date", "Dia", "date"),
    Column("instant", "Momento", "instant"),
    Column("flag", "Sinal", "flag"),
)
AT = datetime(2026, 11, 23, 2, 59, 59, 123_456, tzinfo=UTC)  # the evening before, in business
ROWS: list[tuple[Any, ...]] = [
    ("Ação; \"d'Água\"\nLtda", ["a", "b"], -3, -1234.5, Decimal("-1240.1"), date(2026, 11, 2), AT,
     True),
    (None,) * 8,
    ("00123", [], 0, 0.1, Decimal("0.1234"), date(1899, 12, 31), AT, False),
]  # fmt: skip


def table(rows: Any = ROWS) -> Table:
    return Table("Clientes", COLUMNS, iter(rows))


def made(rows: Any, format_: Format, columns: Any = COLUMNS) -> bytes:
    file = io.BytesIO()
    write(Table("Clientes", columns, iter(rows)), format_, file)
    return file.getvalue()


def of_kind(kind: Kind, *cells: Any) -> str:
    """The one column of a CSV, without its heading."""
    text = made([(cell,) for cell in cells], "csv", [Column("c", "C", kind)])
    return text.decode("utf-8-sig").removeprefix("C\r\n")


@pytest.mark.parametrize("module", ["delimited", "lines", "writing"])
def test_examples_in_the_code(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"streams.tabular.{module}"))
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.parametrize("format_", FORMATS)
def test_a_path_and_an_open_file_get_the_same(format_: Format, tmp_path: Path) -> None:
    path = tmp_path / "made"
    assert write(table(), format_, path) == len(ROWS)
    with (tmp_path / "opened").open("wb") as file:
        assert write(table(), format_, file) == len(ROWS)
        assert not file.closed
    assert len((tmp_path / "opened").read_bytes()) == len(path.read_bytes())
    assert media_type(format_)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("row", [("one",), (None,) * 9])
def test_a_row_of_another_length_is_refused(format_: Format, row: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        made([row], format_)


class TestCsv:
    def test_its_bytes(self) -> None:
        assert made(ROWS, "csv").decode("utf-8-sig").split("\r\n") == [
            "Texto;Textos;Inteiro;Número;Valor;Dia;Momento;Sinal",
            (
                '"Ação; ""d\'Água""\nLtda";a, b;-3;-1234,5;-1240,10;02/11/2026;'
                "22/11/2026 23:59:59;VERDADEIRO"
            ),
            ";;;;;;;",
            "00123;;0;0,1;0,1234;31/12/1899;22/11/2026 23:59:59;FALSO",
            "",
        ]

    def test_excel_is_told_that_it_is_utf8(self) -> None:
        assert made([], "csv").startswith(b"\xef\xbb\xbfTexto;")

    def test_pandas_reads_it(self) -> None:
        read = pd.read_csv(
            io.BytesIO(made(ROWS, "csv")), sep=";", decimal=",", dtype={"Texto": "str"}
        )
        assert read["Texto"].tolist()[::2] == [ROWS[0][0], "00123"]
        assert read["Valor"].tolist()[::2] == [-1240.1, 0.1234]
        assert read["Número"].tolist()[::2] == [-1234.5, 0.1]
        assert pd.to_datetime(read["Dia"], format="%d/%m/%Y")[0] == pd.Timestamp("2026-11-02")

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
    def test_a_text_that_begins_like_a_formula_is_defused(self, sign: str) -> None:
        cell = f"{sign}cmd|' /C calc'!A0"
        (read,) = pd.read_csv(io.StringIO("C\r\n" + of_kind("text", cell), newline=""))["C"]
        assert read == f"'{cell}"
        assert of_kind("texts", [cell, "b"]).strip('"').startswith(f"'{sign}")

    def test_a_heading_is_a_text_like_others(self) -> None:
        text = made([], "csv", [Column("c", "=1+1", "text")])
        assert text.decode("utf-8-sig") == "'=1+1\r\n"

    @pytest.mark.parametrize(
        ("kind", "cell", "told"),
        [
            ("integer", -7, "-7"),
            ("number", -0.5, "-0,5"),
            ("number", 1e21, "1000000000000000000000"),
            ("number", 1e-7, "0,0000001"),
            ("number", float("inf"), '""'),
            ("number", Decimal("1E+3"), "1000"),
            ("money", Decimal("-1234567.8"), "-1234567,80"),
            ("money", 5, "5,00"),
            ("money", Decimal("0.125"), "0,125"),
            ("date", date(987, 6, 5), "05/06/0987"),
            ("text", "1=1", "1=1"),
            ("text", " =1", " =1"),
        ],
    )
    def test_cells(self, kind: Kind, cell: Any, told: str) -> None:
        assert of_kind(kind, cell) == f"{told}\r\n"

    def test_an_instant_without_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            of_kind("instant", datetime(2026, 11, 22, 12))  # noqa: DTZ001 - that is the point

    def test_rows_are_written_as_they_come(self) -> None:
        file, sizes = io.BytesIO(), []

        def rows() -> Iterator[tuple[str]]:
            for _ in range(3):
                yield ("x" * 100_000,)
                sizes.append(file.tell())

        write(Table("t", COLUMNS[:1], rows()), "csv", file)
        assert 0 < sizes[0] < sizes[1] < sizes[2]


class TestXlsx:
    def cells(self, rows: Any = ROWS, columns: Any = COLUMNS) -> list[Any]:
        book = openpyxl.load_workbook(io.BytesIO(made(rows, "xlsx", columns)))
        return list(book.active.iter_rows())

    def test_its_values(self) -> None:
        heading, first, empty, last = ([cell.value for cell in row] for row in self.cells())
        local = datetime(2026, 11, 22, 23, 59, 59)  # noqa: DTZ001 - as Excel has it
        assert heading == [column.title for column in COLUMNS]
        assert first == [
            *(ROWS[0][0], "a, b", -3, -1234.5, -1240.1, datetime(2026, 11, 2), local),  # noqa: DTZ001
            True,
        ]
        assert empty == [None] * 8
        assert last == ["00123", None, 0, 0.1, 0.1234, "31/12/1899", local, False]

    def test_formats_are_those_of_brazil(self) -> None:
        formats = {
            c.kind: cell.number_format for c, cell in zip(COLUMNS, self.cells()[1], strict=True)
        }
        assert formats["money"] == "[$R$-416] #,##0.00"
        assert formats["date"] == "dd/mm/yyyy"
        assert formats["instant"] == "dd/mm/yyyy hh:mm:ss"

    def test_the_heading_is_bold_and_stays_in_sight(self) -> None:
        sheet = openpyxl.load_workbook(io.BytesIO(made(ROWS, "xlsx"))).active
        assert sheet.freeze_panes == "A2"
        assert all(cell.font.bold for cell in sheet[1])
        assert not sheet["A2"].font.bold
        assert sheet.auto_filter.ref == "A1:H4"

    @pytest.mark.parametrize("text", ["=1+1", "{=1}", "http://a.example/", "-5", "1"])
    def test_a_text_is_a_text(self, text: str) -> None:
        _, (cell,) = self.cells([(text,)], COLUMNS[:1])
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)

    def test_too_many_rows_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert sheet_module.MOST_ROWS == 1_048_575
        monkeypatch.setattr(sheet_module, "MOST_ROWS", 2)
        assert made(ROWS[:2], "xlsx")
        with pytest.raises(TooManyRows, match=r"holds 2 rows .* csv or parquet"):
            made(ROWS, "xlsx")

    def test_a_text_too_long_is_refused(self) -> None:
        assert made([("x" * 32_767,)], "xlsx", COLUMNS[:1])
        with pytest.raises(ValueError, match="row 1, column 1: a cell of XLSX holds 32,767"):
            made([("x" * 32_768,)], "xlsx", COLUMNS[:1])

    @pytest.mark.parametrize(
        ("name", "sheet"), [("a/b[c]" * 20, 31), ("'", 6), ("history " * 5, 31)]
    )
    def test_any_name_makes_a_sheet(self, name: str, sheet: int) -> None:
        file = io.BytesIO()
        write(Table(name, COLUMNS, iter(ROWS)), "xlsx", file)
        assert len(openpyxl.load_workbook(file).active.title) <= sheet


class TestParquet:
    def test_its_types(self, tmp_path: Path) -> None:
        write(table(), "parquet", tmp_path / "t")
        described = duckdb.sql(f"DESCRIBE FROM read_parquet('{tmp_path / 't'}')").fetchall()
        assert {name: kind for name, kind, *_ in described} == {
            "text": "VARCHAR",
            "texts": "VARCHAR[]",
            "integer": "BIGINT",
            "number": "DOUBLE",
            "money": "DECIMAL(18,4)",
            "date": "DATE",
            "instant": "TIMESTAMP WITH TIME ZONE",
            "flag": "BOOLEAN",
        }

    def test_rows_come_back_as_they_went_in(self, tmp_path: Path) -> None:
        rows = [
            *ROWS,
            ("a\x00\r🙂", ["'"], 2**63 - 1, 1e-300, Decimal(10) ** 13, date.max, AT, True),
        ]
        write(table(rows), "parquet", tmp_path / "it's")
        assert list(read_parquet(duckdb.default_connection(), COLUMNS, tmp_path / "it's")) == rows

    def test_no_rows(self, tmp_path: Path) -> None:
        assert write(table([]), "parquet", tmp_path / "t") == 0
        assert list(read_parquet(duckdb.default_connection(), COLUMNS, tmp_path / "t")) == []

    @pytest.mark.parametrize(
        ("at", "cell"), [(2, 2**63), (4, Decimal(10) ** 14), (4, Decimal("NaN"))]
    )
    def test_what_a_column_cannot_hold_is_refused(self, at: int, cell: Any) -> None:
        row: list[Any] = [None] * 8
        row[at] = cell
        with pytest.raises(ValueError, match=r"."):
            made([row], "parquet")

    def test_an_instant_without_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            made([(*(None,) * 6, datetime(2026, 11, 22), None)], "parquet")  # noqa: DTZ001
