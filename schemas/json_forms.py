"""The JSON forms of what validators of our own read, told beside each of them to JSON Schema.

A pattern is as portable as can be: no look-around, `$` is the end of the text (ECMA-262).
"""

from typing import Any, Final

_DATE: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS: Final = "([0-5][0-9]|60)"

Form = dict[str, Any]

INSTANT: Final[Form] = {
    "type": "string",
    "format": "date-time",
    "pattern": (
        f"^{_DATE}[Tt]{_CLOCK}:{_SECONDS}(\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-9]{{2}})$"
    ),
}
"""An RFC 3339 timestamp (`schemas.instant.instant`)."""

DAY: Final[Form] = {
    "type": "string",
    "maxLength": 64,
    "pattern": (
        f"^{_DATE}([Tt ]{_CLOCK}(:[0-5][0-9](\\.[0-9]+)?)?"
        "([Zz]|[+-]([01][0-9]|2[0-3]):?[0-9]{2})?)?$"
    ),
}
"""A date, or a date with a time of day (`schemas.instant.business_day`)."""

MONEY: Final[Form] = {
    "anyOf": [
        {
            "type": "string",
            "pattern": "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?$",
        },
        {"type": "number", "exclusiveMinimum": -1e40, "exclusiveMaximum": 1e40},
        {"type": "null"},
    ]
}
"""An amount, as a decimal text or as a number."""

REVENUE_BAND: Final[Form] = {
    "anyOf": [
        {"type": "integer", "minimum": -1, "maximum": 11},
        {
            "type": "string",
            "pattern": "^\\s*[Ff][Aa][Ii][Xx][Aa] (0[0-9]|1[01])([^0-9A-Za-z_][\\s\\S]*)?$",
        },
        {
            "type": "string",
            "pattern": ("^\\s*[Ss][Ee][Mm] [Ii][Nn][Ff][Oo][Rr][Mm][Aa][Çç][Õõ][Ee][Ss]\\s*$"),
        },
        {"type": "null"},
    ]
}
"""A revenue band, as its ordinal or as its text; -1: unknown."""

ATTRIBUTES: Final[Form] = {
    "anyOf": [
        {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    {"type": "integer", "minimum": 0, "maximum": 10**9},
                    {"type": "null"},
                ]
            },
        },
        {"type": "null"},
    ]
}
"""Whole quantities by name; null is a missing one."""

CUSTOMER_ID: Final[Form] = {
    "type": "string",
    "minLength": 1,
    "pattern": "^[^}\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
}
"""A customer's id (`schemas.customer_id.problem_of`)."""

CONDITIONS: Final[Form] = {
    "type": "string",
    "pattern": (
        "^\\s*(>=|<=|>|<|=)\\s*[0-9]+(\\.[0-9]{1,2})?\\s*"
        "(,\\s*(>=|<=|>|<|=)\\s*[0-9]+(\\.[0-9]{1,2})?\\s*)*$"
    ),
    "examples": ["> 55", "> 0, < 55"],
}
"""Conditions on a score, all of which must hold."""
