"""Settings of access: where broker and Redis are, how they are encrypted, who we are to them."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.access.places import (
    broker_problem,
    off_machine,
    redis_exposed,
    redis_problem,
)
from streams.access.tls import tls_context

SECRETS: Final = (
    "secret",
    "secret_before",
    "kafka_sasl_password",
    "kafka_ssl_key_password",
    "redis_url",
    "redis_password",
)
"""What may also be read from a file, whose name the setting with ``_file`` at its end tells."""

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class Access(BaseSettings):
    """Where broker and Redis are, and how we are let in; see docs/access.md.

    A secret is given by its variable, or by the one of the same name with ``_FILE`` at its end,
    which names a file (a secret of Docker or Kubernetes). What is sent unencrypted to another
    machine, or contradicts itself, is refused with the setting to change.
    """

    model_config = SettingsConfigDict(env_prefix="NYXTER_", frozen=True, hide_input_in_errors=True)

    broker: str = Field("127.0.0.1:9092", min_length=1)
    """Kafka's bootstrap servers, ``host:port`` with commas between."""

    kafka_security_protocol: Protocol = "PLAINTEXT"
    """Whether Kafka is spoken over TLS (SSL), with a login (SASL), both or neither."""

    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    """How the password is proved."""

    kafka_sasl_username: str = ""
    """Who we are to Kafka."""

    kafka_sasl_password: SecretStr = SecretStr("")
    """What proves it."""

    kafka_sasl_password_file: Path | None = None
    """Holds it."""

    kafka_ssl_ca_file: Path | None = None
    """Whom to trust, PEM; none: whom this machine trusts."""

    kafka_ssl_cert_file: Path | None = None
    """A client certificate, PEM, where brokers ask for one."""

    kafka_ssl_key_file: Path | None = None
    """Its key, PEM."""

    kafka_ssl_key_password: SecretStr = SecretStr("")
    """What opens the key, where it is locked."""

    kafka_ssl_key_password_file: Path | None = None
    """Holds that."""

    redis_url: str = Field("redis://127.0.0.1:6379/0", min_length=1, repr=False)
    """The Redis or Valkey that holds the cards; ``rediss://`` for TLS."""

    redis_url_file: Path | None = None
    """Holds the URL, where there is a password in it."""

    redis_username: str = ""
    """Who we are to Redis; none: who the URL says, else its default user."""

    redis_password: SecretStr = SecretStr("")
    """What proves it; none: what the URL says."""

    redis_password_file: Path | None = None
    """Holds it."""

    redis_ssl_ca_file: Path | None = None
    """Whom to trust, PEM; none: whom this machine trusts."""

    redis_ssl_cert_file: Path | None = None
    """A client certificate, PEM, where Redis asks for one."""

    redis_ssl_key_file: Path | None = None
    """Its key, PEM."""

    secret: SecretStr = SecretStr("")
    """Keys the names under which erasures are remembered, so that they do not tell the ids."""

    secret_file: Path | None = None
    """Holds it."""

    secret_before: SecretStr = SecretStr("")
    """Other values of `secret`, with spaces between: names made with them are still understood.

    Those made with no secret always are.
    """

    secret_before_file: Path | None = None
    """Holds them."""

    allow_plaintext: bool = False
    """Say so where broker or Redis is another machine, unencrypted, and the network is private."""

    allow_empty_secret: bool = False
    """Say so where workers may remember erasures under names that can be guessed."""

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: Any) -> Any:
        """Take secrets out of the files that are named."""
        data = {name: value for name, value in given.items() if not _is_unset(name, value)}
        for name in SECRETS:
            path = data.get(f"{name}_file")
            if path is not None:
                if data.get(name):
                    raise ValueError(f"both {variable(name)} and {variable(name)}_FILE are set")
                data[name] = _read(name, path)
        return data

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = [*_kafka(self), *_redis(self)]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def kafka_uses_tls(self) -> bool:
        """Whether Kafka is spoken over TLS."""
        return self.kafka_security_protocol.endswith("SSL")

    @property
    def kafka_logs_in(self) -> bool:
        """Whether Kafka is told a name and a password."""
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def is_local(self) -> bool:
        """Whether the broker is this machine."""
        return not off_machine(self.broker.split(","))

    def kafka_tls(self) -> ssl.SSLContext:
        """Return what verifies brokers; raises as `tls_context` does."""
        return tls_context(
            self.kafka_ssl_ca_file,
            self.kafka_ssl_cert_file,
            self.kafka_ssl_key_file,
            self.kafka_ssl_key_password.get_secret_value(),
        )

    def redis_tls(self) -> ssl.SSLContext:
        """Return what verifies Redis; raises as `tls_context` does."""
        return tls_context(
            self.redis_ssl_ca_file, self.redis_ssl_cert_file, self.redis_ssl_key_file
        )


