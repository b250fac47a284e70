"""The code's own modules with the simulation's clock, threads and clients in them, for a while."""

import concurrent.futures
import importlib
import inspect
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import confluent_kafka
from confluent_kafka import admin

from simulation import consumer as simulated_consumer
from simulation import producer as simulated_producer
from simulation.admin import AdminClient
from simulation.kernel import Kernel
from simulation.threads import Pool, Threading, Time
from streams.kafka import group

_MODULES = ("streams.app", "streams.cache", "streams.journal_replay", "streams.monitoring.cache")
_LEVELS = ("debug", "info", "warning", "error", "exception", "critical")


class Recorder:
    """A logger that notes everything in the kernel's trace."""

    def __init__(self, kernel: Kernel, heard: Callable[[str, str], None], **fields: Any) -> None:
        self._kernel = kernel
        self._heard = heard
        self._fields = fields
        for level in _LEVELS:
            setattr(self, level, self._log)

    def bind(self, **fields: Any) -> "Recorder":
        return Recorder(self._kernel, self._heard, **self._fields, **fields)

    def _log(self, event: str, *_: Any, **fields: Any) -> None:
        self._kernel.trace("log", event, self._fields | fields)
        self._heard(event, str(fields.get("reason", "")))


@contextmanager
def patched(
    kernel: Kernel,
    clock: Time,
    heard: Callable[[str, str], None],
    on_signal: Callable[[], None],
    shrunk: Mapping[str, Any],
) -> Iterator[None]:
    """Replace what would touch the real world.

    Parameters
    ----------
    kernel, clock
        What takes its place.
    heard
        Called with the name of each event that is logged, and its reason.
    on_signal
        Called where a process would end itself.
    shrunk
        Other values for constants of the code, by their full names.

    """
    for name in _MODULES:
        importlib.import_module(name)
    undo: list[tuple[Any, str, Any]] = []
    replaced = _replacements(kernel, clock, on_signal)
    for name, module in sorted(sys.modules.items()):
        if name.startswith("streams.") and module is not None:
            _patch_module(module, replaced, kernel, heard, undo)
            _patch_defaults(module, clock, undo)
    for name, value in shrunk.items():
        module_name, _, attribute = name.rpartition(".")
        _set(sys.modules[module_name], attribute, value, undo)
    try:
        yield
    finally:
        for target, name, value in reversed(undo):
            setattr(target, name, value)


def _replacements(kernel: Kernel, clock: Time, on_signal: Callable[[], None]) -> dict[int, Any]:
    tokens = SimpleNamespace(token_hex=lambda n: f"{kernel.random.getrandbits(8 * n):0{2 * n}x}")
    pairs = [
        (time, clock),
        (threading, Threading(kernel)),
        (secrets, tokens),
        (signal, SimpleNamespace(raise_signal=lambda _: on_signal(), SIGTERM=signal.SIGTERM)),
        (concurrent.futures.ThreadPoolExecutor, lambda most, name="": Pool(kernel, most, name)),
        (confluent_kafka.Producer, simulated_producer.Producer),
        (confluent_kafka.Consumer, simulated_consumer.Consumer),
        (admin.AdminClient, AdminClient),
        (group.group_members, _not_known),
    ]
    return {id(real): simulated for real, simulated in pairs}


def _not_known(*_: Any) -> list[group.Member]:
    """Stand in for the question who is in a group, which is not simulated."""
    raise group.GroupUnknown("no answer")


def _patch_module(
    module: Any,
    replaced: Mapping[int, Any],
    kernel: Kernel,
    heard: Callable[[str, str], None],
    undo: list[tuple[Any, str, Any]],
) -> None:
    for name, value in list(vars(module).items()):
        if name.startswith("__"):
            continue
        if id(value) in replaced:
            _set(module, name, replaced[id(value)], undo)
        elif name == "log":
            _set(module, name, Recorder(kernel, heard), undo)


def _patch_defaults(module: Any, clock: Time, undo: list[tuple[Any, str, Any]]) -> None:
    """Replace clocks among the defaults of parameters."""
    classes = [c for c in vars(module).values() if inspect.isclass(c)]
    for own in (c for c in classes if c.__module__ == module.__name__):
        for function in vars(own).values():
            if inspect.isfunction(function) and time.monotonic in (function.__defaults__ or ()):
                defaults = tuple(
                    clock.monotonic if d is time.monotonic else d for d in function.__defaults__
                )
                _set(function, "__defaults__", defaults, undo)


def _set(target: Any, name: str, value: Any, undo: list[tuple[Any, str, Any]]) -> None:
    undo.append((target, name, getattr(target, name)))
    setattr(target, name, value)
