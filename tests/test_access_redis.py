"""Redis with logins and TLS: right credentials work, each wrong one is told in seconds."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import Certificates
from conftest import need_kafka
from kafka_broker import KafkaBroker
from secure_kafka import PASSWORD
from secure_redis import USER, SecureRedis, need_redis, secure_redis
from test_cli import nyxter, told

from streams.access.redis import reach_redis, redis_client
from streams.embedded import HOST
from streams.settings import Settings

SECONDS = 9.0


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecureRedis]:
    need_redis()
    folder = tmp_path_factory.mktemp("redis")
    with secure_redis(folder, certificates.good, certificates) as running:
        yield running


def in_url(redis: SecureRedis) -> dict[str, str]:
    url = f"rediss://{USER}:{PASSWORD}@{HOST}:{redis.tls}/0"
    return {"redis_url": url, "redis_username": "", "redis_password": ""}


def test_who_is_right_comes_in(secure: SecureRedis) -> None:
    for changes in ({}, in_url(secure)):
        ours = settings(secure, **changes)
        steps = {step.name: step.told for step in reach_redis(ours)}
        assert steps["login"] == f"as {USER}"
        assert list(steps) == ["resolve", "connect", "TLS", "login"]
        with redis_client(ours) as redis:
            assert redis.set("written", "1")


def test_a_login_without_tls(secure: SecureRedis) -> None:
    plain = {"redis_url": f"redis://{HOST}:{secure.plain}", "redis_ssl_ca_file": ""}
    steps = {step.name: step.told for step in reach_redis(settings(secure, **plain))}
    assert steps["login"] == f"as {USER}"
    assert "TLS" not in steps


WRONG = {
    "password": ({"redis_password": "wrong"}, "login: ", "NYXTER_REDIS_PASSWORD"),
    "user": ({"redis_username": "nobody"}, "login: ", "check NYXTER_REDIS_USERNAME"),
    "no login": (
        {"redis_username": "", "redis_password": ""},
        "login: ",
        "NYXTER_REDIS_USERNAME and NYXTER_REDIS_PASSWORD",
    ),
    "CA": (
        {"redis_ssl_ca_file": "unknown"},
        "TLS: its certificate is not signed by whom we trust",
        "check NYXTER_REDIS_SSL_CA_FILE",
    ),
    "CA of this machine": (
        {"redis_ssl_ca_file": ""},
        "TLS: its certificate is not signed by whom we trust",
        "check NYXTER_REDIS_SSL_CA_FILE",
    ),
    "plain text to TLS": (
        {"redis_url": "redis://{tls}", "redis_ssl_ca_file": ""},
        "login: the port speaks TLS",
        "whether NYXTER_REDIS_URL begins with rediss://",
    ),
    "TLS to plain text": (
        {"redis_url": "rediss://{plain}"},
        "TLS: the port does not speak TLS",
        "whether NYXTER_REDIS_URL begins with rediss://",
    ),
    "port": ({"redis_url": "rediss://127.0.0.1:1"}, "connect: Connection refused", "REDIS_URL"),
    "host": ({"redis_url": "rediss://no.such.invalid"}, "resolve: there is no host", "REDIS_URL"),
}


@pytest.mark.parametrize("command", [("card", "K1"), ("explain", "K1")], ids=lambda c: c[0])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_seconds(
    secure: SecureRedis, name: str, command: tuple[str, ...]
) -> None:
    changes, what, check = WRONG[name]
    began = time.monotonic()

    result = nyxter(*command, **secure.variables(**at(secure, changes)))

    assert time.monotonic() - began < SECONDS
    assert result.exit_code == 2
    assert f": {what}" in told(result)
    assert check in told(result)
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("which", "what"),
    [
        ("expired", "TLS: its certificate has expired"),
        ("elsewhere", "TLS: its certificate is not for 127.0.0.1"),
    ],
)
def test_a_certificate_that_will_not_do(
    certificates: Certificates, tmp_path: Path, which: str, what: str
) -> None:
    need_redis()
    with secure_redis(tmp_path, getattr(certificates, which), certificates) as running:
        result = nyxter("card", "K1", **running.variables())
    assert result.exit_code == 2
    assert f": {what}" in told(result)


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["password", "CA", "plain text to TLS", "TLS to plain text"])
def test_the_cache_does_not_try_for_ever(
    kafka: KafkaBroker, secure: SecureRedis, name: str
) -> None:
    need_kafka()
    changes, what, _ = WRONG[name]
    variables = secure.variables(**at(secure, changes), broker=kafka.bootstrap)
    result = nyxter("cache", **variables)
    assert result.exit_code == 2
    assert f": {what}" in told(result)
    assert PASSWORD not in result.output


def test_a_password_on_the_command_line_is_refused(secure: SecureRedis) -> None:
    url = in_url(secure)["redis_url"]
    result = nyxter("card", "K1", "--redis", url)
    assert result.exit_code == 2
    assert "--redis shows the password" in told(result)
    assert "NYXTER_REDIS_URL_FILE" in told(result)
    assert PASSWORD not in result.output


def test_a_url_from_a_file(secure: SecureRedis, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(in_url(secure)["redis_url"] + "\n")
    variables = secure.variables(redis_username="", redis_password="", redis_url_file=str(file))
    del variables["NYXTER_REDIS_URL"]
    result = nyxter("card", "K9", **variables)
    assert result.exit_code == 1, "he is let in, and finds no such customer"
    assert PASSWORD not in result.output


def at(secure: SecureRedis, changes: dict[str, str]) -> dict[str, str]:
    """Return the changes with what stands for ports and files put in."""
    ports = {"tls": f"{HOST}:{secure.tls}", "plain": f"{HOST}:{secure.plain}"}
    given = {name: value.format(**ports) for name, value in changes.items()}
    if given.get("redis_ssl_ca_file") == "unknown":
        given["redis_ssl_ca_file"] = str(secure.certificates.unknown_ca)
    return given


def settings(secure: SecureRedis, **changes: str) -> Settings:
    """Return the settings of such an environment."""
    variables = secure.variables(**changes)
    return Settings(**{name.removeprefix("NYXTER_").lower(): v for name, v in variables.items()})
