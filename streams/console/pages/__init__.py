"""The pages: each module here registers one by its ``add``; what begins with _ is no page."""

from importlib import import_module
from pkgutil import iter_modules

from streams.console.desk import Desk


def add_pages(desk: Desk) -> None:
    """Register every page of this package; each shows what `desk` gives."""
    for module in sorted(iter_modules(__path__), key=lambda it: it.name):
        if not module.name.startswith("_"):
            import_module(f"{__name__}.{module.name}").add(desk)
