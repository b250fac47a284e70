"""Values of the rules file: numbers with so many decimal places, and names."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _number(value: object) -> Decimal:
    if type(value) is int:
        return Decimal(value)
    if type(value) is Decimal and value.is_finite():
        return value
    raise ValueError("is not a number")


def _at_most(places: int) -> Any:
    def check(value: Decimal) -> Decimal:
        if int(value.as_tuple().exponent) < -places:
            raise ValueError(f"has more than {places} decimal places")
        return value

    return check


def three_places(value: object) -> Decimal:
    """Return a number of at most three decimal places (ValueError)."""
    return Decimal(_at_most(3)(_number(value)))


def two_places(value: object) -> Decimal:
    """Return a number of at most two decimal places (ValueError)."""
    return Decimal(_at_most(2)(_number(value)))


Points = Annotated[Decimal, BeforeValidator(three_places), Field(ge=0, le=10**5)]
Weight = Annotated[Decimal, BeforeValidator(three_places), Field(ge=0, le=10**6)]
Score = Annotated[Decimal, BeforeValidator(two_places), Field(ge=0, le=100)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class RuleModel(BaseModel):
    """A part of the rules: frozen, and only of what it names."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
