"""The events of triggers, fired and suppressed, as plain values (docs/decisions/0002)."""

from nyxter_online.journey import Decision
from nyxter_online.publishing import Json, Occasion, output_event
from schemas.outputs import JOURNEY_TRIGGERED


def trigger_event(
    customer_id: str, decision: Decision, channel: str | None, occasion: Occasion, why: Json
) -> Json:
    """Return the event (`schemas.outputs.JourneyTriggered`) of a decision.

    The id names customer, trigger, transition and what became of it, and not the occasion: a
    release that is asked for twice tells the same.

    Parameters
    ----------
    customer_id
        Whose trigger it is.
    decision
        What became of which trigger, and the transition that set it off.
    channel
        The channel of the customer's tier, for a trigger that has none of its own.
    occasion
        When it was decided.
    why
        The why of the transition (`schemas.outputs.Why`).

    """
    trigger, transition, suppressed = decision
    data = {
        "trigger": trigger.name,
        "kind": trigger.kind,
        "segment": trigger.segment,
        "phase": trigger.phase,
        "stage": trigger.stage,
        "actions": list(trigger.actions),
        "channel": trigger.channel or channel,
        "suppressed": suppressed,
        "transition": {
            "id": transition.transition_id,
            "kind": transition.kind,
            "old": transition.old,
            "new": transition.new,
        },
        "why": why,
    }
    named = ["trigger", trigger.name, transition.transition_id, suppressed or ""]
    return output_event(JOURNEY_TRIGGERED, customer_id, named, occasion, data)
