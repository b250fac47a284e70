"""Model files: what `nyxter model fit` writes and `nyxter model accept` reads."""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from nyxter_online.epochs import LEAST
from nyxter_online.gmm import Components, Statistics, m_step
from schemas.envelope import dumps
from schemas.events import ModelAccepted

_ROUNDING: Final = 1e-9


class ModelUnusable(ValueError):  # noqa: N818 - it names what is the case
    """A file holds no model that could be used; the message tells the file and why."""


class Model(ModelAccepted):
    """A model as a file holds it: what is to be accepted, and where it comes from.

    Attributes
    ----------
    as_of
        The day of the base that it was fitted to.
    customers
        How many customers with contracts that base had.
    log_likelihood
        Mean logarithm of the density of a customer of that base, in nats.

    """

    as_of: date
    customers: Annotated[int, Field(ge=LEAST)]
    log_likelihood: Annotated[float, Field(allow_inf_nan=False)]

    @property
    def statistics(self) -> Statistics:
        """The sums as the mixture takes them."""
        return Statistics.from_json({"sums": self.sums})

    @cached_property
    def components(self) -> Components:
        """The mixture that the sums come to."""
        return m_step(self.statistics)

    @model_validator(mode="after")
    def _is_of_customers(self) -> Self:
        if self.statistics.size != self.customers:
            raise ValueError(f"sums are of {self.statistics.size} customers, not {self.customers}")
        spreads = np.linalg.eigvalsh(self.components.covariances)
        if (spreads[:, 0] < -_ROUNDING * np.abs(spreads).max(initial=1.0)).any():
            raise ValueError("sums are not those of any customers: some vary by less than nothing")
        return self


def read_model(path: Path) -> Model:
    """Return the model of a file.

    Raises
    ------
    ModelUnusable
        The file holds none.
    OSError
        It cannot be read.

    """
    try:
        return Model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise ModelUnusable(f"{path}: {place + ': ' if place else ''}{problem['msg']}") from None


def write_model(model: Model, path: Path) -> None:
    """Write a model to a file; OSError where it cannot be written."""
    path.write_bytes(dumps(model.model_dump(mode="json")) + b"\n")
