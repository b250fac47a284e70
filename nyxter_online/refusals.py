"""Why messages are refused, in a few words: what counts and metrics call the reasons.

A reason tells fields, limits and codecs; their number has no bound. The kinds of reasons have.
"""

import re
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What is wrong with a message that was not applied."""

    NOT_JSON = "not JSON"
    NO_VALUE = "no value"
    NOT_AN_EVENT = "not a CloudEvent"
    UNKNOWN_TYPE = "unknown type"
    BAD_CUSTOMER_ID = "bad customer id"
    OTHER_KEY = "key is not the subject"
    AHEAD = "ahead of time"
    BAD_TIME = "bad time"
    TOO_LARGE = "over a limit"
    MISSING = "missing field"
    WRONG = "wrong field"
    STEP_FAILED = "step failed"
    OTHER = "other"


# The first that is found in a reason names it; what may lie in a field's own name comes last.
_SIGNS: Final = tuple(
    (kind, re.compile(sign))
    for kind, sign in (
        (Kind.STEP_FAILED, r"^the step failed on it"),
        (Kind.NO_VALUE, r"^the record has no value$"),
        (Kind.NOT_JSON, r"^(?:the event|data) is not JSON: "),
        (Kind.TOO_LARGE, r"\(limits\.[a-z_]+\)$|^data is nested more than \d+ deep$"),
        (Kind.BAD_CUSTOMER_ID, r"^subject (?!is )"),
        (Kind.OTHER_KEY, r"^the key of the record is not the subject"),
        (Kind.AHEAD, r"^time is more than 24 hours ahead$"),
        (Kind.BAD_TIME, r"^time (?:is not an RFC 3339|does not exist)"),
        (Kind.UNKNOWN_TYPE, r"^type is not one of: "),
        (Kind.MISSING, r"^(?:id|source|type|subject|time) is missing$|^data\.[^;]*: is missing"),
        (Kind.WRONG, r"^(?:id|source|type|subject|time) is not a text$|^data(?:\.|: )"),
        (
            Kind.NOT_AN_EVENT,
            r"^(?:specversion|datacontenttype): |is not a JSON object$|^a header is not UTF-8$",
        ),
    )
)


def kind_of(reason: str) -> Kind:
    """Return the kind of a reason, `Kind.OTHER` for a text that is none of ours.

    >>> str(kind_of("data.order_id: is missing; data.ordered_on: is missing"))
    'missing field'
    >>> str(kind_of("subject has more than 512 bytes (limits.customer_id_bytes)"))
    'over a limit'
    """
    return next((kind for kind, sign in _SIGNS if sign.search(reason)), Kind.OTHER)
