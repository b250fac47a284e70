"""An Apache Kafka that lets nobody in without a login over TLS, nor do what no ACL allows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from certificates import Certificates, Pem
from kafka_broker import KafkaBroker

from streams.embedded import HOST, free_port

PASSWORD = "canary-of-passwords-7f3a"  # noqa: S105 - it opens nothing, and must not be seen
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
LISTENERS = {
    "SECURE": "SASL_SSL",
    "EXPIRED": "SASL_SSL",
    "ELSEWHERE": "SASL_SSL",
    "MUTUAL": "SSL",
    "LOGIN": "SASL_PLAINTEXT",
}

SETTINGS = """
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{protocols}
listeners=PLAINTEXT://{{address}},CONTROLLER://{{controller}},{listeners}
advertised.listeners=PLAINTEXT://{{address}},{listeners}
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={good}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.expired.ssl.keystore.location={expired}
listener.name.elsewhere.ssl.keystore.location={elsewhere}
listener.name.mutual.ssl.client.auth=required
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:boss
"""
LOGINS = """
listener.name.{listener}.scram-sha-256.sasl.jaas.config={scram}
listener.name.{listener}.scram-sha-512.sasl.jaas.config={scram}
listener.name.{listener}.plain.sasl.jaas.config={plain}
"""
_MODULE = "org.apache.kafka.common.security"


class SecureKafka(NamedTuple):
    """The broker and its doors.

    Attributes
    ----------
    broker
        The broker: its `bootstrap` is a door for tests, through which everything may be done.
    ports
        Of `LISTENERS`.
    certificates
        Those that its doors show.

    """

    broker: KafkaBroker
    ports: Mapping[str, int]
    certificates: Certificates

    def at(self, listener: str) -> str:
        """Return the address of a door."""
        return f"{HOST}:{self.ports[listener]}"

    def variables(self, user: str, **changes: str) -> dict[str, str]:
        """Return the environment of a user who does everything right, but for what changes."""
        ours = {
            "broker": self.at("SECURE"),
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_username": user,
            "kafka_sasl_password": PASSWORD,
            "kafka_ssl_ca_file": str(self.certificates.ca),
        }
        return {f"NYXTER_{name.upper()}": value for name, value in (ours | changes).items()}


@contextmanager
def secure_kafka(folder: Path, *users: str) -> Iterator[SecureKafka]:
    """Run it with these users, whose password is `PASSWORD`, beside ``boss``, who may all."""
    certificates = Certificates(folder)
    ports = {name: free_port() for name in LISTENERS}
    everyone = (*users, "boss")
    scram = [
        argument
        for user in everyone
        for mechanism in SCRAM
        for argument in ("--add-scram", f"{mechanism}=[name={user},password={PASSWORD}]")
    ]
    settings = _settings(ports, certificates, everyone)
    with KafkaBroker(settings=settings, formatting=scram) as broker:
        yield SecureKafka(broker, ports, certificates)


def _settings(ports: Mapping[str, int], certificates: Certificates, users: tuple[str, ...]) -> str:
    def store(pem: Pem) -> str:
        return str(pem.both)

    plain = " ".join(f'user_{user}="{PASSWORD}"' for user in users)
    logins = "".join(
        LOGINS.format(
            listener=name.lower(),
            scram=f"{_MODULE}.scram.ScramLoginModule required;",
            plain=f"{_MODULE}.plain.PlainLoginModule required {plain};",
        )
        for name, protocol in LISTENERS.items()
        if protocol.startswith("SASL")
    )
    return logins + SETTINGS.format(
        protocols=",".join(f"{name}:{protocol}" for name, protocol in LISTENERS.items()),
        listeners=",".join(f"{name}://{HOST}:{port}" for name, port in ports.items()),
        ca=certificates.ca,
        good=store(certificates.good),
        expired=store(certificates.expired),
        elsewhere=store(certificates.elsewhere),
    )
