"""Where a customer is met: the bucket of the sweep, and the name that hides an erased id."""

import hashlib
import zlib
from collections.abc import Callable, Iterable

from nyxter_online.customers import BUCKETS


def bucket_of(customer_id: str) -> int:
    """Return the bucket (0 to `BUCKETS` - 1) in which sweeps meet a customer."""
    return zlib.crc32(customer_id.encode()) % BUCKETS


def tombstone_of(secret: bytes) -> Callable[[str], str]:
    """Return the function that names an erased customer without telling the id.

    `secret` keys the hash: without it the names can't be guessed from ids.
    """
    most = hashlib.blake2b.MAX_KEY_SIZE
    key = secret if len(secret) <= most else hashlib.blake2b(secret).digest()

    def name(customer_id: str) -> str:
        return hashlib.blake2b(customer_id.encode(), digest_size=16, key=key).hexdigest()

    return name


def former_tombstones(secrets: Iterable[bytes]) -> Callable[[str], list[str]]:
    """Return the function that tells which names an erased customer may bear by other secrets."""
    functions = [tombstone_of(secret) for secret in secrets]

    def names(customer_id: str) -> list[str]:
        return [function(customer_id) for function in functions]

    return names
