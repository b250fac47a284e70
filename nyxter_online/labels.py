"""What the rules say of labels, worked out once: names of campaigns by mask, limits by label."""

from collections.abc import Sequence

from nyxter_online.consumption import NAMES
from nyxter_online.journey import Journey
from nyxter_online.prfv import (
    CAMPAIGNS,
    COLUMN,
    NULL,
    SEGMENT,
    TIER,
    TIER_NAMES,
    hundredths,
)
from nyxter_online.standing import PROFILE
from schemas.rules import INDICATORS, TIERS, Rules

Limit = tuple[int, str, int]
"""Column of the score, name of the indicator, and the limit in hundredths."""


class Labels:
    """Names and limits of one set of rules.

    Attributes
    ----------
    campaigns, segments
        Names, in the order of the rules.
    channels
        By tier, the sales channel.
    tier_limits
        Every limit of every tier.
    campaign_limits
        By campaign, the limits of its conditions.
    segment_starts
        RFM totals at which a segment but the first begins.
    journey
        What entering a segment sets off.

    """

    def __init__(self, rules: Rules) -> None:
        self.campaigns = tuple(rules.campaigns)
        self.channels = rules.channels.model_dump()
        self.segments = rules.segment_names
        self.segment_starts = tuple(segment.from_ for segment in rules.rfm.segments[1:])
        self.tier_limits: tuple[Limit, ...] = tuple(
            (COLUMN[i], i, hundredths(getattr(rules.tiers[tier], i)))
            for tier in TIERS
            for i in INDICATORS
        )
        self.campaign_limits: dict[str, tuple[Limit, ...]] = {
            name: tuple((COLUMN[i], i, hundredths(limit)) for i, _, limit in campaign.conditions)
            for name, campaign in rules.campaigns.items()
        }
        self.journey = Journey(rules)
        self._by_mask: dict[int, tuple[str, ...]] = {}

    def campaign_names(self, mask: int) -> tuple[str, ...]:
        """Return the campaigns of a mask, in the order of the rules."""
        names = self._by_mask.get(mask)
        if names is None:
            names = tuple(name for bit, name in enumerate(self.campaigns) if mask >> bit & 1)
            self._by_mask[mask] = names
        return names

    def channel_of(self, row: Sequence[int]) -> str:
        """Return the sales channel of who stands at a row."""
        return str(self.channels[TIER_NAMES[row[TIER]]])

    def triggers_of(self, row: Sequence[int]) -> set[str]:
        """Return the names of the triggers of all segments that a row (`standing.py`) is in."""
        named = [("tier", TIER_NAMES[row[TIER]])]
        named += [("campaign", name) for name in self.campaign_names(max(row[CAMPAIGNS], 0))]
        if row[SEGMENT] != NULL:
            named.append(("rfm", self.segments[row[SEGMENT]]))
        if row[PROFILE] != NULL:
            named.append(("profile", NAMES[row[PROFILE]]))
        return {f"{kind}:{name}" for kind, name in named}
