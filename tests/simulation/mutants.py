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
        "self.expected[topic] = end",
        "pass",
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
        "an epoch is trusted after its EndTxn was sent again (issue 14, C)",
        "streams.lane.end_txn:EndTxns.distrust",
        "return self._distrust",
        'return ""',
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
    ),
    Mutant(
        "a topic that was made anew is taken for the one before (issue 14, B)",
        "streams.lane.input_checks:_hole",
        "if known and there.topic_id != topic_id:",
        "if False:",
    ),
    Mutant(
        "inputs are read before they are committed",
        "streams.lane.transport:ConsumerThread._create_worker_consumer",
        'consumer._isolation_level = "read_committed"',
        "pass",
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

CACHE: Final = (
    Mutant(
        "who was displaced writes on",
        "streams.cache.positions:Positions.take_over",
        "self._us, self._held = secrets.token_hex(8), {}",
        'self._us, self._held = "us", {}',
    ),
    Mutant(
        "positions are kept whether everything was written or not",
        "streams.cache.loop:Cache._write",
        "if not (self._store.write(batch.changes) and self._moves.write(batch.moves)):",
        "if False:",
    ),
    Mutant(
        "an event does not wait for its card",
        "streams.cache.parking:_is_open",
        "return fence is not None and position >= fence",
        "return True",
    ),
    Mutant(
        "the fence of events is where committed records end",
        "streams.cache.feed:Feed._fence",
        "self._ends.written(",
        "self._ends.committed(",
    ),
    Mutant(
        "positions do not wait for parked events",
        "streams.cache.feed:Feed.positions",
        "return self._next | {at: first for at, first in parked.items() if first is not None}",
        "return dict(self._next)",
    ),
    Mutant(
        "after a cut the feed goes on where it was",
        "streams.cache.loop:Cache._rest",
        "self._feed.displace()",
        "pass",
    ),
    Mutant(
        "Redis is taken to hold what it held",
        "streams.cache.positions:Positions.keep",
        "if not self._script.run([POSITIONS], args):\n        return False",
        "self._script.run([POSITIONS], args)",
    ),
    Mutant(
        "scripts are loaded once",
        "streams.cache.store:Store.open",
        "self._script.load()",
        "self._script._digest or self._script.load()",
    ),
    Mutant(
        "who is gone keeps a card",
        "streams.cache.batch:Batch.add_profile",
        "profile = None if value is None else loads(value)",
        "profile = None if value is None else loads(value)\n"
        "    if profile is None:\n        return",
    ),
    Mutant(
        "the cache begins one behind its position",
        "streams.cache.feed:Feed.place",
        "max(offset, kept.get(at, 0))",
        "max(offset + (offset > 0), kept.get(at, 0))",
    ),
)

MUTANTS: Final = (*LANE, *TRANSACTION, *GATE, *LEADER, *SHIFT, *CACHE)
