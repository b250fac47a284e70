"""The journey: which transitions set off which triggers, and whether these fire.

Every transition into a segment that has a trigger gives exactly one decision: it fires, it is
suppressed for good (cool-down, weekly cap), or it is held back. What is held back is decided once
more when it is released, or dropped when the customer leaves the segment before.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple

from schemas.journey import KINDS, Hold, Kind, ProfileTrigger, SegmentTrigger
from schemas.outputs import Cause, Suppression
from schemas.rules import Rules

WEEK: Final = 7  # days, today included, over which the cap counts

Json = dict[str, Any]


class Trigger(NamedTuple):
    """What entering a segment sets off: where it leads and what is suggested."""

    name: str  # kind and segment: "campaign:retencao"
    kind: Kind
    segment: str
    stage: str
    phase: str
    actions: tuple[str, ...]
    channel: str | None  # None: that of the customer's tier
    cooldown_days: int  # of a customer, from the day it fired on; 0: it never rests


class Transition(NamedTuple):
    """A customer left a segment (`old`), entered one (`new`), or both, at the id given."""

    kind: Kind
    old: str | None
    new: str | None
    cause: Cause
    transition_id: str


class Held(NamedTuple):
    """Why a trigger is held back, and what else there is to know of its transition."""

    reason: Hold
    old: str | None
    cause: Cause
    transition_id: str


class State(NamedTuple):
    """What is remembered of one customer's triggers; none of it is ever changed in place.

    Attributes
    ----------
    fired
        By name, the day (proleptic ordinal) on which a trigger that still rests last fired.
    recent
        The days on which triggers fired within a week of `day`, rising, one for each.
    held
        By name, what is held back until it is released.
    day
        The day as of which this stands.

    """

    fired: Mapping[str, int]
    recent: tuple[int, ...]
    held: Mapping[str, Held]
    day: int


NO_STATE: Final = State({}, (), {}, 0)  # shared by all of whom nothing is remembered


class Decision(NamedTuple):
    """What became of a trigger: `suppressed` is None where it fired, else the reason."""

    trigger: Trigger
    transition: Transition
    suppressed: Suppression | None


class Journey:
    """The rules' journey, worked out once.

    Attributes
    ----------
    triggers
        All of them: profiles, tiers, campaigns, RFM segments, each in the order of the rules.
    by_name
        The same by name.
    cap
        How many fire at most for a customer in any 7 days.
    hold
        The reasons for which triggers are held back.

    Examples
    --------
    >>> from schemas.rules import read_rules
    >>> journey = Journey(read_rules(""))
    >>> journey.trigger("campaign", "recuperacao").stage
    'Proposta'
    >>> journey.place("Clientes Estratégicos")["phase"]
    'Expansão e Inovação'
    >>> entered = Transition("tier", "medio", "vip", "customer", "9f")
    >>> state, [decision] = decide(NO_STATE, [entered], 739_942, False, journey)
    >>> decision.trigger.name, decision.suppressed
    ('tier:vip', None)

    """

    def __init__(self, rules: Rules) -> None:
        journey = rules.journey
        self._phases = {stage: phase.name for phase in journey.phases for stage in phase.stages}
        self._places: dict[str | None, Json] = {
            name: {
                "phase": self._phases[place.stages[0]],
                "stages": list(place.stages),
                "actions": list(place.actions),
            }
            for name, place in journey.profiles.items()
        }
        self.triggers = tuple(
            self._trigger(kind, segment, sent, rules)
            for kind in KINDS
            for segment, sent in getattr(journey.triggers, kind).items()
        )
        self.cap = journey.cap_per_week
        self.hold = frozenset(journey.hold)
        self.by_name = {trigger.name: trigger for trigger in self.triggers}

    def trigger(self, kind: str, segment: str) -> Trigger | None:
        """Return what entering a segment sets off, None where that is nothing."""
        return self.by_name.get(f"{kind}:{segment}")

    def place(self, profile: str | None) -> Json:
        """Return where the customers of a profile live (`schemas.outputs.JourneyPlace`), shared."""
        return self._places.get(profile, _NOWHERE)

    def _trigger(
        self, kind: Kind, segment: str, sent: ProfileTrigger | SegmentTrigger, rules: Rules
    ) -> Trigger:
        place = self._places.get(segment, _NOWHERE) if kind == "profile" else _NOWHERE
        stage, actions = sent.stage or place["stages"][0], sent.actions or tuple(place["actions"])
        rest = rules.journey.cooldown_days if sent.cooldown_days is None else sent.cooldown_days
        whole = (kind, segment, stage, self._phases[stage], actions, sent.channel, rest)
        return Trigger(f"{kind}:{segment}", *whole)


_NOWHERE: Final[Json] = {"phase": None, "stages": [], "actions": []}


def decide(
    state: State, transitions: Sequence[Transition], day: int, first: bool, journey: Journey
) -> tuple[State, list[Decision]]:
    """Return what to remember from now on, and a decision for each segment entered.

    Transitions are decided in the order given. Of different segments on one day, only the weekly
    cap makes the order matter: it lets pass the first ones. How many fire, and why each other one
    but the capped is suppressed, is the same in any order.

    Parameters
    ----------
    state
        What is remembered of the customer; it is returned itself where that stays the same.
    transitions
        What the customer left and entered; those that enter nothing drop what is held of it.
    day
        Proleptic ordinal; one before the state's counts as the state's.
    first
        Whether this is the customer's first score, or the first label of that kind.
    journey
        The triggers of the rules.

    """
    draft = _Draft(state, day, journey)
    decisions: list[Decision] = []
    for transition in transitions:
        draft.leave(transition)
        entered = transition.new
        trigger = journey.trigger(transition.kind, entered) if entered is not None else None
        if trigger is not None:
            reason = _reason(transition.cause, first, journey.hold)
            suppressed = draft.hold(trigger, transition, reason) if reason else draft.fire(trigger)
            decisions.append(Decision(trigger, transition, suppressed))
    return draft.result(), decisions


def release(
    state: State, reasons: AbstractSet[str], day: int, current: AbstractSet[str], journey: Journey
) -> tuple[State, list[Decision]]:
    """Return what to remember from now on, and a decision for each trigger released.

    What was held for the reasons fires now, or is suppressed by cool-down or cap, in the order of
    the rules; it is held no longer. It bears the transition it was held with. `current` names the
    triggers whose segments the customer is in: what was held of others for the reasons is dropped.
    `state` and `day` are as for `decide`.
    """
    released = {name: held for name, held in state.held.items() if held.reason in reasons}
    draft = _Draft(state, day, journey)
    draft.drop(released)
    decisions = [
        Decision(trigger, _transition(trigger, released[trigger.name]), draft.fire(trigger))
        for trigger in journey.triggers
        if trigger.name in released and trigger.name in current
    ]
    return draft.result(), decisions


def prune(state: State, day: int, journey: Journey) -> State:
    """Return what has to be remembered by a later day; the state itself where that is all of it."""
    return _Draft(state, day, journey).result()


class _Draft:
    """A state in the making, as of a day: what no longer matters by then is left out."""

    def __init__(self, state: State, day: int, journey: Journey) -> None:
        self._state = state
        self._journey = journey
        self._day = day = max(day, state.day)
        self._fired = {
            name: last for name, last in state.fired.items() if _rests(journey, name, last, day)
        }
        self._recent = [last for last in state.recent if day - last < WEEK]
        self._held = {name: held for name, held in state.held.items() if name in journey.by_name}

    def leave(self, transition: Transition) -> None:
        """Drop what is held of the segment left, and of the one entered once more."""
        if transition.kind == "campaign":
            self.drop(f"campaign:{name}" for name in (transition.old, transition.new))
        else:
            self.drop([name for name in self._held if name.startswith(f"{transition.kind}:")])

    def drop(self, names: Iterable[str]) -> None:
        """Hold triggers back no longer."""
        for name in names:
            self._held.pop(name, None)

    def hold(self, trigger: Trigger, transition: Transition, reason: Hold) -> Hold:
        """Hold a trigger back; return the reason."""
        _, old, _, cause, transition_id = transition
        self._held[trigger.name] = Held(reason, old, cause, transition_id)
        return reason

    def fire(self, trigger: Trigger) -> Suppression | None:
        """Fire a trigger, or return why it does not."""
        if trigger.name in self._fired:
            return "cool_down"
        if len(self._recent) >= self._journey.cap:
            return "weekly_cap"
        self._recent.append(self._day)
        if trigger.cooldown_days:
            self._fired[trigger.name] = self._day
        return None

    def result(self) -> State:
        """Return the state: the one it was made from if it is the same, the shared one if empty."""
        fired, held = self._fired or NO_STATE.fired, self._held or NO_STATE.held
        made = State(fired, tuple(self._recent), held, self._day)
        if made[:3] == self._state[:3]:
            return self._state
        return made if any(made[:3]) else NO_STATE


def _rests(journey: Journey, name: str, last: int, day: int) -> bool:
    trigger = journey.by_name.get(name)
    return trigger is not None and day - last < trigger.cooldown_days


def _reason(cause: Cause, first: bool, hold: AbstractSet[Hold]) -> Hold | None:
    """Return why a trigger is held back: the first score goes before rules and model."""
    if first and "first_score" in hold:
        return "first_score"
    return next((reason for reason in hold if reason == cause), None)


def _transition(trigger: Trigger, held: Held) -> Transition:
    return Transition(trigger.kind, held.old, trigger.segment, held.cause, held.transition_id)


def state_to_json(state: State) -> Json:
    """Return a state as plain JSON values; what is empty is left out."""
    held = {name: list(held) for name, held in state.held.items()}
    whole = {"fired": state.fired, "recent": list(state.recent), "held": held, "day": state.day}
    return {name: value for name, value in whole.items() if value}


def state_from_json(stored: Json, journey: Journey) -> State:
    """Return the state that `state_to_json` gave; triggers that the rules lack are left out."""
    fired, recent, held = (stored.get(part, ()) for part in ("fired", "recent", "held"))
    state = State(
        {name: fired[name] for name in fired if name in journey.by_name},
        tuple(recent),
        {name: Held(*held[name]) for name in held if name in journey.by_name},
        stored.get("day", 0),
    )
    return state if any(state[:3]) else NO_STATE
