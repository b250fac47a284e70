"""Where a customer is met: the bucket of the sweep, and the name that hides an erased id."""

import hashlib
import zlib
from collections.abc import Callable

from nyxter_online.customers import BUCKETS


def bucket_of(customer_id: str) -> int:
    """Return the bucket (0 to `BUCKETS` - 1) in which sweeps meet a customer."""
    return zlib.crc32(customer_id.encode()) % BUCKETS


def tombstone_of(secret: bytes) -> Callable[[str], str]:
    """Return the function that names an erased customer without telling the id.

    `secret` keys the hash (at most 64 bytes): without it the names can't be guessed from ids.
    """

    def name(customer_id: str) -> str:
        return hashlib.blake2b(customer_id.encode(), digest_size=16, key=secret).hexdigest()

    return name
