"""A dirty contract file of 50,000 rows: what was planted is what is told, row by row."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from dirty_contracts import HARMLESS, REJECTED, Dirty, make_dirty
from import_command import Imported, import_command

from nyxter_online.intake import Line, take_in
from streams.importing.outcome import Outcome

ROWS = 50_000


class Case(NamedTuple):
    planted: Dirty
    file: Path
    imported: Imported
    report: list[dict[str, Any]]


def report_of(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("dirty")
    planted = make_dirty(folder / "base.csv", ROWS)
    rejects = folder / "rejects.csv"
    imported = import_command("contracts", folder / "base.csv", "--rejects", str(rejects))
    return Case(planted, folder / "base.csv", imported, report_of(rejects))


WORDS = {
    "taken": "taken",
    "exact repeat": "exact repeats",
    "contradiction": "contradictions",
    "missing key": "missing keys",
    "missing value": "missing values",
    "wrong value": "wrong values",
    "over a limit": "rejected by limits",
    "unreadable": "unreadable",
}


def test_every_kind_of_dirt_is_there(case: Case) -> None:
    assert set(case.planted.kinds) == set(map(str, Outcome)) == set(WORDS)
    assert min(case.planted.named[name] for name in [*REJECTED, *HARMLESS]) > 50


def test_every_row_is_accounted_for(case: Case) -> None:
    told = {kind: case.imported.count(words) for kind, words in WORDS.items()}
    assert told == dict(case.planted.kinds)
    assert sum(told.values()) == case.imported.count("rows as of") == ROWS
    assert f"and {case.planted.blank:,} blank lines" in case.imported.said
    assert case.imported.status == 3


def test_each_rejected_row_is_told_with_its_line_and_raw(case: Case) -> None:
    told = {int(row["line"]): row for row in case.report}
    assert len(told) == len(case.report)
    assert {line: row["kind"] for line, row in told.items()} == case.planted.by_line
    raw = case.file.read_bytes().decode("cp1252").split("\r\n")
    assert all(row["row"].split("\n")[0] == raw[line - 1] for line, row in told.items())


def test_reasons_name_the_column(case: Case) -> None:
    told = Counter((row["column"], row["reason"]) for row in case.report)
    assert told["cod_cliente", "is missing"] == case.planted.named["no customer"]
    assert told["cod_cliente", "begins with a closing brace"]
    assert told["dt_assinatura_contrato", "is a date that does not exist"]
    assert told["nome_produto", "has more than 1024 bytes (limits.text_bytes)"]
    assert told["", "has more columns than the header"] == case.planted.named["too many columns"]
    assert told["", "a quote is not closed, or in a wrong place"]


def test_every_event_would_be_applied(case: Case) -> None:
    kinds = Counter(event["type"] for event in case.imported.events)
    assert kinds == {
        "nyxter.contract.recorded.v1": case.planted.contracts,
        "nyxter.customer.recorded.v1": len(case.planted.customers),
    }
    written = case.file.with_name("base.csv.events.jsonl").read_bytes().splitlines()
    intake = take_in([Line(n, 1_795_000_000_000, line) for n, line in enumerate(written)])
    assert intake.refused == []
    assert len({event["id"] for event in case.imported.events}) == len(written)


def test_what_looks_otherwise_and_means_the_same_is_the_same(case: Case) -> None:
    products = {e["data"].get("product", "X") for e in case.imported.events}
    assert all(
        name == name.upper() and "  " not in name and name.isprintable() for name in products
    )
    days = {e["data"]["signed_on"] for e in case.imported.events if "signed_on" in e["data"]}
    assert all(len(day) == 10 and day[4] == day[7] == "-" for day in days)


def test_the_order_of_rows_does_not_matter(case: Case, tmp_path: Path) -> None:
    lines = case.file.read_bytes().split(b"\r\n")[3:3_000]
    header, *rows = [line for line in lines if b'"' not in line and line.count(b";") == 13]
    (tmp_path / "one.csv").write_bytes(b"\r\n".join([header, *rows]))
    (tmp_path / "two.csv").write_bytes(b"\r\n".join([header, *reversed(rows)]))
    one, two = (import_command("contracts", tmp_path / f"{n}.csv").events for n in ("one", "two"))
    assert len(one) > 2_000
    assert sorted(map(str, one)) == sorted(map(str, two))
