"""A drawing of a mixture: tenure by contracts, beside the published profiles."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from nyxter_online.consumption import NAMES
from nyxter_online.epochs import Epoch
from nyxter_online.features import CONTRACTS, START, month_of
from nyxter_online.gmm import Components
from nyxter_online.profiles import PROFILES
from streams.cli.simulate import business_day_now

_SEEN: Final = [START, CONTRACTS]
_LEAST_WIDTH: Final = 0.5  # so that what does not vary can still be seen


class NoMatplotlib(ImportError):  # noqa: N818 - it names what is the case
    """Nothing to draw with is installed."""


def draw(epoch: Epoch, components: Components, path: Path) -> None:
    """Write a PNG: an ellipse of two deviations per component, crosses where profiles were.

    Raises
    ------
    NoMatplotlib
        There is nothing to draw with.
    OSError
        The file cannot be written.

    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise NoMatplotlib("drawing needs matplotlib: pip install matplotlib") from None
    figure = Figure(figsize=(9, 6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    month = month_of(business_day_now().toordinal())
    for k, name in enumerate(NAMES):
        _draw_component(axes, name, f"C{k}", components, k, month)
    axes.set_xlabel("tenure, months")
    axes.set_ylabel("contracts")
    axes.set_title(
        f"Model {epoch.model}, epoch {epoch.number}: {epoch.customers:,} customers\n"
        "ellipses: two deviations; crosses: published means",
        fontsize="medium",
    )
    axes.autoscale_view()
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def _draw_component(
    axes: Any, name: str, colour: str, components: Components, k: int, month: int
) -> None:
    from matplotlib.patches import Ellipse  # noqa: PLC0415

    start, contracts = components.means[k, _SEEN].tolist()
    spreads, directions = np.linalg.eigh(components.covariances[k][np.ix_(_SEEN, _SEEN)])
    width, height = (4 * np.sqrt(np.maximum(spreads, _LEAST_WIDTH**2))).tolist()
    x, y = directions[:, 0].tolist()
    angle = float(np.degrees(np.arctan2(y, -x)))  # tenure runs against the start
    centre, weight = (month - start, contracts), float(components.weights[k])
    ellipse = Ellipse(centre, width, height, angle=angle, facecolor=colour, alpha=0.25)
    axes.add_patch(ellipse)
    axes.plot(*centre, "o", color=colour, label=f"{name} ({weight:.0%})")
    axes.plot(PROFILES[k].tenure_months, PROFILES[k].contracts, "x", color=colour, markersize=10)
