"""The micro job: what each purchase does to its customer, whoever drives it."""

from typing import Any

from schemas.envelope import dumps, loads

SOURCE = "bench.purchases"
OUTPUT = "bench.segments"

_STEP = 3_000.0  # of what was spent, from one segment to the next
_LAST = 3

State = dict[str, Any]


def counted(state: State | None, value: bytes) -> tuple[State, bytes | None]:
    """Return a customer after a purchase, and the output where the segment changed.

    >>> counted({"n": 1, "v": 2900.0, "last": "", "seg": 0},
    ...     b'{"customer_id": "C1", "amount": "200.5", "order_date": "2026-10-02"}')
    ({'n': 2, 'v': 3100.5, 'last': '2026-10-02', 'seg': 1}, b'{"customer_id":"C1","segment":1}')
    """
    purchase = loads(value)
    count, spent, segment = (state["n"], state["v"], state["seg"]) if state else (0, 0.0, 0)
    spent += float(purchase["amount"])
    now = min(_LAST, int(spent / _STEP))
    after = {"n": count + 1, "v": spent, "last": purchase["order_date"], "seg": now}
    if now == segment:
        return after, None
    return after, dumps({"customer_id": purchase["customer_id"], "segment": now})
