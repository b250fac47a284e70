"""A fault planted in the code: a few words of one function replaced by others, for a while."""

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Mutant(NamedTuple):
    """A fault to plant.

    Attributes
    ----------
    name
        What it is, in words.
    where
        Module and function, as ``streams.lane.lane:Lane._commit``.
    old, new
        What is replaced in its text, and by what.
    seed
        One at which it is found, 0 where none is known yet.

    """

    name: str
    where: str
    old: str
    new: str
    seed: int = 0


class DoesNotFit(Exception):  # noqa: N818 - it names what is the case
    """The code has changed: the mutant must be written anew."""


@contextmanager
def planted(mutant: Mutant | None) -> Iterator[None]:
    """Plant a mutant for a while."""
    if mutant is None:
        yield
        return
    owner, name = find(mutant.where)
    before = inspect.getattr_static(owner, name)
    setattr(owner, name, _changed(mutant, owner, name))
    try:
        yield
    finally:
        setattr(owner, name, before)


def find(where: str) -> tuple[Any, str]:
    """Return what holds a function, and its name there."""
    module, _, path = where.partition(":")
    owner: Any = importlib.import_module(module)
    *classes, name = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    return owner, name


def _changed(mutant: Mutant, owner: Any, name: str) -> Any:
    before = inspect.getattr_static(owner, name)
    function = inspect.unwrap(before.fget if isinstance(before, property) else before)
    text = textwrap.dedent(inspect.getsource(function))
    if text.count(mutant.old) != 1:
        raise DoesNotFit(f"{mutant.name}: {text.count(mutant.old)} times in {mutant.where}")
    made: dict[str, Any] = {}
    # `super()` looks for the class in a closure.
    changed = textwrap.indent(text.replace(mutant.old, mutant.new), "    ")
    source = f"def make(__class__):\n{changed}\n    return {name}\n"
    exec(compile(source, mutant.where, "exec"), function.__globals__, made)  # noqa: S102
    return made["make"](owner if inspect.isclass(owner) else None)
