"""Triggers: what fires, what is suppressed, and that nothing is lost in between."""

from itertools import count
from typing import Any, NamedTuple, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nyxter_online.journey import (
    NO_STATE,
    WEEK,
    Decision,
    Held,
    Journey,
    State,
    Transition,
    decide,
    prune,
    release,
    state_from_json,
    state_to_json,
)
from schemas.envelope import dumps, loads
from schemas.outputs import Cause
from schemas.rules import read_rules

DEFAULT = Journey(read_rules(""))
DAY = 739_942
HELD = ("first_score", "rules", "model")
SEGMENTS = {  # each kind with one that has no trigger
    "profile": ["Novos Clientes", "Clientes Leais", "unassigned"],
    "tier": ["vip", "medio", "pequeno"],
    "campaign": ["retencao", "recuperacao", "natal"],
    "rfm": ["Leais", "Campeões", "Ouro"],
}
NAMES = [f"{kind}:{segment}" for kind, segments in SEGMENTS.items() for segment in segments]


def entered(segment: str = "vip", kind: str = "tier", **changes: Any) -> Transition:
    whole = {"old": None, "new": segment, "cause": "customer", "transition_id": "t1"} | changes
    return Transition(cast("Any", kind), **whole)


def left(segment: str, kind: str = "tier") -> Transition:
    return entered(cast("Any", None), kind, old=segment)


def told(decisions: list[Decision]) -> list[tuple[str, str | None]]:
    return [(decision.trigger.name, decision.suppressed) for decision in decisions]


def compiled(text: str) -> Journey:
    return Journey(read_rules(text))


# The rules as decisions see them


def test_triggers_have_a_fixed_order_and_names() -> None:
    names = [trigger.name for trigger in DEFAULT.triggers]
    assert names[:5] == [
        "profile:Novos Clientes",
        "profile:Clientes em Expansão",
        "profile:Clientes Leais",
        "profile:Clientes Estratégicos",
        "tier:vip",
    ]
    assert names[-1] == "rfm:Campeões"
    assert len(names) == 15
    assert all(DEFAULT.trigger(t.kind, t.segment) is t for t in DEFAULT.triggers)


@pytest.mark.parametrize(("kind", "segment"), [("tier", "ouro"), ("cliente", "vip"), ("tier", "")])
def test_what_has_no_trigger(kind: str, segment: str) -> None:
    assert DEFAULT.trigger(kind, segment) is None


def test_a_profile_leads_to_its_first_stage_with_its_actions() -> None:
    trigger = DEFAULT.trigger("profile", "Clientes em Expansão")
    assert trigger is not None
    assert (trigger.stage, trigger.phase) == ("Suporte Técnico", "Sustentação e Suporte")
    assert trigger.actions[0] == "programa de expansão"
    assert (trigger.channel, trigger.cooldown_days) == (None, 30)
    place = DEFAULT.place("Clientes em Expansão")
    assert place["phase"] == "Sustentação e Suporte"
    assert place["stages"] == ["Suporte Técnico", "Suporte ADM", "Atualização"]
    assert tuple(place["actions"]) == trigger.actions


@pytest.mark.parametrize("profile", [None, "unassigned"])
def test_nobody_stands_nowhere(profile: str | None) -> None:
    assert DEFAULT.place(profile) == {"phase": None, "stages": [], "actions": []}


def test_a_trigger_of_the_rules() -> None:
    text = '[journey.triggers.profile."Clientes Leais"]\nstage = "Proposta"\nchannel = "loja"\n'
    trigger = compiled(text + "cooldown_days = 0").trigger("profile", "Clientes Leais")
    assert trigger is not None
    assert (trigger.stage, trigger.phase) == ("Proposta", "Aquisição e Prospecção")
    assert (trigger.channel, trigger.cooldown_days) == ("loja", 0)


# Single cases


def test_entering_fires_and_leaving_does_not() -> None:
    state, decisions = decide(NO_STATE, [entered()], DAY, False, DEFAULT)
    assert told(decisions) == [("tier:vip", None)]
    assert state == State({"tier:vip": DAY}, (DAY,), {}, DAY)
    assert decide(state, [left("vip")], DAY + 1, False, DEFAULT) == (state, [])


@pytest.mark.parametrize("transitions", [[], [left("vip")], [entered("ouro")]])
def test_where_nothing_happens_the_state_stays_itself(transitions: list[Transition]) -> None:
    for state in (NO_STATE, State({"tier:vip": DAY}, (DAY,), {}, DAY)):
        assert decide(state, transitions, DAY, False, DEFAULT)[0] is state


