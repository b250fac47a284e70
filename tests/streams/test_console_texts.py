"""Parts of the console's pages: what they tell of given values, without browser or servers."""

import asyncio
import time
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from cache_samples import profile
from redis.exceptions import ConnectionError as RedisAway

from nyxter_online.refusals import Kind
from schemas.rules import read_rules
from streams.cli.dead_letters.letter import State
from streams.console.alarms import alarms
from streams.console.distribution import as_table, bars, distribution
from streams.console.examination import Examined
from streams.console.freshness import freshness
from streams.console.gauges import gauges
from streams.console.moves import live_list
from streams.console.person import chips, journey
from streams.console.person import profile as profile_told
from streams.console.pulse import Pulse, Reading
from streams.console.shell import shell
from streams.console.words import Words
from streams.counts import Counts, moves_key, sizes_key
from streams.lane.standstills import EVERY, Reason, Standstill

RULES = read_rules("")
PT, EN = Words("pt"), Words("en")
COUNTS = Counts(
    {
        b'["base"]': b"4",
        b'["tier","vip"]': b"1",
        b'["tier","pequeno"]': b"3",
        b'["campaign","<old>"]': b"2",
    }
)


def reading(**changes: Any) -> Reading:
    meta = {
        "updated_at": str(int(time.time() * 1000)),
        "snapshot": "12",
        "day": "2026-11-22",
        "rules": RULES.version,
        "lag": "0",
    }
    return Reading({**meta, **changes}, COUNTS, is_away=False)


def desk(*, is_up: bool = True, event: str | None = None, seen: float | None = None) -> Any:
    told = [] if event is None else [SimpleNamespace(event={"time": event})]
    live = SimpleNamespace(is_up=is_up, newest=lambda _: told)
    board = SimpleNamespace(snapshot=None, seen_at=seen and int(seen * 1000))
    return SimpleNamespace(rules=RULES, live=live, board=board)


def told(found: Any) -> list[str]:
    return [alarm.told for alarm in found]


def test_all_well_is_no_alarm() -> None:
    assert alarms(PT, desk(), reading()) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"lag": "1001"}, "O cache está 1.001 registros atrasado"),
        ({"updated_at": "1793629800250"}, "O cache não escreve desde 02/11/2026 11:30:00"),
        ({"rules": "x"}, f"O console lê as regras {RULES.version}, e os workers usam x"),
    ],
)
def test_what_redis_says_is_wrong_is_an_alarm(given: dict[str, str], expected: str) -> None:
    assert told(alarms(PT, desk(), reading(**given))) == [expected]


@pytest.mark.parametrize(
    ("is_away", "expected"),
    [(False, "Nenhum cache escreveu ainda"), (True, "O Redis não responde")],
)
def test_a_redis_that_says_nothing_is_an_alarm(is_away: bool, expected: str) -> None:
    assert told(alarms(PT, desk(), Reading({}, None, is_away=is_away))) == [expected]


def test_a_snapshot_is_old_only_where_events_are_newer() -> None:
    now = time.time()
    event = datetime.fromtimestamp(now, UTC).isoformat()
    old = alarms(PT, desk(event=event, seen=now - 200), reading())
    assert told(old) == ["O retrato da base tem 3 min, e há eventos mais novos"]
    before = datetime.fromtimestamp(now - 150, UTC).isoformat()
    assert alarms(PT, desk(event=before, seen=now - 200), reading()) == []


def test_a_broker_that_is_away_and_what_it_says_are_alarms() -> None:
    assert told(alarms(EN, desk(is_up=False), reading())) == ["Kafka does not answer"]
    letters = {(Kind.NOT_JSON, State.OPEN): 2, (Kind.NOT_JSON, State.RETRIED): 5}
    found = alarms(EN, desk(), reading(), Examined({0: 9_000, 1: 2_000}, 0, letters, 7))
    assert told(found) == [
        "No worker is in the group",
        "The workers are 11,000 events behind",
        "2 refused messages are still open",
    ]


@pytest.mark.parametrize("reason", Reason)
def test_each_standstill_is_an_alarm_with_what_to_do(reason: Reason) -> None:
    stands = [Standstill(reason, 3, "orders …", "…"), Standstill(reason, EVERY, "all …", "…")]
    for words, starts in (
        (PT, ("A partição 3 está parada: ", "O trabalho está parado: ")),
        (EN, ("Partition 3 stands still: ", "The work stands still: ")),
    ):
        found = alarms(words, desk(), reading(), Examined({}, 1, {}, 0, stands))
        assert len(found) == len(starts)
        assert all(alarm.told.startswith(start) for alarm, start in zip(found, starts, strict=True))
        assert found[0].told.endswith("(orders …)")
        assert all(alarm.do for alarm in found)


