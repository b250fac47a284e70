"""Who is in a consumer group, and by which rules its workers work.

A worker's client id ends with the version of its rules. So everyone who may describe the group
sees whether all workers, those without partitions too, run the same ones.

The question is aiokafka's: in librdkafka (2.16) one that was given up, and whose coordinator is
found afterwards, fails an assertion that ends the whole process.
"""

import asyncio
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from streams.settings import Settings

_MARK: Final = "-rules-"
_AGAIN_S: Final = 0.2
ANSWER_S: Final = 10.0


class GroupUnknown(Exception):  # noqa: N818 - it names what is the case
    """The broker does not say who is in the group: why."""


class Member(NamedTuple):
    """One process in a group.

    Attributes
    ----------
    client_id
        As it names itself.
    host
        From where it connects.

    """

    client_id: str
    host: str

    @property
    def rules(self) -> str:
        """The version of the rules that it runs, "" where its client id names none.

        >>> Member(client_id("nyxter", "5ba0c2d4"), "/10.0.0.7").rules
        '5ba0c2d4'
        >>> Member("rdkafka", "/10.0.0.8").rules
        ''
        """
        return self.client_id.rpartition(_MARK)[2] if _MARK in self.client_id else ""


def client_id(app_id: str, rules: str) -> str:
    """Return the client id of a worker's member of the group."""
    return f"{app_id}{_MARK}{rules}"


def group_members(settings: Settings, group: str, answer_s: float = ANSWER_S) -> list[Member]:
    """Return the processes in a group, none where there is no such group.

    Not to be called on an event loop's thread.

    Raises
    ------
    GroupUnknown
        The broker does not answer, refuses, or does not know the question.

    """
    try:
        return asyncio.run(asyncio.wait_for(_members(settings, group, answer_s), answer_s))
    except (KafkaError, OSError, TimeoutError) as error:
        raise GroupUnknown(f"{type(error).__name__}: {error}".rstrip(": ")) from error


async def _members(settings: Settings, group: str, answer_s: float) -> list[Member]:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=settings.broker.split(","),
        request_timeout_ms=int(answer_s * 1000),
        **_access(settings),
    )
    try:
        await admin.start()
        while True:
            try:
                return await _described(admin, group)
            except KafkaError as error:
                if not error.retriable:
                    raise
            await asyncio.sleep(_AGAIN_S)  # the coordinator moves, or is only being made
    finally:
        await admin.close()


async def _described(admin: AIOKafkaAdminClient, group: str) -> list[Member]:
    (answer,) = await admin.describe_consumer_groups([group])
    (described,) = answer.groups
    error_code, members = described[0], described[5]
    if error_code:
        raise for_code(error_code)
    return [Member(one[1], one[2]) for one in members]


def _access(settings: Settings) -> dict[str, Any]:
    """Return what aiokafka needs to be let in."""
    found: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_uses_tls:
        found["ssl_context"] = settings.kafka_tls()
    if settings.kafka_logs_in:
        found |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    return found


def rules_in_use(members: list[Member]) -> list[str]:
    """Return the versions of rules that members name, in order.

    >>> rules_in_use([Member("nyxter-rules-b", ""), Member("nyxter-rules-a", ""), Member("x", "")])
    ['a', 'b']
    """
    return sorted({member.rules for member in members} - {""})
