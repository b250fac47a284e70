"""The consumers to copy come in over TLS with a login, and need no more rights than are theirs."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from conftest import need_kafka
from example_consumers import JAVA, LANGUAGES, NODE, PYTHON, Language, Processes, Receiver
from running import wait_until
from secure_kafka import PASSWORD, SecureKafka, secure_kafka
from test_access_roles_kafka import bindings
from test_example_consumers_kafka import BEGINNING, SETTLE_S, TOPIC, need
from trigger_publisher import Publisher

from streams.access.roles import kafka_grants, user_of
from streams.settings import Settings
from streams.topics import create

pytestmark = pytest.mark.kafka

MARKETING = user_of("marketing")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    need_kafka()
    with secure_kafka(tmp_path_factory.mktemp("secure"), MARKETING) as running:
        admin = AdminClient({"bootstrap.servers": running.broker.bootstrap})
        create(admin, [TOPIC])
        grants = [grant for grant in kafka_grants(Settings()) if grant.role == "marketing"]
        wanted = [one for grant in grants for one in bindings(grant)]
        for answer in admin.create_acls(wanted).values():
            answer.result(30)
        yield running


def options(language: Language, ca: Path) -> dict[str, Any]:
    """What CONSUMER_KAFKA says of TLS and login, in the words of the language's client."""
    login = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512"}
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    own: dict[str, dict[str, Any]] = {
        PYTHON.name: login
        | {"sasl.username": MARKETING, "sasl.password": PASSWORD, "ssl.ca.location": str(ca)},
        JAVA.name: login
        | {
            "sasl.jaas.config": f'{module} required username="{MARKETING}" password="{PASSWORD}";',
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(ca),
        },
        NODE.name: {
            "ssl": {"ca": ca.read_text("utf-8")},
            "sasl": {
                "mechanism": "scram-sha-512",
                "username": MARKETING,
                "password": PASSWORD,
            },
        },
    }
    return {**language.options, **own[language.name]}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_it_acts_with_the_rights_of_marketing(
    language: Language, secure: SecureKafka, tmp_path: Path
) -> None:
    need(language)
    chance = random.Random(language.name)
    publisher = Publisher(secure.broker.bootstrap, chance)
    with Receiver(chance) as receiver:
        group = Processes(
            language._replace(options=options(language, secure.certificates.ca)),
            tmp_path,
            {
                "NYXTER_BROKER": secure.at("SECURE"),
                "CONSUMER_TARGET": receiver.url,
                "CONSUMER_GROUP": f"marketing-{language.name}",
                "CONSUMER_START": BEGINNING,
            },
        )
        publisher.publish(20)
        group.start("a")
        try:
            wait_until(
                lambda: publisher.fired.keys() <= receiver.acted.keys(), "it has acted", SETTLE_S
            )
            group.still_run()
            assert PASSWORD not in group.said("a")
        finally:
            group.kill(*group.running)
