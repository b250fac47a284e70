"""Which customer ids there may be: those that every place can name.

An id is a Kafka key, a part of a key of Redis, an argument of a command and a word in a line of a
terminal. What one of these could not bear is refused by all of them, at the door.
"""

import re
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


def problem_of(customer_id: str) -> str | None:
    r"""Return why an id cannot be a customer's, or None where it can.

    Control characters cannot be given to a command (NUL) or break its lines. An id that begins with
    a closing brace makes an empty hash tag, so that Redis Cluster would keep the keys of the
    customer in different places. Everything else is taken as it is, byte for byte: two spellings
    of a letter are two customers.

    >>> problem_of("Ação/7:{a}'🙂"), problem_of("K1\n")
    (None, 'has a control character')
    """
    if customer_id.isprintable() and customer_id[:1] != "}":
        return None  # as nearly all are, at one look
    if _CONTROL.search(customer_id):
        return "has a control character"
    if customer_id.startswith("}"):
        return "begins with a closing brace"
    try:
        customer_id.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return None