@pytest.mark.parametrize(
    ("days", "suppressed"), [(0, "cool_down"), (29, "cool_down"), (30, None), (31, None)]
)
def test_a_trigger_rests(days: int, suppressed: str | None) -> None:
    state, _ = decide(NO_STATE, [entered()], DAY, False, DEFAULT)
    _, [decision] = decide(state, [entered()], DAY + days, False, DEFAULT)
    assert decision.suppressed == suppressed


@pytest.mark.parametrize(("days", "suppressed"), [(0, "weekly_cap"), (6, "weekly_cap"), (7, None)])
def test_three_a_week(days: int, suppressed: str | None) -> None:
    three = [entered(), entered("Leais", "rfm"), entered("retencao", "campaign")]
    state, decisions = decide(NO_STATE, three, DAY, False, DEFAULT)
    assert [decision.suppressed for decision in decisions] == [None] * 3
    _, [fourth] = decide(state, [entered("medio")], DAY + days, False, DEFAULT)
    assert fourth.suppressed == suppressed


def test_a_cap_of_0_lets_nothing_pass() -> None:
    journey = compiled("[journey]\ncap_per_week = 0")
    assert decide(NO_STATE, [entered()], DAY, False, journey)[1][0].suppressed == "weekly_cap"


CAUSES = [
    ("customer", True, "first_score"),
    ("rules", True, "first_score"),
    ("rules", False, "rules"),
    ("model", False, "model"),
    ("time", False, None),
    ("population", False, None),
]


@pytest.mark.parametrize(("cause", "first", "reason"), CAUSES)
def test_what_is_held_back(cause: str, first: bool, reason: str | None) -> None:
    state, [decision] = decide(NO_STATE, [entered(cause=cause)], DAY, first, DEFAULT)
    assert decision.suppressed == reason
    held = (
        {}
        if reason is None
        else {"tier:vip": Held(cast("Any", reason), None, cast("Any", cause), "t1")}
    )
    assert state.held == held
    journey = compiled("[journey]\nhold = []")
    assert told(decide(NO_STATE, [entered(cause=cause)], DAY, first, journey)[1]) == [
        ("tier:vip", None)
    ]


def test_a_first_score_is_held_as_rules_where_only_rules_are() -> None:
    journey = compiled('[journey]\nhold = ["rules"]')
    _, [decision] = decide(NO_STATE, [entered(cause="rules")], DAY, True, journey)
    assert decision.suppressed == "rules"


def held_back(*transitions: Transition, journey: Journey = DEFAULT) -> State:
    return decide(NO_STATE, transitions, DAY, True, journey)[0]


def test_what_is_released_bears_the_transition_it_was_held_with() -> None:
    transition = entered("medio", old="pequeno", cause="time", transition_id="t9")
    state, decisions = release(held_back(transition), {"first_score"}, DAY, {"tier:medio"}, DEFAULT)
    assert decisions == [Decision(DEFAULT.by_name["tier:medio"], transition, None)]
    assert state == State({"tier:medio": DAY}, (DAY,), {}, DAY)


def test_only_the_reasons_released_fire() -> None:
    state = held_back(entered())
    assert release(state, {"rules", "model"}, DAY, {"tier:vip"}, DEFAULT) == (state, [])


def test_nothing_fires_of_a_segment_that_the_customer_is_not_in() -> None:
    assert release(held_back(entered()), {"first_score"}, DAY, {"tier:medio"}, DEFAULT) == (
        NO_STATE,
        [],
    )


def test_a_release_goes_by_the_order_of_the_rules_up_to_the_cap() -> None:
    segments = [("Leais", "rfm"), ("reativacao", "campaign"), ("vip", "tier"), ("medio", "tier")]
    segments += [("retencao", "campaign"), ("Novos Clientes", "profile")]
    state = held_back(*(entered(*segment) for segment in segments))
    current = {f"{kind}:{segment}" for segment, kind in segments}
    state, decisions = release(state, {"first_score"}, DAY, current, DEFAULT)
    assert told(decisions) == [
        ("profile:Novos Clientes", None),
        ("tier:medio", None),  # vip was left for medio
        ("campaign:retencao", None),
        ("campaign:reativacao", "weekly_cap"),
        ("rfm:Leais", "weekly_cap"),
    ]
    assert not state.held
    assert release(state, {"first_score"}, DAY, current, DEFAULT) == (state, [])


