"""Kafka with logins and TLS: right credentials work, each wrong one is told in seconds."""

import json
import time
from collections.abc import Iterator

import pytest
from conftest import need_kafka
from secure_kafka import PASSWORD, SecureKafka, secure_kafka
from test_cli import nyxter, told

from streams.access.kafka import reach_broker
from streams.settings import Settings

pytestmark = pytest.mark.kafka

SECONDS = 9.0


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    need_kafka()
    with secure_kafka(tmp_path_factory.mktemp("secure")) as running:
        yield running


@pytest.mark.parametrize(
    ("listener", "changes"),
    [
        ("SECURE", {}),
        ("SECURE", {"kafka_sasl_mechanism": "SCRAM-SHA-256"}),
        ("SECURE", {"kafka_sasl_mechanism": "PLAIN"}),
        ("LOGIN", {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ssl_ca_file": ""}),
    ],
)
def test_who_is_right_comes_in(secure: SecureKafka, listener: str, changes: dict[str, str]) -> None:
    variables = secure.variables("boss", broker=secure.at(listener), **changes)
    result = nyxter("topics", "create", **variables)
    assert result.exit_code == 0, told(result)
    assert " topics are as they have to be" in result.stdout
    assert PASSWORD not in result.output


def test_a_client_certificate_is_shown(secure: SecureKafka) -> None:
    good = secure.certificates.good
    login = {"kafka_sasl_username": "", "kafka_sasl_password": ""}
    mutual = {"broker": secure.at("MUTUAL"), "kafka_security_protocol": "SSL", **login}
    shown = {"kafka_ssl_cert_file": str(good.certificate), "kafka_ssl_key_file": str(good.key)}
    began = time.monotonic()
    refused = nyxter("tail", **secure.variables("", **mutual))
    assert time.monotonic() - began < SECONDS
    assert "check NYXTER_KAFKA_SSL_CA_FILE, and NYXTER_KAFKA_SSL_CERT_FILE" in told(refused)

    names = [step.name for step in reach_broker(settings(secure, "", **mutual, **shown))]

    assert names == ["resolve", "connect", "TLS", "login"]


WRONG = {
    "password": (
        {"kafka_sasl_password": "wrong"},
        "login: SASL authentication error: Authentication failed",
        "check NYXTER_KAFKA_SASL_USERNAME, NYXTER_KAFKA_SASL_PASSWORD",
    ),
    "password, PLAIN": (
        {"kafka_sasl_password": "wrong", "kafka_sasl_mechanism": "PLAIN"},
        "login: SASL authentication error: Authentication failed",
        "NYXTER_KAFKA_SASL_MECHANISM=PLAIN",
    ),
    "user": (
        {"kafka_sasl_username": "nobody"},
        "login: SASL authentication error",
        "check NYXTER_KAFKA_SASL_USERNAME",
    ),
    "CA": (
        {"kafka_ssl_ca_file": "unknown"},
        "TLS: its certificate is not signed by whom we trust",
        "check NYXTER_KAFKA_SSL_CA_FILE",
    ),
    "CA of this machine": (
        {"kafka_ssl_ca_file": ""},
        "TLS: its certificate is not signed by whom we trust",
        "check NYXTER_KAFKA_SSL_CA_FILE",
    ),
    "expired": ({"broker": "EXPIRED"}, "TLS: its certificate has expired", "needs a new one"),
    "another host": (
        {"broker": "ELSEWHERE"},
        "TLS: its certificate is not for 127.0.0.1",
        "check the name in NYXTER_BROKER",
    ),
    "plain text to TLS": (
        {"kafka_security_protocol": "PLAINTEXT"},
        "login: the port speaks TLS",
        "check NYXTER_KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
    ),
    "login without TLS to TLS": (
        {"kafka_security_protocol": "SASL_PLAINTEXT"},
        "login: the port speaks TLS",
        "check NYXTER_KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT",
    ),
    "TLS to plain text": (
        {"broker": "LOGIN"},
        "TLS: the port does not speak TLS",
        "check NYXTER_KAFKA_SECURITY_PROTOCOL",
    ),
    "no login": (
        {"broker": "LOGIN", "kafka_security_protocol": "PLAINTEXT"},
        "login: the broker wants another protocol",
        "check NYXTER_KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
    ),
    "no login over TLS": (
        {"kafka_security_protocol": "SSL"},
        "login: the broker wants another protocol",
        "check NYXTER_KAFKA_SECURITY_PROTOCOL=SSL",
    ),
    "port": ({"broker": "127.0.0.1:1"}, "connect: Connection refused", "NYXTER_BROKER"),
    "host": ({"broker": "no.such.invalid:9092"}, "resolve: there is no host no.such.invalid", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_in_seconds(secure: SecureKafka, name: str) -> None:
    changes, what, check = WRONG[name]
    began = time.monotonic()

    result = nyxter("topics", "create", **wrongly(secure, changes))

    assert time.monotonic() - began < SECONDS
    assert result.exit_code == 2
    assert f": {what}" in told(result)
    assert check in told(result)
    assert PASSWORD not in result.output


def test_the_second_of_three_servers_will_do(secure: SecureKafka) -> None:
    servers = f"127.0.0.1:1,{secure.at('SECURE')},no.such.invalid:9092"
    assert reach_broker(settings(secure, "boss", broker=servers))[-1].told == "as boss"


COMMANDS = (
    ("worker",),
    ("cache",),
    ("tail",),
    ("topics", "create"),
    ("triggers", "release", "--yes"),
    ("model", "show"),
    ("replay", "--journal"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_tells_of_a_wrong_password(
    secure: SecureKafka, command: tuple[str, ...]
) -> None:
    result = nyxter(*command, **secure.variables("boss", kafka_sasl_password=f"not-{PASSWORD}"))
    assert result.exit_code == 2
    assert "login: SASL authentication error" in told(result)
    assert PASSWORD not in result.output


def test_the_doctor_names_the_step(secure: SecureKafka, valkey: str) -> None:
    wrong = secure.variables("boss", kafka_sasl_password=f"not-{PASSWORD}", redis_url=valkey)
    result = nyxter("doctor", "--json", **wrong)
    at = f"broker {secure.at('SECURE')}: "
    found = {one["name"].removeprefix(at): one for one in json.loads(result.stdout)}
    assert result.exit_code == 1
    states = [found[name]["state"] for name in ("resolve", "connect", "TLS", "login")]
    assert states == ["ok", "ok", "ok", "fail"]
    assert "NYXTER_KAFKA_SASL_PASSWORD" in found["login"]["mend"]
    assert PASSWORD not in result.output


def wrongly(secure: SecureKafka, changes: dict[str, str]) -> dict[str, str]:
    """Return the environment with what is changed, and nothing that the protocol has no use for."""
    given = dict(changes)
    if "broker" in given:
        given["broker"] = (
            secure.at(given["broker"]) if given["broker"].isupper() else given["broker"]
        )
    if given.get("kafka_ssl_ca_file") == "unknown":
        given["kafka_ssl_ca_file"] = str(secure.certificates.unknown_ca)
    protocol = given.get("kafka_security_protocol", "SASL_SSL")
    if not protocol.startswith("SASL"):
        given |= {"kafka_sasl_username": "", "kafka_sasl_password": ""}
    if not protocol.endswith("SSL"):
        given |= {"kafka_ssl_ca_file": ""}
    if given.get("broker", "").endswith(".invalid:9092"):
        given |= {"allow_plaintext": "true"}
    return secure.variables("boss", **given)


def settings(secure: SecureKafka, user: str, **changes: str) -> Settings:
    """Return the settings of such an environment."""
    variables = secure.variables(user, **changes)
    return Settings(**{name.removeprefix("NYXTER_").lower(): v for name, v in variables.items()})
