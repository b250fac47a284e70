"""Any text as a customer's id: refused everywhere in the same words, or taken everywhere."""

import os
import subprocess
import sys

import pytest
from driving import line_of, nobody, purchase, settled
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.crc import key_slot
from test_cli import nyxter, told

from nyxter_online.intake import Line, take_in
from schemas.customer_id import problem_of
from schemas.envelope import loads
from streams.cards import card_key, history_key
from streams.cli.sheet import EXPLAINING, changes_table, plain_console
from streams.cli.words import printable
from streams.lane.partitioner import partition_of
from streams.segmenter.codec import load_customers, register_record

ODD = st.sampled_from("{}:/\\\"'*?[]%|$ \n\r\0\t\x1b\x7f\x85\u2028\u202e🙂é-e\u0301")
IDS = st.one_of(st.text(ODD, min_size=1), st.text(min_size=1)).filter(
    lambda text: len(text.encode(errors="replace")) <= 512
)
AWAY = "redis://127.0.0.1:1/0"


@settings(max_examples=300, deadline=None)
@given(IDS)
def test_the_door_and_the_commands_refuse_the_same_ids(name: str) -> None:
    line = line_of(purchase(name))
    intake = take_in([Line(1, 2**41, line)])
    reasons = [refusal.reason for refusal in intake.refused]
    problem = problem_of(name)
    assert reasons == ([f"subject {problem}"] if problem else [])
    if problem is None:
        assert key_slot(card_key(name.encode())) == key_slot(history_key(name.encode()))
        assert "\0" not in name  # no command could be told
        assert printable(name).splitlines() == [printable(name)]


@settings(max_examples=100, deadline=None)
@given(st.lists(IDS.filter(lambda name: problem_of(name) is None), unique=True, max_size=8))
def test_state_is_loaded_as_it_was_stored(names: list[str]) -> None:
    arrived = take_in(Line(1, 2**41, line_of(purchase(name, name))) for name in names).arrived
    outcome = settled(nobody(), arrived)
    stored = {key: value or b"" for key, value in map(register_record, outcome.changes)}
    assert len(stored) == len(names)
    loaded = nobody()
    load_customers(loaded, stored)
    assert {customer.id: list(customer.orders) for customer in loaded} == {n: [n] for n in names}
    assert all(0 <= partition_of(loads(key)[1].encode(), 7) < 7 for key in stored)


@pytest.mark.parametrize("command", [("card",), ("explain",), ("tail", "--customer")])
@pytest.mark.parametrize(
    ("name", "problem"), [("a\nb", "has a control character"), ("}a", "begins with a closing")]
)
def test_commands_refuse_what_cannot_be(command: tuple[str, ...], name: str, problem: str) -> None:
    result = nyxter(*command, name, NYXTER_REDIS_URL=AWAY)
    assert result.exit_code == 2
    assert f"nyxter: the customer's id {problem}" in told(result)


def test_bytes_that_are_no_text_are_refused() -> None:
    command = [os.fsencode(sys.executable), b"-m", b"streams.cli", b"card", b"a\xff"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.decode().strip() == "nyxter: the customer's id is not UTF-8"


def test_a_page_takes_brackets_and_colons_for_what_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = {"id": "[/x]:smile:", "type": "nyxter.purchase.recorded.v1"}
    why = {"cause": "customer", "event": event, "before": None, "after": {}, "boundary": None}
    moved = {"time": "2026-11-22T13:00:00Z", "kind": "tier", "old": None, "new": "vip", "why": why}
    plain_console().print(changes_table(EXPLAINING.changes([moved])))
    assert "pedido [/x]:smile:" in capsys.readouterr().out
