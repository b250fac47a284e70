"""Events of triggers: their shape, their channel and their ids."""

from datetime import date
from typing import Any, get_args

import pytest

from nyxter_online.journey import (
    NO_STATE,
    Decision,
    Journey,
    Transition,
    decide,
    release,
)
from nyxter_online.publishing import Occasion
from nyxter_online.triggering import trigger_event
from schemas.outputs import Cause, JourneyTriggered, Suppression
from schemas.rules import read_rules

DAY = date(2026, 11, 22).toordinal()
JOURNEY = Journey(
    read_rules('[journey.triggers.rfm.Leais]\nchannel = "loja"\nactions = ["ligar", "visitar"]')
)
OCCASION = Occasion("customer", "2026-11-22T13:00:00.123Z", DAY, 12, "0f3a9c1d2b4e5f60", None)
WHY: dict[str, Any] = {
    "cause": "customer",
    "event": None,
    "day": "2026-11-22",
    "snapshot": 12,
    "before": None,
    "after": None,
    "boundary": None,
    "profile": None,
}


def event_of(
    trigger: str = "tier:vip",
    suppressed: Suppression | None = None,
    transition_id: str = "9f",
    customer_id: str = "K1",
    cause: Cause = "customer",
    occasion: Occasion = OCCASION,
) -> dict[str, Any]:
    found = JOURNEY.by_name[trigger]
    transition = Transition(found.kind, None, found.segment, cause, transition_id)
    decision = Decision(found, transition, suppressed)
    return trigger_event(customer_id, decision, "representante", occasion, WHY)


def test_the_event_of_a_trigger() -> None:
    event = event_of("campaign:recuperacao")
    assert {name: event[name] for name in ("source", "type", "subject", "time")} == {
        "source": "/nyxter/segmenter",
        "type": "nyxter.journey.triggered.v1",
        "subject": "K1",
        "time": "2026-11-22T13:00:00.123Z",
    }
    assert event["data"] == {
        "trigger": "campaign:recuperacao",
        "kind": "campaign",
        "segment": "recuperacao",
        "phase": "Aquisição e Prospecção",
        "stage": "Proposta",
        "actions": ["diagnóstico da queda de compras", "proposta de retomada"],
        "channel": "representante",
        "suppressed": None,
        "transition": {"id": "9f", "kind": "campaign", "old": None, "new": "recuperacao"},
        "why": WHY,
    }


@pytest.mark.parametrize("suppressed", [None, *get_args(Suppression)])
@pytest.mark.parametrize("trigger", [trigger.name for trigger in JOURNEY.triggers])
def test_events_are_in_the_shape_of_the_model(trigger: str, suppressed: Suppression | None) -> None:
    event = event_of(trigger, suppressed)
    assert JourneyTriggered.model_validate(event).model_dump(mode="json") == event


def test_a_channel_of_its_own_goes_before_the_tiers() -> None:
    data = event_of("rfm:Leais")["data"]
    assert (data["channel"], data["actions"]) == ("loja", ["ligar", "visitar"])


def test_ids_name_customer_trigger_transition_and_what_became_of_it() -> None:
    events = [
        event_of(),
        event_of(customer_id="K2"),
        event_of("tier:medio"),
        event_of(transition_id="a0"),
        *(event_of(suppressed=reason) for reason in get_args(Suppression)),
    ]
    ids = {event["id"] for event in events}
    assert len(ids) == len(events)
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_the_same_told_again_has_the_same_id() -> None:
    later = OCCASION._replace(at="2026-12-01T00:00:00Z", day=DAY + 9, snapshot=13)
    assert event_of(occasion=later)["id"] == event_of()["id"]


def test_held_back_and_released_are_two_events_of_one_transition() -> None:
    transition = Transition("tier", None, "vip", "customer", "9f")
    state, held = decide(NO_STATE, [transition], DAY, True, JOURNEY)
    _, released = release(state, {"first_score"}, DAY + 1, {"tier:vip"}, JOURNEY)
    one, other = (
        trigger_event("K1", decision, "representante", OCCASION, WHY)
        for decision in [*held, *released]
    )
    assert one["id"] != other["id"]
    assert one["data"]["transition"] == other["data"]["transition"]
    assert (one["data"]["suppressed"], other["data"]["suppressed"]) == ("first_score", None)
