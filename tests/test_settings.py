"""Settings come from the environment, and what cannot be is refused."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from streams.settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("NYXTER_")]:
        monkeypatch.delenv(variable)


def test_a_newcomer_needs_to_set_nothing() -> None:
    assert Settings().broker == "127.0.0.1:9092"
    assert Settings().rules is None


def test_the_environment_sets_fields_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NYXTER_BROKER", "localhost:9192")
    monkeypatch.setenv("NYXTER_PARTITIONS", "40")
    monkeypatch.setenv("NYXTER_RULES", "rules.toml")

    settings = Settings()

    assert (settings.broker, settings.partitions) == ("localhost:9192", 40)
    assert settings.rules == Path("rules.toml")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NYXTER_BROKER", ""),
        ("NYXTER_PARTITIONS", "0"),
        ("NYXTER_REPLICATION", "many"),
        ("NYXTER_APP_ID", "no spaces"),
        ("NYXTER_SESSION_TIMEOUT_S", "-1"),
    ],
)
def test_what_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_stay_as_they_are() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.broker = "elsewhere:9092"  # type: ignore[misc]
