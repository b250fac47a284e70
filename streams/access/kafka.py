"""Kafka: what its clients are told to be let in, and whether the broker does."""

import re
import time
from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.access.fields import Access
from streams.access.places import Address, address_of
from streams.access.reach import Door, Step, Unreachable
from streams.logs import KAFKA

_LOGIN_S: Final = 10.0
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 3.0
_ALL_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001 - its public name
_PREFIX: Final = re.compile(r"^\S+://\S+/\S+: | \(after \d+ms in state \w+\)")


def kafka_access(access: Access) -> dict[str, Any]:
    """Return the librdkafka settings that reach the broker: of every client that we have."""
    told: dict[str, Any] = {
        "bootstrap.servers": access.broker,
        "security.protocol": access.kafka_security_protocol,
        "logger": KAFKA,
    }
    if access.kafka_logs_in:
        told["sasl.mechanism"] = access.kafka_sasl_mechanism
        told["sasl.username"] = access.kafka_sasl_username
        told["sasl.password"] = access.kafka_sasl_password.get_secret_value()
    if access.kafka_uses_tls:
        told |= _certificates(access)
    return told


def _certificates(access: Access) -> dict[str, str]:
    """Return whom to trust, and what to show."""
    told = {
        "ssl.ca.location": access.kafka_ssl_ca_file,
        "ssl.certificate.location": access.kafka_ssl_cert_file,
        "ssl.key.location": access.kafka_ssl_key_file,
        "ssl.key.password": access.kafka_ssl_key_password.get_secret_value() or None,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def reach_broker(access: Access) -> list[Step]:
    """Return the steps up to a login at the first bootstrap server that lets us in.

    Raises
    ------
    Unreachable
        None does, within some seconds: why, of the one that came furthest.

    """
    failures: list[Unreachable] = []
    for server in access.broker.split(","):
        try:
            return list(steps_to_broker(access, address_of(server)))
        except Unreachable as failure:
            failures.append(failure)
    raise max(failures, key=lambda failure: failure.is_refused)


def steps_to_broker(access: Access, address: Address) -> Iterator[Step]:
    """Yield each step up to a login at one server; raises ``Unreachable`` where one fails."""
    door = kafka_door(access, address)
    yield from door.knock()
    _log_in(access, door)
    who = access.kafka_sasl_username if access.kafka_logs_in else "nobody: no login is asked for"
    yield Step("login", f"as {who}")


def kafka_door(access: Access, address: Address) -> Door:
    """Return the way to one broker."""
    return Door(
        f"the broker at {address}",
        address,
        access.kafka_tls() if access.kafka_uses_tls else None,
        "NYXTER_BROKER",
        "NYXTER_KAFKA_SECURITY_PROTOCOL",
        "NYXTER_KAFKA_SSL_CA_FILE",
    )


def _log_in(access: Access, door: Door) -> None:
    """Return once the broker answers what only those are told who are let in."""
    errors: list[KafkaError] = []
    ours = {"bootstrap.servers": str(door.address), "log_level": 0, "error_cb": errors.append}
    admin = AdminClient(kafka_access(access) | ours)
    began = time.monotonic()
    while (spent := time.monotonic() - began) < _LOGIN_S:
        try:
            admin.list_topics(timeout=_LOOK_S)
        except KafkaException:
            admin.poll(0)
        else:
            return
        _raise_told(access, door, errors)
        if spent > _PATIENCE_S and any(e.code() == _ALL_DOWN for e in errors):
            raise _closed(access, door)
    raise door.fails("login", "no answer: check the broker's log", is_refused=False)


def _raise_told(access: Access, door: Door, errors: list[KafkaError]) -> None:
    """Raise what the client's own errors come to, unless they may pass."""
    for error in errors:
        said = _PREFIX.sub("", error.str())
        if error.code() == KafkaError._AUTHENTICATION:  # noqa: SLF001 - its public name
            raise door.fails(
                "login",
                f"{said}: check NYXTER_KAFKA_SASL_USERNAME, NYXTER_KAFKA_SASL_PASSWORD and "
                f"NYXTER_KAFKA_SASL_MECHANISM={access.kafka_sasl_mechanism}",
            )
        if "SSL routines" in said:
            raise door.fails(
                "TLS",
                f"{said}: check {door.ca}, and NYXTER_KAFKA_SSL_CERT_FILE and "
                "NYXTER_KAFKA_SSL_KEY_FILE where the broker asks for a certificate",
            )
    if door.context is None and door.speaks_tls():
        raise door.fails("login", f"the port speaks TLS: check {_protocol(access)}")


def _closed(access: Access, door: Door) -> Unreachable:
    """Return what it means that connections come about, and the broker always ends them."""
    return door.fails("login", f"the broker wants another protocol: check {_protocol(access)}")


def _protocol(access: Access) -> str:
    return f"NYXTER_KAFKA_SECURITY_PROTOCOL={access.kafka_security_protocol}"
