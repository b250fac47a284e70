"""docs/consuming.md: the events it shows are in the published shape, its commands are the tried."""

import json
import re

import pytest
from example_consumers import LANGUAGES, Language
from kafka_broker import ROOT

from schemas.outputs import JourneyTriggered, SegmentChanged

DOCS = (ROOT / "docs" / "consuming.md").read_text("utf-8")


def test_the_events_are_in_the_published_shape() -> None:
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)]
    for event, model in zip(shown, (SegmentChanged, JourneyTriggered), strict=True):
        assert model.model_validate(event).model_dump(mode="json") == event


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_the_commands_are_those_that_are_tried(language: Language) -> None:
    commands = [command for command in (language.build, language.run) if command]
    lines = [line.split("  ")[0] for line in DOCS.splitlines()]
    assert not set(commands) - set(lines)


def test_the_lock_names_no_host() -> None:
    lock = json.loads((ROOT / "examples" / "node" / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    assert all("integrity" in package and "resolved" not in package for package in packages)