def test_what_is_released_rests_too() -> None:
    fired, _ = decide(NO_STATE, [entered(), left("vip")], DAY, False, DEFAULT)
    state, _ = decide(fired, [entered(cause="rules")], DAY + 1, False, DEFAULT)
    state, decisions = release(state, {"rules"}, DAY + 2, {"tier:vip"}, DEFAULT)
    assert told(decisions) == [("tier:vip", "cool_down")]
    assert not state.held


LEAVING = [
    [left("vip")],
    [entered("medio", old="vip")],
    [entered("ouro", old="vip")],  # has no trigger
]


@pytest.mark.parametrize("transitions", LEAVING)
def test_leaving_drops_what_is_held(transitions: list[Transition]) -> None:
    state = held_back(entered(), entered("retencao", "campaign"), entered("natal", "campaign"))
    state, _ = decide(state, transitions, DAY, False, DEFAULT)
    assert list(state.held) == ["campaign:retencao"]
    state, _ = decide(state, [left("retencao", "campaign")], DAY, False, DEFAULT)
    assert not state.held


def test_entering_another_campaign_drops_nothing() -> None:
    state = held_back(entered("retencao", "campaign"), entered("recuperacao", "campaign"))
    assert list(state.held) == ["campaign:retencao", "campaign:recuperacao"]


@pytest.mark.parametrize(("segment", "kind"), [("vip", "tier"), ("retencao", "campaign")])
def test_what_fires_is_held_no_longer(segment: str, kind: str) -> None:
    again = entered(segment, kind)
    state, [decision] = decide(held_back(again), [again], DAY, False, DEFAULT)
    assert decision.suppressed is None
    assert not state.held


def test_other_rules_forget_what_they_lack() -> None:
    state = State({"tier:vip": DAY}, (DAY,), {"tier:medio": Held("rules", None, "rules", "t")}, DAY)
    fewer = compiled("[journey.triggers.tier]\nvip = false\nmedio = false")
    assert prune(state, DAY, fewer) == State({}, (DAY,), {}, DAY)
    assert state_from_json(state_to_json(state), fewer) == State({}, (DAY,), {}, DAY)
    assert release(state, {"rules"}, DAY, {"tier:medio"}, fewer)[1] == []


@pytest.mark.parametrize(("days", "kept"), [(6, 2), (7, 1), (29, 1), (30, 0)])
def test_a_state_forgets_what_no_longer_matters(days: int, kept: int) -> None:
    state, _ = decide(NO_STATE, [entered()], DAY, False, DEFAULT)
    pruned = prune(state, DAY + days, DEFAULT)
    assert len(pruned.fired) + len(pruned.recent) == kept
    assert (pruned is NO_STATE) == (kept == 0)
    assert (pruned is state) == (kept == 2)
    assert pruned.day == {2: DAY, 1: DAY + days, 0: 0}[kept]


def test_a_state_of_nothing_is_one() -> None:
    assert state_to_json(NO_STATE) == {}
    assert state_from_json({}, DEFAULT) is NO_STATE
    lost = {"fired": {"tier:ouro": 3}, "held": {"tier:prata": ["rules", None, "rules", "t"]}}
    assert state_from_json(lost | {"day": 3}, DEFAULT) is NO_STATE


# Laws


class Act(NamedTuple):
    """Something that happens to a customer, so many days after what happened before."""

    days: int
    transitions: list[Transition]
    first: bool
    reasons: set[str]  # a release, where there are any
    current: set[str]


@st.composite
def moves(draw: st.DrawFn) -> Transition:
    kind = draw(st.sampled_from(list(SEGMENTS)))
    segment = st.none() | st.sampled_from(SEGMENTS[kind])
    cause = st.sampled_from(get_args(Cause))
    return Transition(cast("Any", kind), draw(segment), draw(segment), draw(cause), "")


def acts(days: st.SearchStrategy[int]) -> st.SearchStrategy[list[Act]]:
    reasons = st.just(set[str]()) | st.sets(st.sampled_from(HELD))
    current = st.just(set(NAMES)) | st.sets(st.sampled_from(NAMES))
    act = st.builds(Act, days, st.lists(moves(), max_size=3), st.booleans(), reasons, current)
    return st.lists(act, max_size=12).map(_numbered)