def variable(name: str) -> str:
    """Return the variable of the environment that sets a field.

    >>> variable("redis_url")
    'NYXTER_REDIS_URL'
    """
    return f"NYXTER_{name.upper()}"


def _is_unset(name: str, value: object) -> bool:
    """Tell whether a file is named by nothing: compose files pass on variables that are empty."""
    return name.endswith("_file") and value in {"", None}


def _read(name: str, path: object) -> str:
    try:
        text = Path(str(path)).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ValueError(f"{variable(name)}_FILE: {path}: {reason}") from None
    if not text:
        raise ValueError(f"{variable(name)}_FILE: {path}: is empty")
    return text


def _kafka(access: Access) -> Iterator[str]:
    problem = broker_problem(access.broker)
    if problem is not None:
        yield f"NYXTER_BROKER: {problem}"
        return
    protocol = access.kafka_security_protocol
    login = {
        "kafka_sasl_username": access.kafka_sasl_username,
        "kafka_sasl_password": access.kafka_sasl_password.get_secret_value(),
    }
    yield from _login(protocol, login, logs_in=access.kafka_logs_in)
    yield from _certificates(access, "kafka", uses_tls=access.kafka_uses_tls)
    away = off_machine(access.broker.split(","))
    if away and not access.kafka_uses_tls and not access.allow_plaintext:
        yield (
            f"NYXTER_KAFKA_SECURITY_PROTOCOL={protocol} would send customers' data unencrypted to "
            f"{away}: set it to SASL_SSL (docs/access.md), or, where the network is private, set "
            "NYXTER_ALLOW_PLAINTEXT=true"
        )


def _login(protocol: str, login: Mapping[str, str], *, logs_in: bool) -> Iterator[str]:
    for name, value in login.items():
        if logs_in and not value:
            yield f"{variable(name)} is missing: NYXTER_KAFKA_SECURITY_PROTOCOL={protocol} needs it"
        elif value and not logs_in:
            yield (
                f"{variable(name)} is set, but NYXTER_KAFKA_SECURITY_PROTOCOL={protocol} does not "
                "log in: set it to SASL_SSL"
            )


def _certificates(access: Access, server: str, *, uses_tls: bool) -> Iterator[str]:
    names = [f"{server}_ssl_{kind}_file" for kind in ("ca", "cert", "key")]
    files: dict[str, Path] = {
        name: path for name in names if (path := getattr(access, name)) is not None
    }
    unreadable = [
        f"{variable(name)}: {path}: no such file"
        for name, path in files.items()
        if not path.is_file()
    ]
    given = " and ".join(map(variable, files))
    if unreadable:
        yield from unreadable
    elif files and not uses_tls:
        how = {
            "kafka": "NYXTER_KAFKA_SECURITY_PROTOCOL is not SASL_SSL or SSL",
            "redis": "NYXTER_REDIS_URL does not begin with rediss://",
        }
        yield f"{given}: set, but {how[server]}"
    elif (names[1] in files) != (names[2] in files):
        yield f"{variable(names[1])} and {variable(names[2])} go together: one is missing"
    elif files:
        yield from _unusable(access, server, given)


def _unusable(access: Access, server: str, given: str) -> Iterator[str]:
    try:
        access.kafka_tls() if server == "kafka" else access.redis_tls()
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or "not PEM"
        password = ", NYXTER_KAFKA_SSL_KEY_PASSWORD" * (server == "kafka" and "KEY" in given)
        yield f"{given}: not certificates and keys in PEM that go together ({reason}){password}"


def _redis(access: Access) -> Iterator[str]:
    problem = redis_problem(access.redis_url)
    if problem is not None:
        yield f"NYXTER_REDIS_URL: {problem}"
        return
    uses_tls = access.redis_url.startswith("rediss://")
    if access.redis_username and not access.redis_password.get_secret_value():
        yield "NYXTER_REDIS_USERNAME is set, but NYXTER_REDIS_PASSWORD is missing"
    yield from _certificates(access, "redis", uses_tls=uses_tls)
    away = redis_exposed(access.redis_url)
    if away and not access.allow_plaintext:
        yield (
            f"NYXTER_REDIS_URL would send customers' data to {away} unencrypted, or to whoever "
            "poses as it: begin it with rediss:// and have the certificate checked "
            "(docs/access.md), or, where the network is private, set NYXTER_ALLOW_PLAINTEXT=true"
        )
