"""P, R, F, V and PRFV, colours, tiers, campaigns and channels, for many customers at once.

A row of scores (`int64`) has the columns named here; arrays of them have the shape (n, 11).
Scores are hundredths (0–10000), `NULL` where there is none.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np

from nyxter_online.customer import Period
from nyxter_online.figures import FIRST, GROUP, POTENTIAL, UNKNOWN, Group, Ints, Mask, ranked
from nyxter_online.ranks import Snapshot
from nyxter_online.registers import NEVER
from nyxter_online.rfm import rfm
from schemas.rules import INDICATORS, OTHER_TIER, TIERS, Rules

P: Final = 0
R: Final = 1
F: Final = 2
V: Final = 3
PRFV: Final = 4
TIER: Final = 5  # index in TIER_NAMES
CAMPAIGNS: Final = 6  # bit i: the i-th campaign of the rules
SEGMENT: Final = 7  # index in the rules' RFM segments
RFM: Final = slice(8, 11)  # r, f, v: 1–4, or 0 for who bought nothing
WIDTH: Final = 11

NULL: Final = -1
TIER_NAMES: Final = (*TIERS, OTHER_TIER)
COLUMN: Final = {"P": P, "R": R, "F": F, "V": V, "PRFV": PRFV}

_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}


def score(figures: Ints, groups: Sequence[Group], snapshot: Snapshot, period: Period) -> Ints:
    """Return the rows of scores of rows of figures.

    Parameters
    ----------
    figures
        Shape (n, 6), columns as in `figures.py`.
    groups
        The group that each number in the column `GROUP` stands for.
    snapshot
        The population to rank among.
    period
        Today and the rules.

    """
    scores = np.zeros((len(figures), WIDTH), np.int64)
    members = _by_group(figures[:, GROUP])
    for indicator, (bought, figure) in ranked(figures, period).items():
        column = scores[:, COLUMN[indicator]]
        counted = bought & (figure > 0) if indicator == "V" else bought  # a sum ≤ 0 has no rank
        for group, rows in members:
            rows = rows[counted[rows]]  # noqa: PLW2901
            if len(rows):
                scale = snapshot.scale((indicator, groups[group]))
                column[rows] = scale.scores(figure[rows])
    scores[figures[:, POTENTIAL] == UNKNOWN, P] = NULL
    rules = period.rules
    scores[:, PRFV] = _weighted_mean(scores, rules)
    scores[:, TIER] = _tier(scores, rules)
    scores[:, CAMPAIGNS] = _campaigns(scores, figures[:, FIRST] != NEVER, rules)
    scores[:, RFM], scores[:, SEGMENT] = rfm(figures, snapshot, rules)
    return scores


def colour(score: int) -> str | None:
    """Return the colour of a score in hundredths: of the score rounded half up to an integer.

    >>> [colour(s) for s in (3349, 3350, 6749, 6750, NULL)]
    ['azul', 'verde', 'verde', 'vermelho', None]
    """
    if score == NULL:
        return None
    whole = (score + 50) // 100
    return "azul" if whole <= 33 else "verde" if whole <= 67 else "vermelho"  # noqa: PLR2004


def hundredths(limit: Decimal) -> int:
    """Return a limit of the rules (at most 2 decimal places) in hundredths."""
    return int(limit * 100)


def _by_group(groups: Ints) -> list[tuple[int, Ints]]:
    if not len(groups) or (groups == groups[0]).all():
        return [(int(groups[0]), np.arange(len(groups)))] if len(groups) else []
    order = np.argsort(groups, kind="stable")
    cuts = np.flatnonzero(np.diff(groups[order])) + 1
    return [(int(groups[rows[0]]), rows) for rows in np.split(order, cuts)]


def _weighted_mean(scores: Ints, rules: Rules) -> Ints:
    weights = rules.analysis.weights
    thousandths = np.array([int(getattr(weights, i) * 1000) for i in INDICATORS], np.int64)
    present = np.where(scores[:, :PRFV] == NULL, 0, thousandths)
    total = present.sum(axis=1)
    divisor = np.maximum(total, 1)
    mean = (2 * (present * scores[:, :PRFV]).sum(axis=1) + divisor) // (2 * divisor)
    return np.where(total == 0, NULL, mean)


def _tier(scores: Ints, rules: Rules) -> Ints:
    tier = np.full(len(scores), len(TIERS), np.int64)
    for index in reversed(range(len(TIERS))):
        limits = rules.tiers[TIERS[index]]
        least = np.array([hundredths(getattr(limits, i)) for i in INDICATORS], np.int64)
        four = scores[:, :PRFV]
        tier[((four >= least) | (four == NULL)).all(axis=1)] = index
    return tier


def _campaigns(scores: Ints, ever_bought: Mask, rules: Rules) -> Ints:
    mask = np.zeros(len(scores), np.int64)
    for bit, campaign in enumerate(rules.campaigns.values()):
        holds = ever_bought if campaign.after_first_sale else np.ones(len(scores), np.bool_)
        for indicator, comparison, limit in campaign.conditions:
            score = scores[:, COLUMN[indicator]]
            holds = holds & (score != NULL) & _COMPARE[comparison](score, hundredths(limit))
        mask |= holds.astype(np.int64) << bit
    return mask
