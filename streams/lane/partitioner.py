"""Which partition a key belongs to: as Kafka's Java clients, aiokafka and Faust choose it."""

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key by murmur2.

    >>> [partition_of(key, 8) for key in (b"A", b"customer-17", "São Paulo".encode())]
    [2, 0, 0]
    """
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
