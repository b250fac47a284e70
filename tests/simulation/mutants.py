"""Faults planted one at a time: what finds each of them, and how fast.

`python -m tests.simulation.mutants` looks for all, `… NAME` for those whose names hold a word.
"""

from typing import Final

from simulation.mutations import Mutant

_LANE = "streams.lane.lane:Lane."
_LANES = "streams.lane.lanes:Lanes."
_TRANSACTION = "streams.lane.transaction:TransactionalProducer."
_GATE = "streams.lane.transport:Consumer."
_SHIFT = "streams.segmenter.shift:SegmentShift."
_LEADER = "streams.segmenter.leader:Leader."

LANE: Final = (
    Mutant(
        "no fence: every producer has a name of its own",
        _LANES + "_fence_and_load",
        "name = writer_name(config.app_id, config.changelog, partition)",
        'name = f"{config.app_id}-{time.monotonic()}-{partition}"',
    ),
    Mutant(
        "the position runs one ahead",
        _LANE + "_commit",
        "{topic: end for",
        "{topic: end + 1 for",
    ),
    Mutant(
        "the position stays a batch behind",
        _LANE + "_commit",
        "_replace(next=following",
        "_replace(next=self.positions",
    ),
    Mutant(
        "a transaction that failed counts as committed",
        _LANE + "_commit",
        "self._state.apply(written, self._producer.write(written))",
        "\n            try:\n                self._producer.write(written)\n"
        "            except Fenced:\n                pass",
    ),
    Mutant(
        "what failed is not undone before it is tried again",
        _LANE + "_compute",
        "except Exception:  # noqa: BLE001 - once more: the second failure counts\n"
        "        self.shift.undo()",
        "except Exception:\n        pass",
    ),
    Mutant(
        "what failed twice is not undone",
        _LANE + "_compute",
        "    except Exception:\n        self.shift.undo()\n        raise",
        "    except Exception:\n        raise",
    ),
    Mutant(
        "the journal has a transaction of its own",
        _LANE + "_commit",
        "written = [*records,",
        "self._producer.write(records[-1:])\n    written = [*records[:-1],",
    ),
    Mutant(
        "what was taken in is not remembered",
        _LANE + "put",
        "end = self.expected[topic] = ",
        "end = ",
    ),
    Mutant(
        "what was taken in before is taken in again",
        _LANE + "put",
        "if message.offset >= expected",
        "",
    ),
    Mutant(
        "a fenced lane counts as one that was stopped",
        _LANE + "run",
        "return Ended.FENCED",
        "return Ended.STOPPED",
    ),
    Mutant(
        "a message alone is skipped where the work fails on it",
        _LANE + "_handle",
        "records = self._compute(batch._replace(poison=type(error).__name__))",
        "return",
    ),
    Mutant(
        "a partition that is lost is kept",
        _LANES + "assign",
        "self._end(partition)",
        "pass",
    ),
    Mutant(
        "a lane that is kept is not sought again",
        _LANES + "_start",
        "self.open_gate(lane.partition, lane.expected)",
        "self.open_gate(lane.partition, lane.positions)",
    ),
)

TRANSACTION: Final = (
    Mutant(
        "a commit that nobody answered is written again",
        _TRANSACTION + "write",
        "raise Fenced(_text(error)) from error",
        "\n                self._producer = self._anew()\n                continue",
    ),
    Mutant(
        "a commit is given up after the first time-out, as done",
        _TRANSACTION + "_commit",
        "if last or not error.args[0].retriable():",
        "if error.args[0].retriable():\n                return\n            if True:",
    ),
    Mutant(
        "what the broker aborts counts as written",
        _TRANSACTION + "write",
        "self._abort()",
        "self._abort()\n                break",
    ),
)

