"""Who is in a consumer group, and by which rules its workers work.

A worker's client id ends with the version of its rules. So everyone who may describe the group
sees whether all workers, those without partitions too, run the same ones.
"""

from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

_MARK: Final = "-rules-"
ANSWER_S: Final = 10.0


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


def group_members(admin: AdminClient, group: str, answer_s: float = ANSWER_S) -> list[Member]:
    """Return the processes in a group, none where there is no such group.

    Raises ``KafkaException`` where the broker does not answer, or does not know the question.
    """
    answer = admin.describe_consumer_groups([group], request_timeout=answer_s)[group]
    try:
        return [Member(one.client_id, one.host) for one in answer.result().members]
    except KafkaException as error:
        if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
            raise
        return []


def rules_in_use(members: list[Member]) -> list[str]:
    """Return the versions of rules that members name, in order.

    >>> rules_in_use([Member("nyxter-rules-b", ""), Member("nyxter-rules-a", ""), Member("x", "")])
    ['a', 'b']
    """
    return sorted({member.rules for member in members} - {""})
