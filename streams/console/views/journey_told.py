"""The page Jornada as tables and HTML: phases, moves and triggers in the reader's words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from schemas.journey import PROFILES
from schemas.rules import OTHER_TIER, TIERS, Rules
from streams.console.charts.sankey import Flow
from streams.console.markup import Markup, tag
from streams.console.views.moves import REASONS, Day, Fired
from streams.console.views.stages import PhaseStanding
from streams.console.words import Words
from streams.console.words import jornada as texts
from streams.console.words.domain import label
from streams.tabular import Column, Table
from streams.telling.whys import KINDS

MOST_FLOWS: Final = 40
"""Flows that are drawn: more are lines too thin to see. The table has all of them."""


def phases_table(words: Words, phases: Iterable[PhaseStanding]) -> Table:
    """Return each stage with its phase, and how many customers are in both."""
    columns = (
        Column("stage", words(texts.STAGE)),
        Column("phase", words(texts.PHASE)),
        Column("customers_in_stage", words(texts.IN_STAGE), "integer"),
        Column("customers_in_phase", words(texts.IN_PHASE), "integer"),
    )
    rows = [
        (stage, phase.name, living, phase.customers)
        for phase in phases
        for stage, living in phase.stages.items()
    ]
    return Table(words(texts.PHASES), columns, rows)


def phases_shown(words: Words, phases: Sequence[PhaseStanding], base: int) -> Markup:
    """Return the phases side by side, with a bar for each stage; `base` is everyone."""
    most = max((living for phase in phases for living in phase.stages.values()), default=0) or 1
    made = (_phase(words, place, phase, base, most) for place, phase in enumerate(phases, 1))
    shown = tag("ol", *made, class_="phases")
    outside = base - sum(phase.customers for phase in phases)
    if outside <= 0:
        return shown
    note = words(texts.OUTSIDE, words.count(outside))
    return shown + tag("p", note, class_="muted small", style="margin-top: 12px")


def _phase(words: Words, place: int, phase: PhaseStanding, base: int, most: int) -> Markup:
    share = words(texts.OF_BASE, words.share(phase.customers / base if base else None))
    who = words(texts.LIVING, ", ".join(phase.profiles)) if phase.profiles else None
    return tag(
        "li",
        tag("h3", tag("i", place, aria_hidden="true"), phase.name),
        tag("p", words.count(phase.customers), " ", tag("small", share), class_="much"),
        tag("ul", *(_stage(words, *one, most) for one in phase.stages.items()), class_="stages"),
        tag("p", who or words(texts.NOBODY_LIVES), class_="who"),
        class_="phase-card",
    )


def _stage(words: Words, name: str, living: int, most: int) -> Markup:
    bar = tag("i", style=f"--share: {living / most:.4f}", class_=None if living else "none")
    return tag(
        "li",
        tag("span", name),
        tag("b", words.count(living)),
        tag("span", tag("span", bar), class_="bar", aria_hidden="true"),
    )


def order_of(kind: str, rules: Rules) -> Sequence[str]:
    """Return the segments of a kind as they are to stand, the best of tiers and RFM first."""
    return {
        "profile": PROFILES,
        "tier": (*TIERS, OTHER_TIER),
        "rfm": rules.segment_names[::-1],
        "campaign": tuple(rules.campaigns),
    }[kind]


def name_of(words: Words, kind: str, segment: str) -> str:
    """Return what a segment is called on either side of a change; "" is none."""
    if segment:
        return label(words, kind, segment)
    return words(texts.NOT_IN if kind == "campaign" else texts.NOWHERE)


def titles(words: Words, kind: str, flows: Iterable[Flow], order: Sequence[str]) -> dict[str, str]:
    """Return what the segments of flows are called: those of `order` first, none last."""
    named = {name for flow in flows for name in flow[:2]}
    known = [name for name in order if name in named]
    others = sorted(named.difference(known, [""]))
    last = [""] if "" in named else []
    return {name: name_of(words, kind, name) for name in [*known, *others, *last]}


def moves_table(words: Words, kind: str, flows: Iterable[Flow]) -> Table:
    """Return from where to where, and how often."""
    columns = (
        Column("old", words(texts.OLD)),
        Column("new", words(texts.NEW)),
        Column("changes", words(texts.TIMES), "integer"),
    )
    rows = [(name_of(words, kind, old), name_of(words, kind, new), n) for old, new, n in flows]
    return Table(words(texts.MOVES), columns, rows)


def triggers_table(words: Words, fired: Iterable[Fired], phases: Mapping[str, str]) -> Table:
    """Return what became of each trigger; `phases` are by stage. All reasons have a column."""
    columns = (
        Column("segment", words(texts.TRIGGER)),
        Column("kind", words(texts.KIND)),
        Column("stage", words(texts.STAGE)),
        Column("phase", words(texts.PHASE)),
        Column("fired", words(texts.FIRED), "integer"),
        Column("suppressed", words(texts.SUPPRESSED), "integer"),
        *(Column(reason, words(texts.REASONS[reason]), "integer") for reason in REASONS),
    )
    rows = [
        (
            label(words, one.kind, one.segment),
            words(KINDS[one.kind]),
            one.stage,
            phases.get(one.stage),
            one.fired,
            one.suppressed,
            *(one.held.get(reason, 0) for reason in REASONS),
        )
        for one in fired
    ]
    return Table(words(texts.TRIGGERS), columns, rows)


def days_table(words: Words, days: Mapping[date, Day]) -> Table:
    """Return how many triggers fired and were suppressed on each day."""
    columns = (
        Column("day", words(texts.DAY), "date"),
        Column("fired", words(texts.FIRED), "integer"),
        Column("suppressed", words(texts.SUPPRESSED), "integer"),
    )
    return Table(words(texts.BY_DAY), columns, [(day, *of) for day, of in days.items()])


def reasons_shown(words: Words, fired: Sequence[Fired]) -> Markup:
    """Return how many triggers fired and were suppressed in all, reason by reason."""
    held = {
        words(texts.REASONS[reason]): sum(one.held.get(reason, 0) for one in fired)
        for reason in REASONS
    }
    facts = {words(texts.FIRED): sum(one.fired for one in fired)} | {
        reason: count for reason, count in held.items() if count
    }
    stats = (
        tag("div", tag("dt", name), tag("dd", words.count(count)), class_="stat")
        for name, count in facts.items()
    )
    return tag("dl", *stats, class_="stats")
