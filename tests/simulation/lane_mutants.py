"""Faults planted in lanes, transactions and the gate."""

from typing import Final

from simulation.mutations import Mutant

_LANE = "streams.lane.lane:Lane."
_LANES = "streams.lane.lanes:Lanes."
_TRANSACTION = "streams.lane.transaction:TransactionalProducer."
_GATE = "streams.lane.transport:Consumer."

LANE: Final = (
    Mutant(
        "no fence: every producer has a name of its own",
        _LANES + "_fence_and_load",
        "name = writer_name(config.app_id, config.changelog, partition)",
        'name = f"{config.app_id}-{time.monotonic()}-{partition}"',
        16,
    ),
    Mutant(
        "the position runs one ahead",
        _LANE + "_commit",
        "{topic: end for",
        "{topic: end + 1 for",
        16,
    ),
    Mutant(
        "the position stays a batch behind",
        _LANE + "_commit",
        "_replace(next=following",
        "_replace(next=self.positions",
        16,
    ),
    Mutant(
        "a transaction that failed counts as committed",
        _LANE + "_commit",
        "self._state.apply(written, self._producer.write(written))",
        "\n            try:\n                self._producer.write(written)\n"
        "            except Fenced:\n                pass",
        306,
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
        305,
    ),
    Mutant(
        "the journal has a transaction of its own",
        _LANE + "_commit",
        "written = [*records,",
        "self._producer.write(records[-1:])\n    written = [*records[:-1],",
        16,
    ),
    Mutant(
        "what was taken in is not remembered",
        _LANE + "put",
        "self.expected[topic] = end",
        "pass",
        16,
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
        310,
    ),
    Mutant(
        "a partition that is lost is kept",
        _LANES + "assign",
        "self._end(partition)",
        "pass",
        312,
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
        "an epoch is trusted after its EndTxn was sent again (issue 14, C)",
        "streams.lane.end_txn:EndTxns.distrust",
        "return self._distrust",
        'return ""',
        8,
    ),
    Mutant(
        "a commit that nobody answered is written again",
        _TRANSACTION + "_write",
        "raise Fenced(_text(error)) from error",
        "\n                self._begin_epoch()\n                continue",
    ),
    Mutant(
        "a commit is given up after the first time-out, as done",
        _TRANSACTION + "_commit",
        "if last or not error.args[0].retriable():\n                    raise",
        "if not error.args[0].retriable():\n                    raise\n                return",
        315,
    ),
    Mutant(
        "what the broker aborts counts as written",
        _TRANSACTION + "_write",
        "self._abort()",
        "self._abort()\n            break",
    ),
    Mutant(
        "a name is taken anew whoever has it",
        "streams.lane.ownership:Ownership.lost",
        "if not self._leased():",
        "return ''\n    if not self._leased():",
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
        "await self.seek_wait(wanted)",
        "await self.seek_wait({tp: at + (at > 0) for tp, at in wanted.items()})",
        16,
    ),
    Mutant(
        "aiokafka goes on at the beginning where an offset is gone (issue 14, A)",
        "streams.lane.transport:ConsumerThread._create_worker_consumer",
        'consumer._auto_offset_reset = "none"',
        'consumer._auto_offset_reset = "earliest"',
    ),
    Mutant(
        "a hole in the input is not looked for",
        "streams.lane.input_checks:_hole",
        "if start > at:",
        "if False:",
        47,
    ),
    Mutant(
        "a topic that was made anew is taken for the one before (issue 14, B)",
        "streams.lane.input_checks:_hole",
        "if known and there.topic_id != topic_id:",
        "if False:",
        134,
    ),
    Mutant(
        "inputs are read before they are committed",
        "streams.lane.transport:ConsumerThread._create_worker_consumer",
        'consumer._isolation_level = "read_committed"',
        "pass",
    ),
)
