"""docker-compose.yml: valid, closed to other machines, and it runs commands that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

from streams import cli
from streams.cli.arguments import refuse_empty_secret
from streams.settings import Settings

FILE = Path(__file__).resolve().parents[1] / "docker-compose.yml"
OURS = ("topics", "worker", "cache", "console")
LISTENING = ("kafka", "valkey", "console")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
    return read


def test_it_follows_the_compose_specification() -> None:
    validator = (sys.executable, "-m", "check_jsonschema")
    run(*validator, "--builtin-schema", "vendor.compose-spec", str(FILE))
    if has_compose():  # no engine needed, but few machines have it
        run("docker", "compose", "--file", str(FILE), "config", "--quiet")


def test_the_services_are_those_of_the_readme(services: dict[str, Any]) -> None:
    assert sorted(services) == sorted({*OURS, *LISTENING})
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["kafka"]["image"] == "apache/kafka:4.1.0"
    assert services["valkey"]["image"] == "valkey/valkey:8"


@pytest.mark.parametrize("name", LISTENING)
def test_only_this_machine_reaches_what_listens(services: dict[str, Any], name: str) -> None:
    assert services[name]["ports"]
    for port in services[name]["ports"]:
        assert port.startswith("127.0.0.1:")


def test_nothing_else_is_reachable(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert "network_mode" not in service
        assert name in LISTENING or "ports" not in service


@pytest.mark.parametrize("name", OURS)
def test_commands_exist(services: dict[str, Any], name: str) -> None:
    command = services[name]["command"]
    result = CliRunner().invoke(cli.app, [*command, "--help"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", OURS)
def test_the_environment_sets_settings(services: dict[str, Any], name: str) -> None:
    known = {f"NYXTER_{field.upper()}" for field in Settings.model_fields}
    assert services[name]["environment"].keys() <= known


@pytest.mark.parametrize("name", OURS)
def test_the_environment_can_be_used(
    services: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in services[name]["environment"].items():
        monkeypatch.setenv(variable, re.sub(r"\$\{\w+:-(.*)\}", r"\1", value))
    refuse_empty_secret(Settings())
    monkeypatch.delenv("NYXTER_ALLOW_PLAINTEXT")
    with pytest.raises(ValidationError, match="NYXTER_ALLOW_PLAINTEXT=true"):
        Settings()


@pytest.mark.parametrize(
    ("name", "waits_for"),
    [
        ("topics", {"kafka": "service_healthy"}),
        ("worker", {"topics": "service_completed_successfully"}),
        ("cache", {"topics": "service_completed_successfully", "valkey": "service_healthy"}),
        ("console", {"topics": "service_completed_successfully", "valkey": "service_healthy"}),
    ],
)
def test_services_wait_for_what_they_need(
    services: dict[str, Any], name: str, waits_for: dict[str, str]
) -> None:
    told = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
    assert told == waits_for
    assert all(
        "healthcheck" in services[other]
        for other, condition in told.items()
        if condition == "service_healthy"
    )


@pytest.mark.parametrize("name", ["worker", "cache"])
def test_who_works_is_asked_how_it_is(services: dict[str, Any], name: str) -> None:
    _, *command = services[name]["healthcheck"]["test"]
    assert command[0] == "nyxter"
    result = CliRunner().invoke(cli.app, [*command[1:], "--help"])
    assert result.exit_code == 0, result.output
    assert services[name]["environment"]["NYXTER_MONITOR"] == "0.0.0.0:9600"
    assert "ports" not in services[name]


def has_compose() -> bool:
    asked = ("docker", "compose", "version")
    return (
        shutil.which("docker") is not None
        and subprocess.run(asked, capture_output=True, check=False).returncode == 0
    )


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
