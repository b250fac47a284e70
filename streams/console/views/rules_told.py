"""The rules in sentences and tables, in the reader's words."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from schemas.campaign import Campaign
from schemas.rules import OTHER_TIER, RFM_TOTALS, TIERS, Rules
from streams.console.markup import Markup, tag
from streams.console.words import Words
from streams.console.words import regras as texts
from streams.console.words.domain import label
from streams.tabular import Column, Table
from streams.telling.whys import KINDS


def plain(words: Words, value: Decimal) -> str:
    """Return a number of the rules with the decimals it has.

    >>> plain(Words("pt"), Decimal("62.50")), plain(Words("pt"), Decimal(4))
    ('62,5', '4')
    """
    exact = value.normalize()
    return words.number(exact, max(0, -int(exact.as_tuple().exponent)))


def version(words: Words, own: str, meta: Mapping[str, str]) -> Markup:
    """Return which rules these are, and whether cards are scored by them, as `meta` says."""
    named = tag("b", words(texts.VERSION, own))
    in_force = meta.get("rules")
    if not in_force:
        return tag("div", named, ". ", words(texts.NOT_KNOWN), class_="said")
    if in_force != own:
        return tag("div", words(texts.NOT_IN_FORCE, in_force, own), class_="banner", role="status")
    since = words(texts.IN_FORCE, words.count(int(meta["snapshot"])))
    return tag("div", named, ". ", since, class_="said")


def analysis(words: Words, rules: Rules) -> list[str]:
    """Return what the period is, how value and frequency are taken, and who is compared."""
    given = rules.analysis
    fields = ", ".join(words(texts.FIELDS[field]) for field in given.compare_by)
    days = words.count(given.window_days or 365)
    weights = (plain(words, getattr(given.weights, one)) for one in ("P", "R", "F", "V"))
    return [
        words(texts.START, words.day(given.start)) if given.start else words(texts.WINDOW, days),
        words(texts.BASIS[given.value_basis]),
        words(texts.IDEAL, plain(words, given.ideal_frequency_weeks)),
        words(texts.COMPARED, fields) if fields else words(texts.TOGETHER),
        words(texts.RANKING[given.ranking]),
        words(texts.PRFV, *weights),
        words(texts.COLOURS),
    ]


def natures(words: Words, rules: Rules) -> Table:
    """Return which operation natures are sales."""
    columns = (
        Column("nature", words(texts.NATURE)),
        Column("is_sale", words(texts.IS_SALE), "flag"),
    )
    named = {name: sale for name, sale in rules.operation_natures.items() if name != "default"}
    return Table(words(texts.NATURES), columns, sorted(named.items()))


def potential(words: Words, rules: Rules) -> Table:
    """Return the points of each attribute, band by band."""
    columns = (
        Column("attribute", words(texts.ATTRIBUTE)),
        Column("from", words(texts.FROM), "integer"),
        Column("to", words(texts.TO), "integer"),
        Column("points", words(texts.POINTS), "number"),
        Column("per_unit", words(texts.PER_UNIT), "flag"),
    )
    return Table(words(texts.POTENTIAL), columns, list(_points(rules)))


def _points(rules: Rules) -> Iterator[tuple[Any, ...]]:
    for one in rules.potential:
        if one.points_per_unit is not None:
            yield one.attribute, None, None, float(one.points_per_unit), True
        for band in sorted(one.bands or (), key=lambda band: band.min):
            yield one.attribute, band.min, band.max, float(band.points), False


def tiers(words: Words, rules: Rules) -> Table:
    """Return the least scores of each tier, and its channel."""
    columns = (
        Column("tier", words(texts.TIER)),
        *(Column(one, f"{one} ≥", "number") for one in ("P", "R", "F", "V")),
        Column("channel", words(texts.CHANNEL)),
    )
    rows = [
        (
            label(words, "tier", tier),
            *(float(getattr(rules.tiers[tier], one)) for one in ("P", "R", "F", "V")),
            label(words, "channel", getattr(rules.channels, tier)),
        )
        for tier in TIERS
    ]
    channel = label(words, "channel", rules.channels.pequeno)
    rows.append((label(words, "tier", OTHER_TIER), *(None,) * 4, channel))
    return Table(words(texts.TIERS), columns, rows)


def conditions(words: Words, campaign: Campaign) -> str:
    """Return in a sentence who is in a campaign.

    >>> from schemas.rules import read_rules
    >>> campaigns = read_rules("").campaigns
    >>> conditions(Words("pt"), campaigns["retencao"])
    'R acima de 70 e V acima de 80'
    >>> conditions(Words("en"), campaigns["reativacao"])
    'R equal to 0 and bought at some time'
    """
    told = [
        f"{one} {words(texts.COMPARISONS[comparison])} {plain(words, limit)}"
        for one, comparison, limit in campaign.conditions
    ]
    if campaign.after_first_sale:
        told.append(words(texts.AFTER_FIRST))
    return words(texts.AND).join(told)


def campaigns(words: Words, rules: Rules) -> Table:
    """Return who is in which campaign."""
    columns = (Column("campaign", words(texts.CAMPAIGN)), Column("who", words(texts.CONDITIONS)))
    rows = [
        (label(words, "campaign", name), conditions(words, campaign))
        for name, campaign in rules.campaigns.items()
    ]
    return Table(words(texts.CAMPAIGNS), columns, rows)


def rfm(words: Words, rules: Rules) -> Table:
    """Return from which sum to which each RFM segment has its name."""
    columns = (
        Column("segment", words(texts.SEGMENT)),
        Column("from", words(texts.FROM_SUM), "integer"),
        Column("to", words(texts.TO_SUM), "integer"),
    )
    starts = [*(one.from_ for one in rules.rfm.segments), RFM_TOTALS[-1] + 1]
    ends = [after - 1 for _, after in pairwise(starts)]
    rows = [(one.name, one.from_, end) for one, end in zip(rules.rfm.segments, ends, strict=True)]
    return Table(words(texts.RFM), columns, rows)


def journey(words: Words, rules: Rules) -> list[str]:
    """Return how often triggers fire, and what is held back."""
    given = rules.journey
    held = ", ".join(words(texts.HOLDS[hold]) for hold in given.hold)
    return [
        words(texts.CAP, words.count(given.cap_per_week), words.count(given.cooldown_days)),
        words(texts.HOLD, held) if held else words(texts.HOLD_NONE),
    ]


def stages(words: Words, rules: Rules) -> Table:
    """Return the phases and their stages."""
    columns = (Column("phase", words(texts.PHASE)), Column("stages", words(texts.STAGES), "texts"))
    rows = [(phase.name, phase.stages) for phase in rules.journey.phases]
    return Table(words(texts.PHASES), columns, rows)


def places(words: Words, rules: Rules) -> Table:
    """Return where each profile lives, and what is suggested there."""
    columns = (
        Column("profile", words(texts.PROFILE)),
        Column("stages", words(texts.STAGES), "texts"),
        Column("actions", words(texts.ACTIONS), "texts"),
    )
    rows = [(name, at.stages, at.actions) for name, at in rules.journey.profiles.items()]
    return Table(words(texts.PLACES), columns, rows)


def triggers(words: Words, rules: Rules, known: Sequence[Any]) -> Table:
    """Return what entering each segment sets off; `known` are `nyxter_online.journey.Trigger`s."""
    columns = (
        Column("segment", words(texts.TRIGGER)),
        Column("kind", words(texts.KIND)),
        Column("stage", words(texts.STAGE)),
        Column("actions", words(texts.ACTIONS), "texts"),
        Column("channel", words(texts.CHANNEL)),
        Column("cooldown_days", words(texts.REST), "integer"),
    )
    rows = [
        (
            label(words, one.kind, one.segment),
            words(KINDS[one.kind]),
            one.stage,
            one.actions,
            label(words, "channel", one.channel) if one.channel else _channel(words, rules, one),
            one.cooldown_days,
        )
        for one in known
    ]
    return Table(words(texts.TRIGGERS), columns, rows)


def _channel(words: Words, rules: Rules, trigger: Any) -> str:
    """Return the channel of a trigger that has none of its own: the tier's."""
    if trigger.kind == "tier":
        return label(words, "channel", getattr(rules.channels, trigger.segment))
    return words(texts.OF_TIER)


def limits(words: Words, rules: Rules) -> Table:
    """Return how large an event may be."""
    columns = (Column("limit", words(texts.LIMIT)), Column("most", words(texts.MOST), "integer"))
    held = rules.limits.model_dump()
    rows = [(words(text), held[name]) for name, text in texts.LIMIT_NAMES.items()]
    return Table(words(texts.LIMITS), columns, rows)
