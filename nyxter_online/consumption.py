"""What is told of a customer's consumption: profile, probabilities, features, and their why."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from nyxter_online.features import BAND, BRANDS, CONTRACTS, START, UNKNOWN_BAND
from nyxter_online.gmm import GRID
from nyxter_online.prfv import NULL
from nyxter_online.profiles import PROFILES
from schemas.outputs import UNASSIGNED

Json = dict[str, Any]

NAMES: Final = tuple(profile.name for profile in PROFILES)
_PLACES: Final = 4


class Consumption(NamedTuple):
    """What the mixture knows of one customer.

    Attributes
    ----------
    features
        The raw row of features; None: no contracts.
    clipped, before
        The clipped rows now and before the event; equal where the customer did nothing.
    shares
        Responsibilities in units of 2⁻²⁰.
    facts
        What the card tells of the contracts besides.
    month, epoch
        The month of today (since January 1970) and the number of the epoch in use, 0: none.

    """

    features: Sequence[int] | None
    clipped: Sequence[int]
    before: Sequence[int]
    shares: Sequence[int]
    facts: Mapping[str, Any]
    month: int
    epoch: int

    def told(self, profile: int) -> Json:
        """Return the profile (`schemas.outputs.Consumption`); `profile` is its index or `NULL`."""
        if profile == NULL:
            nothing = {"segment": UNASSIGNED, "probability": None, "runner_up": None}
            return nothing | {"epoch": self.epoch}
        second = self._runner_up(profile)
        return {
            "segment": NAMES[profile],
            "probability": self._probability(profile),
            "runner_up": {"segment": NAMES[second], "probability": self._probability(second)},
            "epoch": self.epoch,
        }

    def told_features(self) -> Json | None:
        """Return the four features in words (`schemas.outputs.Features`)."""
        if self.features is None:
            return None
        return {
            "brands": self.features[BRANDS],
            "tenure_months": max(0, self.month - self.features[START]),
            "revenue_band": self._band(self.features[BAND]),
            "contracts": self.features[CONTRACTS],
        }

    def why(self) -> Json:
        """Return why the profile is what it is (`schemas.outputs.ProfileWhy`)."""
        return {
            "probabilities": {n: self._probability(k) for k, n in enumerate(NAMES)},
            "moved": list(self._moved()),
        }

    def _moved(self) -> Sequence[str]:
        """Return the features that the event moved, in words."""
        tenure = [self.month - row[START] for row in (self.before, self.clipped)]
        named = {
            "marcas": (self.before[BRANDS], self.clipped[BRANDS]),
            "meses de casa": tuple(tenure) if self.before[CONTRACTS] else (None, tenure[1]),
            "faixa de faturamento": (self._band(self.before[BAND]), self._band(self.clipped[BAND])),
            "contratos": (self.before[CONTRACTS], self.clipped[CONTRACTS]),
        }
        return [f"{name} {_word(a)} -> {_word(b)}" for name, (a, b) in named.items() if a != b]

    def _band(self, band: int) -> int | None:
        return None if band == UNKNOWN_BAND else band

    def _probability(self, component: int) -> float:
        return round(self.shares[component] / GRID, _PLACES)

    def _runner_up(self, profile: int) -> int:
        others = [k for k in range(len(NAMES)) if k != profile]
        return max(others, key=lambda k: (self.shares[k], -k))


def _word(value: int | None) -> str:
    return "desconhecida" if value is None else str(value)
