"""What format a file is found to have: encodings, separators, decimals, dates, quotes, headers."""

import itertools
from pathlib import Path

import pytest
from import_command import Imported, import_command

SEPARATORS = {";": ";", ",": ",", "tab": "\t", "|": "|"}
ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
AMOUNTS = {"comma": ("1.234,56", "-7,5", "12"), "point": ("1,234.56", "-7.5", "12")}
DATES = {
    "dmy": ("31/12/2025", "03/11/2026", "1/2/24"),
    "mdy": ("12/31/2025", "11/03/2026", "2/1/24"),
    "iso": ("2025-12-31", "2026-11-03", "20240201"),
}
HEADER = ("nr-pedido", "cod-emitente", "dt-emissao", "nat-operacao", "vl-tot-nota", "observação")


def written(rows: list[tuple[str, ...]], separator: str, header: tuple[str, ...] = HEADER) -> str:
    """Rows as text; every cell that holds the separator is quoted."""
    cells = [
        [f'"{cell}"' if separator in cell else cell for cell in row] for row in (header, *rows)
    ]
    return "\r\n".join(separator.join(row) for row in cells) + "\r\n"


def orders(amounts: tuple[str, ...], days: tuple[str, ...]) -> list[tuple[str, ...]]:
    """An order each."""
    return [
        (f"P{n}", f"C{n}", day, "5102", amount, "São João, 2ª via €")
        for n, (amount, day) in enumerate(zip(amounts, days, strict=True))
    ]


def imported(path: Path, text: str, *options: str, encoding: str = "utf-8") -> Imported:
    path.write_bytes(text.encode(encoding))
    return import_command("purchases", path, *options)


def told(result: Imported) -> list[tuple[str, str, str]]:
    assert result.status == 0, result.said + result.errors
    data = [(event["subject"], event["data"]) for event in result.events]
    return [(subject, one["ordered_on"], one.get("value")) for subject, one in data]


EXPECTED = [
    ("C0", "2025-12-31", "1234.56"),
    ("C1", "2026-11-03", "-7.5"),
    ("C2", "2024-02-01", "12"),
]


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [*itertools.product(ENCODINGS[:4], SEPARATORS), *zip(ENCODINGS[4:], SEPARATORS, strict=False)],
)
def test_encodings_and_separators(encoding: str, separator: str, tmp_path: Path) -> None:
    rows = orders(AMOUNTS["comma"], DATES["dmy"])
    text = written(rows, SEPARATORS[separator])
    text = text.replace("€", "") if encoding == "latin-1" else text
    result = imported(tmp_path / "orders.csv", text, encoding=encoding)
    assert told(result) == EXPECTED
    assert f"encoding        {encoding}\n" in result.said
    assert f"separator       {separator}\n" in result.said


@pytest.mark.parametrize(("decimals", "dates"), [*itertools.product(AMOUNTS, DATES)])
def test_decimals_and_dates(decimals: str, dates: str, tmp_path: Path) -> None:
    text = written(orders(AMOUNTS[decimals], DATES[dates]), ";")
    result = imported(tmp_path / "orders.csv", text)
    assert told(result) == EXPECTED
    assert f"decimals        {decimals} (2 different cells can be no other)" in result.said
    order = "MM/DD/YYYY" if dates == "mdy" else "DD/MM/YYYY"
    how = "it does not matter here" if dates == "iso" else "1 different cells can be no other"
    assert f"dates           {order} ({how}); year first as well" in result.said


AMBIGUOUS = written([("P1", "C1", "03/11/2025", "5102", "1.234", "")], ";")


def test_an_open_order_of_dates_asks(tmp_path: Path) -> None:
    result = imported(tmp_path / "a.csv", AMBIGUOUS, "--decimal", "comma")
    assert (result.status, result.events) == (2, [])
    assert "tell --dates dmy or --dates mdy" in result.errors


def test_open_decimals_ask(tmp_path: Path) -> None:
    result = imported(tmp_path / "a.csv", AMBIGUOUS, "--dates", "dmy")
    assert (result.status, result.events) == (2, [])
    assert "tell --decimal comma or --decimal point" in result.errors


@pytest.mark.parametrize(
    ("decimal", "dates", "expected"),
    [
        ("comma", "dmy", ("C1", "2025-11-03", "1234")),
        ("point", "mdy", ("C1", "2025-03-11", "1.234")),
    ],
)
def test_what_is_told_is_taken(
    decimal: str, dates: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    options = ("--decimal", decimal, "--dates", dates)
    assert told(imported(tmp_path / "a.csv", AMBIGUOUS, *options)) == [expected]


def test_cells_that_contradict_the_rest_are_rejected_not_turned(tmp_path: Path) -> None:
    days = ("31/12/2025", "30/12/2025", "12/31/2025")
    result = imported(tmp_path / "a.csv", written(orders(("1", "2", "3"), days), ";"))
    assert "(2 different cells can be no other, 1 can only be the other)" in result.said
    assert result.count("wrong values") == 1
    assert "line 4, dt-emissao: is a date that does not exist" in result.errors


def test_the_header_may_lie_below_junk(tmp_path: Path) -> None:
    text = "Pedidos;;\r\n\r\nEmitido em 20/11/2026;;;;;\r\n"
    text += written(orders(AMOUNTS["comma"], DATES["dmy"]), ";")
    result = imported(tmp_path / "a.csv", text)
    assert told(result) == EXPECTED
    assert "header          line 4\n" in result.said


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("R$ 1.234,50", "1234.50"),
        ("-R$ 1,5", "-1.5"),
        ("1.234,50-", "-1234.50"),
        ("(12,30)", "-12.30"),
        ("1 234,5", "1234.5"),
        ("+7", "7"),
        (",5", "0.5"),
        ("", None),
        ("NULL", None),
    ],
)
def test_amounts_as_they_are_written(cell: str, value: str | None, tmp_path: Path) -> None:
    text = written([("P1", "C1", "2025-01-31", "5102", cell, "")], ";")
    result = imported(tmp_path / "a.csv", text, "--decimal", "comma")
    assert told(result) == [("C1", "2025-01-31", value)]


