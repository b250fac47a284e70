"""Numbers, money, days and times as Brazilians write them, and texts of others made harmless."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.instant import BUSINESS_ZONE

NOTHING: Final = "—"

# Control characters, ends of lines and changes of direction: a terminal would obey them.
_OBEYED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return a text as one line that no terminal takes for a command.

    >>> printable("Ação\x1b[2J\n🙂")
    'Ação\\x1b[2J\\n🙂'
    """
    return _OBEYED.sub(lambda found: repr(found[0])[1:-1], text)


def harmless(value: Any) -> Any:
    r"""Return JSON values with all texts printable, names of fields as they are.

    >>> harmless({"event": {"id": "a\x07"}, "group": ["b\n"], "V": 1.5})
    {'event': {'id': 'a\\x07'}, 'group': ['b\\n'], 'V': 1.5}
    """
    if isinstance(value, dict):
        return {name: harmless(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [harmless(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


def number(value: float | Decimal | None, places: int = 2) -> str:
    """Return a number as Brazilians write it.

    >>> number(1234.5), number(None), number(0.417, 3)
    ('1.234,50', '—', '0,417')
    """
    if value is None:
        return NOTHING
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def money(amount: str) -> str:
    """Return an amount in reais, with cents, or more places where it has more.

    >>> money("1234.56"), money("-7.00"), money("0.125")
    ('R$ 1.234,56', '-R$ 7,00', 'R$ 0,125')
    """
    exact = Decimal(amount)
    places = max(2, -int(exact.as_tuple().exponent))
    return f"{'-' if exact < 0 else ''}R$ {number(abs(exact), places)}"


def share(probability: float | None) -> str:
    """Return a probability as a percentage.

    >>> share(0.7812), share(None)
    ('78,1 %', '—')
    """
    return NOTHING if probability is None else f"{number(100 * probability, 1)} %"


def day(iso: str | None) -> str:
    """Return a day as DD/MM/AAAA.

    >>> day("2026-11-22"), day(None)
    ('22/11/2026', '—')
    """
    return NOTHING if iso is None else f"{date.fromisoformat(iso):%d/%m/%Y}"


def moment(timestamp_ms: int) -> str:
    """Return day and time in São Paulo.

    >>> moment(1_793_629_800_250)
    '02/11/2026 11:30:00'
    """
    return f"{datetime.fromtimestamp(timestamp_ms / 1000, BUSINESS_ZONE):%d/%m/%Y %H:%M:%S}"


def clock(time: str) -> str:
    """Return the time of day in São Paulo of an RFC 3339 text.

    >>> clock("2026-11-22T13:00:00.123Z")
    '10:00:00'
    """
    return f"{datetime.fromisoformat(time).astimezone(BUSINESS_ZONE):%H:%M:%S}"


def stamp(time: str) -> str:
    """Return day, month and time of day in São Paulo of an RFC 3339 text.

    >>> stamp("2026-11-22T13:00:00.123Z")
    '22/11 10:00:00'
    """
    return f"{datetime.fromisoformat(time).astimezone(BUSINESS_ZONE):%d/%m %H:%M:%S}"
