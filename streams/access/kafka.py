"""Kafka: what its clients are told to be let in, and whether the broker does."""

import time
from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams.access.fields import Access
from streams.access.places import Address, address_of
from streams.access.reach import Door, Step, Unreachable

_LOGIN_S: Final = 10.0
_LOOK_S: Final = 0.5


def kafka_access(access: Access) -> dict[str, Any]:
    """Return the librdkafka settings that reach the broker: of every client that we have."""
    told: dict[str, Any] = {
        "bootstrap.servers": access.broker,
        "security.protocol": access.kafka_security_protocol,
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
    door = Door(
        f"the broker at {address}",
        address,
        access.kafka_tls() if access.kafka_uses_tls else None,
        "NYXTER_BROKER",
        "NYXTER_KAFKA_SECURITY_PROTOCOL",
        "NYXTER_KAFKA_SSL_CA_FILE",
    )
    yield from door.knock()
    _log_in(access, door)
    who = access.kafka_sasl_username if access.kafka_logs_in else "nobody: no login is asked for"
    yield Step("login", f"as {who}")


def _log_in(access: Access, door: Door) -> None:
    """Return once the broker answers what only those are told who are let in."""
    errors: list[KafkaError] = []
    ours = {"bootstrap.servers": str(door.address), "log_level": 0, "error_cb": errors.append}
    admin = AdminClient(kafka_access(access) | ours)
    give_up = time.monotonic() + _LOGIN_S
    while time.monotonic() < give_up:
        try:
            admin.list_topics(timeout=_LOOK_S)
        except KafkaException:
            admin.poll(0)
        else:
            return
        if (failure := _told(access, door, errors)) is not None:
            raise failure
    raise door.fails("login", "no answer: check the broker's log", is_refused=False)


def _told(access: Access, door: Door, errors: list[KafkaError]) -> Unreachable | None:
    """Return what the client's own errors come to, None where they may pass."""
    for error in errors:
        said = error.str().partition("]: ")[2] or error.str()
        if error.code() == KafkaError._AUTHENTICATION:  # noqa: SLF001 - its public name
            return door.fails(
                "login",
                f"{said}: check NYXTER_KAFKA_SASL_USERNAME, NYXTER_KAFKA_SASL_PASSWORD and "
                f"NYXTER_KAFKA_SASL_MECHANISM={access.kafka_sasl_mechanism}",
            )
        if error.code() == KafkaError._SSL:  # noqa: SLF001
            return door.fails("TLS", f"{said}: check {door.ca} and client certificates")
        if "security.protocol" in said:
            return _wrong_protocol(access, door)
    return None


def _wrong_protocol(access: Access, door: Door) -> Unreachable:
    protocol = access.kafka_security_protocol
    what = "speaks TLS" if door.context is None and door.speaks_tls() else "wants another protocol"
    return door.fails("login", f"the port {what}: check {door.encryption}={protocol}")
