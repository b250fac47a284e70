"""A partition's state as changelog records: one per register, standing and erasure.

Keys are JSON arrays: kind, then customer and id; an erasure's is the hidden name of the customer.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from nyxter_online.consumption import NAMES
from nyxter_online.customers import Change, Customers, Kind
from nyxter_online.journey import State, state_from_json, state_to_json
from nyxter_online.labels import Labels
from nyxter_online.prfv import (
    CAMPAIGNS,
    NULL,
    PRFV,
    RFM,
    SEGMENT,
    TIER,
    TIER_NAMES,
)
from nyxter_online.registers import Contract, Order, Record, Register
from nyxter_online.standing import PENDING, PROFILE, SINCE, WIDTH
from schemas.envelope import canonical_json, dumps, loads, raw_json
from streams.lane.records import Stored

KINDS: Final[tuple[Kind, ...]] = ("order", "contract", "record")

_STANDING: Final = "standing"
_ERASED: Final = "erased"
_ACCEPTED: Final = dumps(["accepted"])
_CHUNKS: Final = dumps(["chunks"])


def register_record(change: Change) -> tuple[bytes, bytes | None]:
    """Return key and value of a register; the value is None where it was taken away."""
    customer_id, kind, key, register = change
    value = None if register is None else _register_value(register)
    return register_key(kind, customer_id, key), value


def standing_record(
    customer_id: str, values: list[int], state: State, labels: Labels
) -> tuple[bytes, bytes | None]:
    """Return key and value of what a customer stands at; None where the customer is gone."""
    key = dumps([_STANDING, customer_id])
    if values[TIER] == NULL:
        return key, None
    names = [
        TIER_NAMES[values[TIER]],
        labels.campaign_names(values[CAMPAIGNS]),
        None if values[SEGMENT] == NULL else labels.segments[values[SEGMENT]],
    ]
    pending = [_profile_name(values[PROFILE]), _profile_name(values[PENDING]), values[SINCE]]
    scores, marks = values[: PRFV + 1], values[RFM]
    return key, dumps([scores, *names, marks, *pending, state_to_json(state)])


def _profile_name(index: int) -> str | None:
    return None if index == NULL else NAMES[index]


def erasure_record(name: str, time: str) -> tuple[bytes, bytes]:
    """Return key and value of an erasure."""
    return dumps([_ERASED, name]), dumps(time)


def accepted_record(accepted: list[Any]) -> tuple[bytes, bytes]:
    """Return key and value of the model that was accepted last, with the event's offset."""
    return _ACCEPTED, dumps(accepted)


def read_accepted(stored: Stored) -> Any:
    """Return what `accepted_record` wrote, or None."""
    value = stored.get(_ACCEPTED)
    return None if value is None else loads(value)


def chunks_record(names: Sequence[str]) -> tuple[bytes, bytes]:
    """Return key and value of which chunks the partition's summary has on its topic."""
    return _CHUNKS, dumps(names)


def read_chunk_names(stored: Stored) -> list[str]:
    """Return what `chunks_record` wrote last."""
    value = stored.get(_CHUNKS)
    return [] if value is None else list(loads(value))


def load_customers(customers: Customers, stored: Stored) -> None:
    """Fill customers with what is stored; `Customers.loaded` must follow."""
    # Erasures first: a customer knows of theirs from the start.
    customers.erased = {names[0]: loads(value) for names, value in _all_of(stored, _ERASED)}
    for kind in KINDS:
        for (customer_id, key), value in _all_of(stored, kind):
            customers.load(customer_id, kind, key, register_of(kind, value))
    for (customer_id,), value in _all_of(stored, _STANDING):
        customer = customers.get(customer_id)
        if customer is not None:
            *standing, state = loads(value)
            customers.standing[customer.slot] = _standing_row(standing, customers.labels)
            read = state_from_json(state, customers.labels.journey)
            customers.remember({customer.id: read})


def _all_of(stored: Stored, kind: str) -> Iterator[tuple[list[Any], bytes]]:
    """Yield what follows the kind in the keys of a kind, and the values."""
    prefix = prefix_of(kind)
    if not isinstance(stored, Mapping):
        return ((loads(key)[1:], value) for key, value in stored.scan(prefix))
    whole = stored.items()
    return ((loads(key)[1:], value) for key, value in whole if key.startswith(prefix))


def prefix_of(*names: str) -> bytes:
    """Return how all keys begin whose first names are these.

    >>> prefix_of("order", "C7")
    b'["order","C7",'
    """
    return dumps(names)[:-1] + b","


def register_key(kind: Kind, customer_id: str, key: str) -> bytes:
    """Return the key of a register."""
    return dumps([kind, customer_id, key])


def register_id(key: bytes) -> str:
    """Return the id of a register: the last name of its key."""
    return str(loads(key)[2])


def register_of(kind: Kind, stored: bytes) -> Register:
    """Return the register that a value holds."""
    value = loads(stored)
    value[3] = canonical_json(value[3])
    if kind == "order":
        value[6:] = [None if a is None else Decimal(a) for a in value[6:]]
        return Order(*value)
    return Contract(*value) if kind == "contract" else Record(*value)


def _register_value(register: Register) -> bytes:
    time, event_id, source, canonical = register[:4]
    rest: tuple[object, ...] = register[4:]
    if isinstance(register, Order):
        amounts = (None if a is None else str(a) for a in (register.value, register.margin))
        rest = (register.day, register.nature, *amounts)
    return dumps([time, event_id, source, raw_json(canonical), *rest])


def _standing_row(standing: list[Any], labels: Labels) -> list[int]:
    """Return a row by today's rules; names that they no longer have are left out."""
    scores, tier, campaigns, segment, marks, profile, pending, since = standing
    row = [NULL] * WIDTH
    row[: PRFV + 1], row[RFM] = scores, marks
    row[TIER] = TIER_NAMES.index(tier)
    row[CAMPAIGNS] = sum(1 << bit for bit, name in enumerate(labels.campaigns) if name in campaigns)
    names = labels.segments
    row[SEGMENT] = names.index(segment) if segment in names else NULL
    row[PROFILE] = NULL if profile is None else NAMES.index(profile)
    row[PENDING], row[SINCE] = NULL if pending is None else NAMES.index(pending), since
    return row
