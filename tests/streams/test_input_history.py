"""What entries say of the inputs: joined, passed over, and whether all is there."""

from typing import Any

import pytest

from streams.lane.input_checks import Observed
from streams.segmenter.entry import Entry, read_entry
from streams.segmenter.input_history import InputHistory, JournalBroken

TOPIC = "orders"
PLAIN = Entry(1, "2026-11-22T15:00:00Z", "v", 0, 0, None, summary=False, spans=[], poison=None)


def applied(start: int, end: int) -> dict[str, Any]:
    return {"spans": [(TOPIC, start, end)]}


def passed(start: int, end: int, topic_id: str | None = None) -> dict[str, Any]:
    ids = {} if topic_id is None else {TOPIC: topic_id}
    return {"spans": [(TOPIC, start, end)], "skipped": "why", "topic_ids": ids}


def history(*entries: dict[str, Any]) -> InputHistory:
    made = InputHistory(0)
    for number, fields in enumerate(entries, 1):
        made.take(read_entry(PLAIN._replace(**{"number": number, **fields}).value()))  # type: ignore[arg-type]
    return made


def missing(made: InputHistory, start: int, topic_id: str | None = None) -> str | None:
    return made.missing({TOPIC: Observed(topic_id, start=start)})


def test_an_entry_of_an_earlier_release_applies_its_ranges() -> None:
    value = PLAIN._replace(spans=[(TOPIC, 0, 4)]).value()
    assert b"skipped" not in value
    entry = read_entry(value)
    assert isinstance(entry, Entry)
    assert entry.skipped is None


def test_what_was_passed_over_may_be_gone() -> None:
    made = history(passed(0, 10), applied(10, 15), passed(15, 15))
    assert made.next == {TOPIC: 15}
    assert missing(made, 10) is None
    assert [made.is_skipped(TOPIC, offset) for offset in (0, 9, 10)] == [True, True, False]
    assert "messages that the journal tells of were deleted (offsets 10 to 11)" in str(
        missing(made, 12)
    )


def test_what_was_applied_before_a_hole_may_not_be_gone() -> None:
    made = history(applied(0, 5), passed(5, 20), applied(20, 30))
    assert missing(made, 0) is None
    assert "partition 0, starts at offset 20" in str(missing(made, 20))
    assert "(offsets 0 to 19)" in str(missing(made, 20))


@pytest.mark.parametrize("end", [0, 7])
def test_a_topic_made_anew_ends_what_can_be_computed_anew(end: int) -> None:
    made = history(passed(0, 0, "A"), applied(0, 5), passed(5, end, "B"), applied(end, end + 9))
    assert made.topic_ids == {TOPIC: "B"}
    told = str(missing(made, 0, "B"))
    assert "entries up to 2 applied offsets 0 to 4 of the former one" in told


def test_a_topic_made_anew_before_anything_was_applied_can_be_computed() -> None:
    made = history(passed(0, 0, "A"), passed(0, 0, "B"), applied(0, 9))
    assert missing(made, 0, "B") is None
    assert "was deleted and made anew" in str(missing(made, 0, "C"))


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([applied(0, 5), applied(6, 9)], "entry 2: orders goes on at 6, not at 5"),
        ([applied(0, 5), passed(4, 9)], "entry 2: orders goes on at 4, not at 5"),
        ([passed(0, 5), applied(0, 9)], "entry 2: orders goes on at 0, not at 5"),
        ([{"number": 4}], "the journal begins with entry 4"),
        ([{}, {"number": 3}], "entry 2 is missing"),
    ],
)
def test_entries_that_do_not_follow_are_refused(entries: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(JournalBroken, match=reason):
        history(*entries)
