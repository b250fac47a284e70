"""Which of the events that are published of customers somebody wants to see."""

from typing import Any, Final, NamedTuple

from schemas.outputs import JOURNEY_TRIGGERED, SEGMENT_CHANGED

TRIGGER: Final = "trigger"
KINDS: Final = ("tier", "campaign", "rfm", "profile", TRIGGER)
CAUSES: Final = ("customer", "time", "population", "rules", "model")

Event = dict[str, Any]


class Filters(NamedTuple):
    """Which events are shown; what is empty or None lets all pass.

    Attributes
    ----------
    kinds
        Kinds of segment changes (then no triggers), and "trigger" for triggers of any kind.
    customer, segment
        Of whom, and which segment was left or entered.
    fired
        Only triggers that fired (True), or did not (False).
    causes
        Why it happened.

    """

    kinds: frozenset[str]
    customer: str | None
    segment: str | None
    fired: bool | None
    causes: frozenset[str] = frozenset()

    def lets_pass(self, event: Event) -> bool:
        """Tell whether an event is to be shown.

        >>> data = {"kind": "tier", "old": "medio", "new": "vip", "why": {"cause": "time"}}
        >>> event = {"type": SEGMENT_CHANGED, "subject": "K1", "data": data}
        >>> Filters(frozenset({"tier"}), None, "medio", None).lets_pass(event)
        True
        >>> Filters(frozenset(), "K2", None, None).lets_pass(event)
        False
        >>> Filters(frozenset(), "K1", None, None, frozenset({"rules"})).lets_pass(event)
        False
        """
        data, is_trigger = event["data"], event["type"] == JOURNEY_TRIGGERED
        if event["type"] not in (SEGMENT_CHANGED, JOURNEY_TRIGGERED):
            return False
        if self.kinds and (TRIGGER if is_trigger else data["kind"]) not in self.kinds:
            return False
        if self.customer is not None and event["subject"] != self.customer:
            return False
        names = (data["segment"],) if is_trigger else (data["old"], data["new"])
        if self.segment is not None and self.segment not in names:
            return False
        if self.causes and data["why"]["cause"] not in self.causes:
            return False
        return self.fired is None or (is_trigger and (data["suppressed"] is None) is self.fired)
