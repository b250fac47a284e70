"""Faults planted in leaders, processors and the cache."""

from typing import Final

from simulation.mutations import Mutant

_SHIFT = "streams.segmenter.shift:SegmentShift."
_LEADER = "streams.segmenter.leader:Leader."

LEADER: Final = (
    Mutant(
        "the leader goes on from the number that it remembers",
        _LEADER + "_catch_up",
        "self._number = SnapshotHeader(**loads(header)).number",
        "self._number = self._number or SnapshotHeader(**loads(header)).number",
        327,
    ),
    Mutant(
        "leaders do not fence each other",
        _LEADER + "lead",
        "leader_name(self._app_id)",
        "leader_name(self._app_id) + str(time.monotonic())",
        2,
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
        16,
    ),
    Mutant(
        "the leader merges what is there, whether all have told or not",
        "streams.segmenter.leader:_Desk.of",
        "if len(fitting) == partitions else {}",
        "",
        2,
    ),
    Mutant(
        "the day turns in one partition alone",
        _LEADER + "_turn_day",
        "self._partitions)",
        "1)",
        16,
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
        16,
    ),
    Mutant(
        "a stray is applied where it came",
        _SHIFT + "_is_home",
        "if self.customers.get(envelope.subject) is not None:",
        "if True:",
        16,
    ),
    Mutant(
        "strays are not sent on",
        "streams.segmenter.told:Told.aside",
        "for message, envelope in intake.strays:",
        "for message, envelope in ():",
        16,
    ),
    Mutant(
        "a sweep passes over the first of a part",
        _SHIFT + "_sweep",
        "(buckets >= part.first)",
        "(buckets > part.first)",
        39,
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
        2,
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
        28,
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
        "if not (written and counted):",
        "if False:",
    ),
    Mutant(
        "an event does not wait for its card",
        "streams.cache.parking:_is_open",
        "return fence is not None and position >= fence",
        "return True",
        25,
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
        5,
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
        "self._next = dict(positions)",
        "self._next = {at: offset + (offset > 0) for at, offset in positions.items()}",
    ),
)
