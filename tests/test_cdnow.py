"""Real orders (CDNOW, 1997-98) through `nyxter replay`, against a plain recomputation."""

import importlib.metadata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from command import Replayed, replay_command

AS_OF = "1998-07-01"


class Row(NamedTuple):
    """One purchase: the amount as it is written."""

    customer: str
    day: str
    amount: str


def cdnow_file() -> Path:
    """The file inside the package `lifetimes`, which is not imported."""
    files = importlib.metadata.files("lifetimes") or []
    [path] = [file.locate() for file in files if file.name == "CDNOW_master.txt"]
    return Path(str(path))


def cdnow_rows() -> Iterator[Row]:
    """The rows of the file."""
    for line in cdnow_file().read_text("ascii").splitlines()[1:]:
        customer, day, _, amount = line.split()
        yield Row(customer, f"{day[:4]}-{day[4:6]}-{day[6:]}", amount)


def line_of(number: int, row: Row) -> str:
    """The row as an event; the amount is a text or a JSON number in turn."""
    amount = f'"{row.amount}"' if number % 2 else row.amount
    return (
        '{"specversion":"1.0","source":"/cdnow","type":"nyxter.purchase.recorded.v1",'
        f'"id":"{number}","subject":"{row.customer}","time":"{row.day}T12:00:00Z",'
        f'"data":{{"order_id":"{number}","ordered_on":"{row.day}","operation_nature":"5102",'
        f'"value":{amount}}}}}\n'
    )


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(cdnow_rows())


@pytest.fixture(scope="module")
def replayed(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    content = "".join(line_of(number, row) for number, row in enumerate(rows)).encode()
    rules = "[analysis]\nstart = 1997-01-01"
    return replay_command(tmp_path_factory.mktemp("cdnow"), content, rules=rules, as_of=AS_OF)


def test_every_row_is_read(rows: list[Row], replayed: Replayed) -> None:
    assert len(rows) == 69_659
    assert len({row.customer for row in rows}) == 23_570
    assert (replayed.status, replayed.rejects) == (0, None)
    assert "69,659 lines, 23,570 customers, 0 lines rejected" in replayed.errors


def test_last_sale_orders_and_value_of_every_customer(rows: list[Row], replayed: Replayed) -> None:
    expected: dict[str, list[tuple[str, Decimal]]] = {}
    for row in rows:
        expected.setdefault(row.customer, []).append((row.day, Decimal(row.amount)))
    assert replayed.profiles is not None
    assert [row["customer_id"] for row in replayed.profiles] == sorted(expected)
    for profile in replayed.profiles:
        bought, raw = expected[profile["customer_id"]], profile["raw"]
        days = [day for day, _ in bought]
        assert (raw["last_sale"], raw["first_sale"]) == (max(days), min(days))
        assert raw["orders"] == len(bought)
        assert Decimal(raw["value"]) == sum(amount for _, amount in bought)
