"""Real orders (CDNOW, 1997-98) as a file through `nyxter import`; `test_cdnow_kafka` goes on."""

import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from import_command import Imported, import_command
from test_cdnow import cdnow_file, cdnow_rows


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Imported]:
    path = tmp_path_factory.mktemp("cdnow") / "CDNOW_master.txt"
    shutil.copy(cdnow_file(), path)
    return path, import_command("purchases", path)


def test_the_format_is_found(imported: tuple[Path, Imported]) -> None:
    _, result = imported
    assert result.status == 0
    for line in ("separator       spaces", "header          line 1", "decimals        point"):
        assert line in result.said
    assert (
        "cdnow: customer_id = customer_id, ordered_on = date, value = dollar_value" in result.said
    )


def test_every_row_is_an_order_of_its_own(imported: tuple[Path, Imported]) -> None:
    _, result = imported
    assert result.count("rows as of 1998-06-30") == result.count("taken") == 69_659
    assert len({(e["subject"], e["data"]["order_id"]) for e in result.events}) == 69_659
    assert len({event["subject"] for event in result.events}) == 23_570


def test_every_order_says_what_its_row_says(imported: tuple[Path, Imported]) -> None:
    _, result = imported
    told = Counter(
        (e["subject"], e["data"]["ordered_on"], Decimal(e["data"]["value"])) for e in result.events
    )
    assert told == Counter((row.customer, row.day, Decimal(row.amount)) for row in cdnow_rows())
    assert {event["data"]["operation_nature"] for event in result.events} == {"5102"}
