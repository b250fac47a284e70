"""How quantities become points: the rules of P."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from schemas.rule_values import Name, Points, RuleModel


class Band(RuleModel):
    """Quantities from `min` to `max`, both included (`max` absent: no end), and their points."""

    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(ge=0)] | None = None
    points: Points

    def holds(self, quantity: int) -> bool:
        """Tell whether a quantity lies in the band."""
        return self.min <= quantity and (self.max is None or quantity <= self.max)


class Potential(RuleModel):
    """How the quantity of one attribute becomes points: by bands, or so many a unit."""

    attribute: Name
    bands: tuple[Band, ...] | None = None
    points_per_unit: Points | None = None

    @field_validator("bands", mode="before")
    @classmethod
    def _joined(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.bands is None) == (self.points_per_unit is None):
            raise ValueError("give either bands or points_per_unit")
        if self.bands is not None and not self.bands:
            raise ValueError("bands holds no band")
        for problem in _band_problems(sorted(self.bands or (), key=lambda band: band.min)):
            raise ValueError(problem)
        return self

    def points(self, quantity: int) -> Decimal:
        """Return the points of a quantity ≥ 0; 0 where no band holds it."""
        if self.points_per_unit is not None:
            return quantity * self.points_per_unit
        return next((b.points for b in self.bands or () if b.holds(quantity)), Decimal(0))


def _band_problems(bands: list[Band]) -> Iterable[str]:
    for band in bands:
        if band.max is not None and band.max < band.min:
            yield f"the band from {band.min} ends before it begins"
    for below, above in pairwise(bands):
        if below.max is None or below.max >= above.min:
            yield f"the bands from {below.min} and from {above.min} overlap"
        elif below.max + 1 < above.min:
            yield f"there is a gap between the bands from {below.min} and from {above.min}"
