"""scikit-learn's GaussianMixture on the same rows, by several ways of starting it."""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from nyxter_online.epochs import K
from nyxter_online.gmm import Components, Floats, Ints, log_likelihood

EPSILON = 0.01  # ours; theirs is added to variances, which are 1 in scaled rows


class Agreement(NamedTuple):
    """How far ours is from where scikit-learn comes to rest when it starts from ours.

    Attributes
    ----------
    customers
        How many there were.
    ari
        Of our labels and theirs.
    gap
        Their mean log-likelihood less ours, in nats a customer.

    """

    customers: int
    ari: float
    gap: float


class Fit(NamedTuple):
    """One way of fitting: agreement with the truth, and mean log-likelihood less ours."""

    name: str
    ari: float
    gain: float


def agreement(rows: Ints, labels: Ints, components: Components) -> Agreement:
    """Run scikit-learn to convergence from our weights, and compare."""
    unit = _units(rows)
    precisions = np.linalg.inv(components.covariances / np.outer(unit, unit))
    model = GaussianMixture(
        K,
        reg_covar=EPSILON,
        tol=1e-8,
        max_iter=3_000,
        weights_init=components.weights,
        means_init=components.means / unit,
        precisions_init=(precisions + precisions.transpose(0, 2, 1)) / 2,
    )
    _fit(model, rows / unit)
    gap = model.score(rows / unit) - ours(rows, components)
    return Agreement(len(rows), adjusted_rand_score(model.predict(rows / unit), labels), gap)


def fits(rows: Ints, truth: Ints, components: Components, seed: int) -> Iterator[Fit]:
    """Fit scikit-learn's mixture to rows by starts of its own."""
    scaled, level = rows / _units(rows), ours(rows, components)
    for name, settings in (
        ("sklearn, same ε", {"reg_covar": EPSILON}),
        ("sklearn, default", {}),
        ("sklearn, n_init=10, same ε", {"reg_covar": EPSILON, "n_init": 10}),
    ):
        model = GaussianMixture(K, random_state=seed, **settings)
        _fit(model, scaled)
        labels = model.predict(scaled)
        yield Fit(name, adjusted_rand_score(truth, labels), model.score(scaled) - level)


def ours(rows: Ints, components: Components) -> float:
    """Return our mean log-likelihood of rows as scikit-learn has them, scaled."""
    return float(log_likelihood(rows, components).mean() + np.log(_units(rows)).sum())


def _units(rows: Ints) -> Floats:
    return rows.std(axis=0)


def _fit(model: GaussianMixture, scaled: Floats) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a start that does not is a result too
        model.fit(scaled)
