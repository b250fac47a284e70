"""`nyxter erase` without a broker: bad input is refused by its place, receipts are read back."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from test_cli import nyxter, told

from schemas.envelope import read_kafka
from schemas.events import CustomerErased, event_of
from streams import topics
from streams.erasure import receipt as receipts
from streams.erasure.receipt import BadReceipt, Receipt, read_receipts, still_held
from streams.erasure.request import Request
from streams.erasure.work import Names
from streams.settings import Settings

NOON_MS = 1_795_359_600_000  # 2026-11-22T15:00:00Z


def given() -> Receipt:
    return Receipt(
        hidden_name="0" * 32,
        keyed=True,
        erased_up_to="2026-11-22T15:00:00Z",
        confirmed_at="2026-11-22T15:00:02.5Z",
        removed={"orders": 3},
        snapshot=12,
        still_held=(),
        software="nyxter-online 0.1.0",
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"K1\nK\xff2\n", "line 2: is not UTF-8"),
        (b"K1\n\nK\x072\n", "line 3: the id has a control character"),
        (b"\xef\xbb\xbf   \n", "line 1: the id is empty"),
    ],
)
def test_a_file_of_ids_is_refused_by_its_line(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(content)
    refused = nyxter("erase", "--file", str(file), NYXTER_BROKER="127.0.0.1:1")
    assert refused.exit_code == 2
    assert f"ids.txt, {problem}" in told(refused)


def test_who_is_to_be_erased_must_be_said(tmp_path: Path) -> None:
    assert "give customers, --file or --check" in told(nyxter("erase"))
    assert nyxter("erase").exit_code == 2
    assert "CUSTOMER: the id is empty" in told(nyxter("erase", ""))
    assert "No such file" in told(nyxter("erase", "--file", str(tmp_path / "none.txt")))


def test_a_broker_that_is_away_is_told() -> None:
    refused = nyxter("erase", "K1", "--yes", "--no-redis", NYXTER_BROKER="127.0.0.1:1")
    assert refused.exit_code == 2
    assert "the broker at 127.0.0.1:1" in told(refused)


def test_the_same_request_is_the_same_event() -> None:
    request = Request("Ação 7", "hidden", 3, "2026-11-22T15:00:00.25")
    envelope = read_kafka(request.event(), None)
    assert request.event() == request.event()
    assert isinstance(event_of(envelope), CustomerErased)
    assert (envelope.id, envelope.subject) == ("hidden-2026-11-22T15:00:00.25", "Ação 7")
    assert envelope.time == request.time


def test_receipts_are_read_as_written(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_bytes(given().line() * 2)
    assert read_receipts(file) == [given()] * 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "line 2: the line: Invalid JSON"),
        (b"{}", "line 2: hidden_name: Field required"),
        (given().line().replace(b"12", b'"many"'), "line 2: snapshot: Input should be"),
    ],
)
def test_what_is_no_receipt_is_refused_by_its_line(
    tmp_path: Path, line: bytes, problem: str
) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_bytes(given().line() + line)
    with pytest.raises(BadReceipt, match=problem):
        read_receipts(file)


def test_what_is_still_held_is_told_with_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {topics.CONTRACTS: "-1", topics.DEAD_LETTERS: str(90 * topics.DAY_MS)}
    compacted = {"max.compaction.lag.ms": str(2**63 - 1), "delete.retention.ms": "86400000"}

    def configs(_: Any, names: list[str]) -> dict[str, dict[str, str]]:
        return {n: {"retention.ms": kept.get(n, str(topics.DAY_MS))} | compacted for n in names}

    monkeypatch.setattr(
        receipts, "topics", SimpleNamespace(**vars(topics) | {"configs_of": configs})
    )
    told_of = {one.topic: one for one in still_held(None, "changelog", NOON_MS)}  # type: ignore[arg-type]
    assert (told_of[topics.CONTRACTS].days, told_of[topics.CONTRACTS].until) == (None, None)
    assert told_of[topics.DEAD_LETTERS].days == 90
    assert told_of[topics.DEAD_LETTERS].until == str(date(2027, 2, 21))
    assert told_of["changelog"].days is None, "nothing makes the broker compact it"
    assert {one.what for one in told_of.values()} == {
        "input",
        "dead letters",
        "past outputs",
        "replaced records",
    }


def test_names_of_all_secrets_are_known() -> None:
    old, new = Settings(secret=SecretStr("old")), Settings(secret=SecretStr("new"))
    rotated = Settings(secret=SecretStr("new"), secret_before=SecretStr("older old"))
    names = Names(rotated).all_of("K1")
    assert names[0] == Names(new).of("K1")
    assert Names(old).of("K1") in names
    assert Names(Settings(secret=SecretStr(""))).of("K1") in names, "made before there was any"
    assert not Names(Settings(secret=SecretStr(""))).are_keyed


def test_a_secret_may_be_of_any_length() -> None:
    whole = Settings(secret=SecretStr("s" * 65))
    longer = Settings(secret=SecretStr("s" * 66))
    assert Names(whole).of("K1") != Names(longer).of("K1")