def test_segments_are_in_the_order_of_the_rules_and_what_they_do_not_name_is_last() -> None:
    tiers = distribution("tier", COUNTS, RULES)
    assert tiers.figures == {"vip": 1, "medio": 0, "pequeno": 3}
    table = as_table(PT, tiers)
    assert list(table.rows) == [("VIP", 1, 25.0), ("Médio", 0, 0.0), ("Pequeno", 3, 75.0)]
    campaigns = distribution("campaign", COUNTS, RULES)
    assert [*campaigns.figures][-1] == "<old>"
    assert "&lt;old&gt;" in bars(PT, campaigns)
    assert distribution("tier", Counts({}), RULES).share("vip") == 0


def test_freshness_tells_age_snapshot_day_and_lag() -> None:
    line = freshness(PT, reading(lag="7"), desk().live)
    for part in ("Cartões atualizados agora", "Retrato nº 12", "Dia 22/11/2026", "7 registros"):
        assert part in line
    late = freshness(EN, reading(updated_at=str(int(time.time() * 1000) - 30_000)), desk().live)
    assert '<li class="late">Cards updated 30 s ago</li>' in late


def test_a_redis_that_went_away_leaves_what_was_read() -> None:
    class Redis:
        is_up = True
        asked = 0

        async def hgetall(self, key: bytes) -> dict[bytes, bytes]:
            self.asked += 1
            if not self.is_up:
                raise RedisAway
            return {b'["base"]': b"5"} if key.endswith(b"counts") else {b"lag": b"3"}

    async def run() -> None:
        redis = Redis()
        pulse = Pulse(redis)  # type: ignore[arg-type]
        first, again = await asyncio.gather(pulse.reading(), pulse.reading())
        assert first is again
        assert redis.asked == 2
        redis.is_up = False
        pulse._asked_at = -1_000
        away = await pulse.reading()
        assert away.is_away
        assert (away.lag, away.counts and away.counts.base) == (3, 5)

    asyncio.run(run())


def test_days_are_read_once_a_second_however_many_ask() -> None:
    class Pipe:
        def hgetall(self, key: bytes) -> None:
            asked.append(key)

        async def execute(self) -> list[dict[bytes, bytes]]:
            if away:
                raise RedisAway
            return [{b'["change","tier","","vip"]': b"2"}]

    class Redis:
        def pipeline(self, *, transaction: bool) -> Pipe:
            assert not transaction
            return Pipe()

    def a_second_later(pulse: Pulse) -> None:
        pulse._days = {key: (at - 1, held) for key, (at, held) in pulse._days.items()}

    asked: list[bytes] = []
    away: list[bool] = []
    day, days = date(2026, 11, 2), [date(2026, 11, 2)]

    async def run() -> None:
        pulse = Pulse(Redis())  # type: ignore[arg-type]
        first, again = await asyncio.gather(pulse.moves(days), pulse.moves(days))
        assert first is again
        assert first[day].table("change") == {("tier", "", "vip"): 2}
        await pulse.sizes(days)
        assert asked == [moves_key("2026-11-02"), sizes_key("2026-11-02")]
        a_second_later(pulse)
        away.append(True)
        with pytest.raises(RedisAway):
            await pulse.moves(days)
        away.clear()
        a_second_later(pulse)
        assert (await pulse.moves(days))[day].table("change")
        assert len(asked) == 4

    asyncio.run(run())


def test_a_card_without_anything_is_told_in_words() -> None:
    raw = {
        "potential": None,
        "last_sale": None,
        "first_sale": None,
        "orders": 0,
        "frequency": 0.0,
        "value": "0",
    }
    nobody = profile(
        "K1",
        P=None,
        R=0.0,
        F=0.0,
        V=0.0,
        prfv=0.0,
        raw=raw,
        rfm=None,
        campaigns=[],
        features=None,
        consumption={"segment": "unassigned", "probability": None, "runner_up": None, "epoch": 0},
    )
    shown = gauges(PT, desk(), nobody)
    assert "Sem indicadores no cadastro" in shown
    assert shown.count("Sem compra no período") == 3
    assert "Faltam 65,00 pontos para Médio (65)" in shown
    assert "Ainda sem perfil." in profile_told(PT, nobody)
    assert "Pequeno" in chips(PT, nobody)
    assert "Fora da jornada." in journey(PT, {"phase": None, "stages": [], "actions": []})


def test_what_comes_from_outside_is_no_markup() -> None:
    why = {"cause": "time", "event": None, "before": None, "after": {"P": 1}, "boundary": None}
    data = {"kind": "tier", "old": None, "new": "<b>", "why": why}
    event = {"subject": "<script>", "time": "2026-11-22T13:00:00Z", "data": data}
    shown = live_list(EN, [event])
    assert "<script>" not in shown
    assert "<b>&lt;b&gt;" not in shown
    assert "tier — → &lt;b&gt;" in shown
    assert 'href="/cliente/%3Cscript%3E"' in shown
    assert "<img" not in shell(PT, "cliente", "c5", '/cliente/"><img>')
