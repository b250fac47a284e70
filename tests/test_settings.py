"""Settings come from the environment, and what cannot be is refused."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer import Exit

from streams.access.fields import SECRETS
from streams.cli.arguments import refuse_empty_secret
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


CANARY = "canary-5d1e"
LOGIN = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_USERNAME": "nyxter-worker",
    "KAFKA_SASL_PASSWORD": CANARY,
}


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"BROKER": "kafka:9092"}, "NYXTER_KAFKA_SECURITY_PROTOCOL=PLAINTEXT would send"),
        ({"BROKER": "127.0.0.1:1,10.0.0.7:1"}, "unencrypted to 10.0.0.7:1"),
        (
            LOGIN | {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "BROKER": "kafka"},
            "NYXTER_ALLOW_PLAINTEXT=true",
        ),
        ({"REDIS_URL": f"redis://:{CANARY}@cache/0"}, "NYXTER_REDIS_URL would send"),
        ({"REDIS_URL": f"rediss://:{CANARY}@cache?ssl_cert_reqs=none"}, "whoever poses as it"),
        ({"REDIS_URL": f"rediss://:{CANARY}@cache?ssl_check_hostname=no"}, "whoever poses as it"),
        ({"REDIS_URL": f"redis://:{CANARY}/@127.0.0.1"}, "are written as %40"),
        ({"REDIS_URL": f"redis://u:{CANARY}@x@127.0.0.1"}, "are written as %40"),
        ({"REDIS_URL": f"redis://:{CANARY}@127.0.0.1:no"}, "its port or one of its options"),
        ({"REDIS_URL": f"http://{CANARY}"}, "it has to begin with redis://"),
        ({"BROKER": "kafka:no"}, "NYXTER_BROKER: not host:port"),
        ({"BROKER": f"u:{CANARY}@kafka:1"}, "NYXTER_BROKER: not host:port"),
        ({"KAFKA_SASL_PASSWORD": CANARY}, "NYXTER_KAFKA_SASL_PASSWORD is set, but"),
        (LOGIN | {"KAFKA_SASL_USERNAME": ""}, "NYXTER_KAFKA_SASL_USERNAME is missing"),
        (LOGIN | {"KAFKA_SASL_PASSWORD": ""}, "NYXTER_KAFKA_SASL_PASSWORD is missing"),
        (LOGIN | {"KAFKA_SASL_MECHANISM": "GSSAPI"}, "'SCRAM-SHA-512'"),
        (LOGIN | {"KAFKA_SSL_CA_FILE": "none.pem"}, "none.pem: no such file"),
        (LOGIN | {"KAFKA_SSL_CA_FILE": __file__}, "not certificates and keys in PEM"),
        (LOGIN | {"KAFKA_SSL_CERT_FILE": __file__}, "go together: one is missing"),
        ({"KAFKA_SSL_CA_FILE": __file__}, "NYXTER_KAFKA_SECURITY_PROTOCOL is not SASL_SSL"),
        ({"REDIS_SSL_CA_FILE": __file__}, "does not begin with rediss://"),
        ({"REDIS_USERNAME": "nyxter-cache"}, "NYXTER_REDIS_PASSWORD is missing"),
        (LOGIN | {"KAFKA_SASL_PASSWORD_FILE": __file__}, "both NYXTER_KAFKA_SASL_PASSWORD and"),
        ({"SECRET_FILE": "none"}, "NYXTER_SECRET_FILE: none: No such file"),
        ({"SECRET_FILE": os.devnull}, "is empty"),
    ],
)
def test_what_is_not_safe_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    set_all(monkeypatch, variables)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert named in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"BROKER": "kafka:9092", "ALLOW_PLAINTEXT": "true", "REDIS_URL": "redis://cache"},
        {"BROKER": "localhost:1,127.0.0.3:1,[::1]:9092", "REDIS_URL": "redis://localhost"},
        {"REDIS_URL": "unix:///run/redis.sock"},
        {"REDIS_URL": "rediss://cache:6379/0", "BROKER": "kafka:9093", **LOGIN},
        {"KAFKA_SSL_CA_FILE": "", "REDIS_URL_FILE": "", "SECRET_FILE": ""},
    ],
)
def test_what_is_safe_or_meant_is_taken(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    set_all(monkeypatch, variables)
    assert CANARY not in repr(Settings())


def test_secrets_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SECRETS:
        (tmp_path / name).write_text(f"redis://:{CANARY}@localhost\n")
        monkeypatch.setenv(f"NYXTER_{name.upper()}_FILE", str(tmp_path / name))
    set_all(monkeypatch, {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_USERNAME": "me"})

    settings = Settings()

    read = (getattr(settings, name) for name in SECRETS)
    plain = {one if isinstance(one, str) else one.get_secret_value() for one in read}
    assert plain == {f"redis://:{CANARY}@localhost"}
    assert CANARY not in repr(settings)


def test_a_worker_away_from_its_broker_needs_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"BROKER": "kafka:9092", "ALLOW_PLAINTEXT": "1"})
    with pytest.raises(Exit):
        refuse_empty_secret(Settings())
    refuse_empty_secret(Settings(allow_empty_secret=True))
    refuse_empty_secret(Settings(broker="127.0.0.1:1"))
    monkeypatch.setenv("NYXTER_SECRET", "long")
    refuse_empty_secret(Settings())


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"NYXTER_{name}", value)
