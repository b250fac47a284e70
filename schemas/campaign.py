"""Who belongs to a campaign: conditions on scores."""

import re
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from schemas import json_forms
from schemas.rule_values import RuleModel, two_places

Indicator = Literal["P", "R", "F", "V", "PRFV"]
Operator = Literal[">", ">=", "<", "<=", "="]

_CONDITION = re.compile(r"\s*(>=|<=|>|<|=)\s*([0-9]+(?:\.[0-9]+)?)\s*")


def _conditions(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('is not a condition such as "> 0, < 55"')  # noqa: TRY004
    matches = [_CONDITION.fullmatch(part) for part in value.split(",")]
    if not all(matches):
        raise ValueError('is not a condition such as "> 0, < 55"')
    return tuple((m[1], two_places(Decimal(m[2]))) for m in matches if m)


Conditions = Annotated[
    tuple[tuple[Operator, Decimal], ...] | None,
    BeforeValidator(_conditions),
    WithJsonSchema(json_forms.CONDITIONS),
]


class Campaign(RuleModel):
    """Conditions on scores, all of which must hold; on a null score none does."""

    P: Conditions = None
    R: Conditions = None
    F: Conditions = None
    V: Conditions = None
    PRFV: Conditions = None
    after_first_sale: bool = False

    @cached_property
    def conditions(self) -> tuple[tuple[Indicator, Operator, Decimal], ...]:
        """The conditions one by one, in the order P, R, F, V, PRFV."""
        named: tuple[Indicator, ...] = ("P", "R", "F", "V", "PRFV")
        return tuple((i, op, limit) for i in named for op, limit in getattr(self, i) or ())

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.conditions:
            raise ValueError("has no condition")
        return self
