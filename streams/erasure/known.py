"""Customers found by their hidden names alone: what a receipt can still be held against."""

from collections.abc import Collection, Mapping
from typing import Any

from redis import Redis

from streams import topics
from streams.erasure.copied import everyone
from streams.erasure.held import Search
from streams.erasure.work import Names
from streams.settings import Settings


def found_by_name(
    settings: Settings, client: Mapping[str, Any], redis: Redis | None, names: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return, by hidden name, ids of whom anything is held, and times of erasures remembered.

    Everyone's id is hashed once for this. Raises as `Search.look` and Redis do.
    """
    hidden = Names(settings)

    def wanted(customer_id: str) -> str | None:
        return next((name for name in hidden.all_of(customer_id) if name in names), None)

    search = Search(client, topics.changelog(settings), settings.partitions, wanted)
    try:
        search.look()
    finally:
        search.close()
    ids = dict(search.ids)
    for customer in everyone(redis) if redis is not None else ():
        name = wanted(customer.decode())
        if name is not None:
            ids[name] = customer.decode()
    return ids, {name: time for name, time in search.erased.items() if name in names}