GATE: Final = (
    Mutant(
        "what was fetched before the gate opened anew is handed over",
        _GATE + "is_current",
        "return self._openings.get(fetched.partition) == fetched.opening",
        "return True",
    ),
    Mutant(
        "what is dropped at the gate is not asked for again",
        _GATE + "_seek_back",
        "self._open(partition, lane.expected)",
        "pass",
    ),
    Mutant(
        "seeking goes to what the group has committed",
        _GATE + "_open",
        "positions.get(t, 0)",
        "self.group.committed.get((t, partition), 0)",
    ),
    Mutant(
        "seeking goes one too far",
        _GATE + "_seek_and_open",
        "max(at, starts[tp])",
        "max(at + (at > 0), starts[tp])",
    ),
)

LEADER: Final = (
    Mutant(
        "the leader goes on from the number that it remembers",
        _LEADER + "_catch_up",
        "self._number = SnapshotHeader(**loads(header)).number",
        "self._number = self._number or SnapshotHeader(**loads(header)).number",
    ),
    Mutant(
        "leaders do not fence each other",
        _LEADER + "lead",
        "leader_name(self._app_id)",
        "leader_name(self._app_id) + str(time.monotonic())",
    ),
    Mutant(
        "the leader merges summaries of the past",
        _LEADER + "lead",
        "while not caught_up.wait(_LOOK_S):",
        "while False:",
    ),
    Mutant(
        "a snapshot's composition has a transaction of its own",
        _LEADER + "_publish",
        "producer.write([*records, Record(topics.JOURNAL, None, composition.value(), None, 0)])",
        "producer.write(records)\n"
        "    producer.write([Record(topics.JOURNAL, None, composition.value(), None, 0)])",
    ),
    Mutant(
        "the leader merges what is there, whether all have told or not",
        "streams.segmenter.leader:_Desk.of",
        "if len(fitting) == partitions else {}",
        "",
    ),
    Mutant(
        "the day turns in one partition alone",
        _LEADER + "_turn_day",
        "self._partitions)",
        "1)",
    ),
    Mutant(
        "chunks that nobody has any more stay on the topic of snapshots",
        "streams.segmenter.snapshots:snapshot_records",
        "for key in known if key not in chunks",
        "for key in ()",
    ),
    Mutant(
        "the end of one partition counts as the end of all",
        "streams.lane.tail:Tail._take",
        "if len(ended) == self._partitions:",
        "if ended:",
    ),
)

SHIFT: Final = (
    Mutant(
        "the state names the entry before",
        _SHIFT + "memo",
        "self._coming",
        "self.progress",
    ),
    Mutant(
        "a stray is applied where it came",
        _SHIFT + "_is_home",
        "if self.customers.get(envelope.subject) is not None:",
        "if True:",
    ),
    Mutant(
        "strays are not sent on",
        "streams.segmenter.told:Told.aside",
        "for message, envelope in intake.strays:",
        "for message, envelope in ():",
    ),
    Mutant(
        "a sweep passes over the first of a part",
        _SHIFT + "_sweep",
        "(buckets >= part.first)",
        "(buckets > part.first)",
    ),
    Mutant(
        "a summary that was taken back counts as written",
        "streams.segmenter.summarising:Summarising.undo",
        "self._whole = self._changed = True",
        "pass",
    ),
    Mutant(
        "what is erased is not remembered",
        "streams.segmenter.told:Told.changes",
        "for name, time_ in outcome.erasures.items():",
        "for name, time_ in ():",
    ),
    Mutant(
        "a state is loaded without its standings",
        "streams.segmenter.codec:load_customers",
        "if customer is not None:",
        "if False:",
    ),
    Mutant(
        "a state is loaded without its last record",
        "streams.lane.changelog:latest",
        "for key, value in pairs:",
        "for key, value in pairs[:-1] or pairs:",
    ),
    Mutant(
        "records under way are read as if they were committed",
        "streams.lane.changelog:opened",
        "**COMMITTED,",
        '**COMMITTED,\n            "isolation.level": "read_uncommitted",',
    ),
    Mutant(
        "a day that turned is not taken back with its batch",
        _SHIFT + "undo",
        "self.customers.rebuild(self._turned_from)",
        "pass",
    ),
)

MUTANTS: Final = (*LANE, *TRANSACTION, *GATE, *LEADER, *SHIFT)