@pytest.mark.parametrize(
    "cell", ["1.23.4", "1,2,3", "doze", "12-3", "--1", "1.2345,6", "١٢", "1e3"]
)
def test_amounts_that_are_none(cell: str, tmp_path: Path) -> None:
    text = written([("P1", "C1", "2025-01-31", "5102", cell, "")], ";")
    result = imported(tmp_path / "a.csv", text, "--decimal", "comma")
    assert (result.status, result.events) == (3, [])
    assert "line 2, vl-tot-nota: is not a number with a decimal comma" in result.errors


def test_broken_characters_cost_their_row(tmp_path: Path) -> None:
    rows = [
        ("P1", "Ação", "2025-01-31", "5102", "1", ""),
        ("P2", "B?", "2025-01-31", "5102", "1", ""),
    ]
    path, rejects = tmp_path / "a.csv", tmp_path / "rejects.csv"
    path.write_bytes(written(rows, ";").encode().replace(b"B?", b"B\xff"))
    result = import_command("purchases", path, "--rejects", str(rejects))
    assert [event["subject"] for event in result.events] == ["Ação"]
    assert result.count("unreadable") == 1
    assert b"3;;unreadable;has bytes that are not utf-8;" in rejects.read_bytes()
    assert b"P2;B\xff;2025-01-31" in rejects.read_bytes()


def test_a_quote_that_is_not_closed_costs_one_row(tmp_path: Path) -> None:
    rows = [(f"P{n}", "C1", "2025-01-31", "5102", "1", "") for n in range(200)]
    rows[50] = ("P50", '"C1', "2025-01-31", "5102", "1", "")
    rows[60] = ("P60", "C1", "2025-01-31", "5102", '"', "")
    result = imported(tmp_path / "a.csv", written(rows, ";"))
    assert result.count("taken") == 198
    assert result.count("unreadable") == 2


def test_a_cell_may_go_on_in_the_next_line(tmp_path: Path) -> None:
    rows = [
        ("P1", "C1", "2025-01-31", '"51\r\n02 ""x"""', "1", ""),
        ("P2", "C", "2025-01-31", "5", "1", ""),
    ]
    result = imported(tmp_path / "a.csv", written(rows, ";"))
    assert [event["data"]["operation_nature"] for event in result.events] == ['51 02 "x"', "5"]


def test_quotes_can_be_no_quotes(tmp_path: Path) -> None:
    rows = [("P1", '"C1', "2025-01-31", "5102", "1", "")]
    result = imported(tmp_path / "a.csv", written(rows, ";"), "--quote", "none")
    assert told(result) == [('"C1', "2025-01-31", "1")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no line to be the header"),
        ("a;b\r\n1;2\r\n", "no header is understood; line 1 reads as a, b; cdnow needs"),
        (written([], ";", (*HEADER, "NR_PEDIDO")), "the column nr_pedido is there twice"),
        (
            written([("P1", "C1", "2999-01-31", "5102", "1", "")], ";"),
            "the newest day in the file is 2999-01-31, which is to come",
        ),
    ],
)
def test_files_that_cannot_be(text: str, words: str, tmp_path: Path) -> None:
    result = imported(tmp_path / "a.csv", text)
    assert (result.status, result.events) == (2, [])
    assert words in result.errors


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = import_command("purchases", tmp_path / "none.csv")
    assert result.status == 2
    assert "none.csv: No such file or directory" in result.errors


def test_a_file_of_customers_asks_when_it_is_from(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("cod_cliente;uf\nC1;sp\n", "utf-8")
    result = import_command("customers", path)
    assert (result.status, result.events) == (2, [])
    assert "nothing in the file tells of when it is: tell --as-of DAY" in result.errors
    [event] = import_command("customers", path, "--as-of", "2026-11-20").events
    assert (event["subject"], event["data"]) == ("C1", {"state": "SP"})
    assert event["time"] == "2026-11-20T03:00:00Z"


def test_a_file_without_rows_is_no_error(tmp_path: Path) -> None:
    result = imported(tmp_path / "a.csv", written([], ";"))
    assert (result.status, result.events, result.count("rows")) == (0, [], 0)