def _numbered(acts: list[Act]) -> list[Act]:
    """The acts, each transition with an id of its own."""
    ids = map(str, count())
    named = ([m._replace(transition_id=next(ids)) for m in act.transitions] for act in acts)
    return [act._replace(transitions=some) for act, some in zip(acts, named, strict=True)]


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    days = st.sampled_from([0, 1, 2, 7, 8, 30])
    hold = draw(st.lists(st.sampled_from([f'"{name}"' for name in HELD]), unique=True))
    lines = ["[journey]", f"cap_per_week = {draw(st.sampled_from([0, 1, 2, 3, 1000]))}"]
    lines += [f"cooldown_days = {draw(days)}", f"hold = [{', '.join(hold)}]"]
    lines += ["[journey.triggers.tier]", f"vip = {{ cooldown_days = {draw(days)} }}"]
    return compiled("\n".join(lines))


class Ledger:
    """All that ever happened to a customer, looked through from the start at each question."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.fired: list[tuple[int, str]] = []
        self.held: dict[str, tuple[str, Transition]] = {}

    def entered(self, transition: Transition, day: int, first: bool) -> list[Any]:
        kind, old, new = transition[:3]
        for name in list(self.held):
            if name in (f"{kind}:{old}", f"{kind}:{new}") or (
                kind != "campaign" and name.startswith(kind)
            ):
                del self.held[name]
        name = f"{kind}:{new}"
        if name not in self.journey.by_name:
            return []
        reasons = (["first_score"] if first else []) + [transition.cause]
        reason = next((one for one in reasons if one in self.journey.hold), None)
        if reason is None:
            return [(name, transition, self.fire(name, day))]
        self.held[name] = reason, transition
        return [(name, transition, reason)]

    def released(self, reasons: set[str], day: int, current: set[str]) -> list[Any]:
        names = [name for name in self.journey.by_name if name in self.held]
        out = [(name, *self.held.pop(name)) for name in names if self.held[name][0] in reasons]
        return [(name, move, self.fire(name, day)) for name, _, move in out if name in current]

    def fire(self, name: str, day: int) -> str | None:
        rest = self.journey.by_name[name].cooldown_days
        if any(name == other and day - last < rest for last, other in self.fired):
            return "cool_down"
        if sum(day - last < WEEK for last, _ in self.fired) >= self.journey.cap:
            return "weekly_cap"
        self.fired.append((day, name))
        return None


def run(acts: list[Act], journey: Journey) -> list[tuple[int, list[Decision]]]:
    """What is decided act by act, and on which day; the state is stored and read in between."""
    state, day, made = NO_STATE, DAY, []
    for act in acts:
        day += act.days
        state, decisions = decide(state, act.transitions, day, act.first, journey)
        state, released = release(state, act.reasons, day, act.current, journey)
        state = state_from_json(loads(dumps(state_to_json(state))), journey)
        made.append((day, decisions + released))
    return made


@settings(max_examples=200, deadline=None)
@given(acts(st.integers(0, 31)), journeys())
def test_decisions_are_those_of_one_who_forgets_nothing(acts: list[Act], journey: Journey) -> None:
    ledger, state, day = Ledger(journey), NO_STATE, DAY
    for act in acts:
        day += act.days
        state = prune(state, day, journey)
        state, decisions = decide(state, act.transitions, day, act.first, journey)
        expected = [one for move in act.transitions for one in ledger.entered(move, day, act.first)]
        assert [(d.trigger.name, d.transition, d.suppressed) for d in decisions] == expected
        state, decisions = release(state, act.reasons, day, act.current, journey)
        expected = ledger.released(act.reasons, day, act.current)
        assert [(d.trigger.name, d.transition, d.suppressed) for d in decisions] == expected
        assert list(state.held) == list(ledger.held)
        assert all(day - last < WEEK for last in state.recent)


@settings(max_examples=200, deadline=None)
@given(acts(st.integers(0, 31)), journeys())
def test_cool_down_and_cap_hold(acts: list[Act], journey: Journey) -> None:
    made = run(acts, journey)
    fired = [(day, d.trigger) for day, some in made for d in some if d.suppressed is None]
    for place, (day, trigger) in enumerate(fired):
        before = fired[:place]
        assert sum(day - last < WEEK for last, _ in before) < journey.cap
        rests = [day - last for last, other in before if other is trigger]
        assert all(days >= trigger.cooldown_days for days in rests)


@settings(max_examples=200, deadline=None)
@given(acts(st.integers(0, 31)), journeys())
def test_no_transition_is_lost(acts: list[Act], journey: Journey) -> None:
    state, day = NO_STATE, DAY
    for act in acts:
        day += act.days
        before = state.held
        state, decisions = decide(state, act.transitions, day, act.first, journey)
        moves = [m for m in act.transitions if f"{m.kind}:{m.new}" in journey.by_name]
        assert [d.transition for d in decisions] == moves  # exactly one each, in their order
        waiting = {d.transition.transition_id for d in decisions if d.suppressed in HELD}
        left = {n for m in act.transitions for n in NAMES if n.startswith(m.kind)}
        kept = {held.transition_id for name, held in before.items() if name not in left}
        held = {held.transition_id for held in state.held.values()}
        assert kept <= held <= waiting | {held.transition_id for held in before.values()}

        before = state.held
        state, decisions = release(state, act.reasons, day, act.current, journey)
        due = {name for name, held in before.items() if held.reason in act.reasons}
        assert sorted(d.trigger.name for d in decisions) == sorted(due & act.current)
        assert all(d.suppressed in (None, "cool_down", "weekly_cap") for d in decisions)
        ids = [before[d.trigger.name].transition_id for d in decisions]
        assert [d.transition.transition_id for d in decisions] == ids
        assert state.held == {n: held for n, held in before.items() if n not in due}


@settings(max_examples=100, deadline=None)
@given(acts(st.integers(0, 31)), journeys(), moves(), st.integers(0, 60))
def test_days_do_not_go_back(acts: list[Act], journey: Journey, move: Transition, ago: int) -> None:
    state, day = NO_STATE, DAY
    for act in acts:
        day += act.days
        state, _ = decide(state, act.transitions, day, act.first, journey)
    if state is NO_STATE:
        return  # of whom nothing is remembered every day is the first
    late = state.day - ago
    assert decide(state, [move], late, False, journey) == decide(
        state, [move], state.day, False, journey
    )
    assert release(state, set(HELD), late, set(NAMES), journey) == release(
        state, set(HELD), state.day, set(NAMES), journey
    )
    assert prune(state, late, journey) == prune(state, state.day, journey)


@settings(max_examples=150, deadline=None)
@given(st.data(), acts(st.integers(0, 5)), journeys(), st.booleans())
def test_only_the_cap_makes_order_matter(
    data: st.DataObject, acts: list[Act], journey: Journey, first: bool
) -> None:
    state, day = NO_STATE, DAY
    for act in acts:
        day += act.days
        state, _ = decide(state, act.transitions, day, act.first, journey)
    kinds = st.lists(moves(), max_size=6, unique_by=lambda m: m.kind if m.kind != "campaign" else m)
    given = data.draw(kinds.filter(_of_different_segments))
    one, other = (
        decide(state, some, day, first, journey)
        for some in (given, data.draw(st.permutations(given)))
    )
    assert _but_the_cap(one[1]) == _but_the_cap(other[1])
    assert len([d for d in one[1] if d.suppressed is None]) == len(
        [d for d in other[1] if d.suppressed is None]
    )
    if all(d.suppressed != "weekly_cap" for d in one[1]):
        assert one[0] == other[0]


def _of_different_segments(moves: list[Transition]) -> bool:
    named = [(m.kind, name) for m in moves for name in {m.old, m.new} - {None}]
    return len(set(named)) == len(named)


def _but_the_cap(decisions: list[Decision]) -> set[tuple[str, str | None]]:
    """By trigger, what became of it, where passing and being capped are one."""
    return {
        (
            d.trigger.name,
            "passed or capped" if d.suppressed in (None, "weekly_cap") else d.suppressed,
        )
        for d in decisions
    }


@settings(max_examples=150, deadline=None)
@given(acts(st.integers(-40, 40)), journeys())
def test_a_state_is_stored_and_read(acts: list[Act], journey: Journey) -> None:
    state, day = NO_STATE, DAY
    for act in acts:
        day += act.days
        before, kept = state, repr(state)
        state, _ = decide(state, act.transitions, day, act.first, journey)
        assert repr(before) == kept  # nothing is changed in place
        stored = state_to_json(state)
        assert loads(dumps(stored)) == stored
        assert state_from_json(stored, journey) == state
        pruned = prune(state, day, journey)
        assert pruned == prune(pruned, day, journey)
    assert repr(NO_STATE) == repr(State({}, (), {}, 0))
