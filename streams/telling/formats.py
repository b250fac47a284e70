"""Numbers, money, days and times as the readers of a language write them.

Times are those of the business, in São Paulo, whoever reads them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from schemas.instant import BUSINESS_ZONE
from streams.telling.language import Language

NOTHING: Final = "—"

_SWAPPED: Final = str.maketrans(",.", ".,")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Formats:
    """Writes values in one language.

    >>> Formats("pt").number(1234.5), Formats("en").number(1234.5)
    ('1.234,50', '1,234.50')
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._day = "%d/%m/%Y" if language == "pt" else "%d %b %Y"
        self._short_day = "%d/%m" if language == "pt" else "%d %b"

    def number(self, value: float | Decimal | None, places: int = 2) -> str:
        """Return a number with so many decimals.

        >>> Formats("pt").number(0.417, 3), Formats("pt").number(None)
        ('0,417', '—')
        """
        if value is None:
            return NOTHING
        written = f"{value:,.{places}f}"
        return written.translate(_SWAPPED) if self.language == "pt" else written

    def count(self, value: int) -> str:
        """Return how many there are.

        >>> Formats("pt").count(10_615)
        '10.615'
        """
        return self.number(value, 0)

    def money(self, amount: str | Decimal) -> str:
        """Return an amount in reais, with cents, or more places where it has more.

        >>> [Formats("pt").money(amount) for amount in ("1234.56", "-7.00", "0.125")]
        ['R$ 1.234,56', '-R$ 7,00', 'R$ 0,125']
        """
        exact = Decimal(amount)
        places = max(2, -int(exact.as_tuple().exponent))
        return f"{'-' if exact < 0 else ''}R$ {self.number(abs(exact), places)}"

    def share(self, part: float | None, places: int = 1) -> str:
        """Return a part of 1 as a percentage.

        >>> Formats("pt").share(0.7812), Formats("en").share(0.7812), Formats("pt").share(None)
        ('78,1 %', '78.1%', '—')
        """
        if part is None:
            return NOTHING
        return self.number(100 * part, places) + (" %" if self.language == "pt" else "%")

    def day(self, iso: str | date | None) -> str:
        """Return a day.

        >>> Formats("pt").day("2026-11-22"), Formats("en").day("2026-11-22")
        ('22/11/2026', '22 Nov 2026')
        """
        if iso is None:
            return NOTHING
        return f"{date.fromisoformat(iso) if isinstance(iso, str) else iso:{self._day}}"

    def moment(self, timestamp_ms: int) -> str:
        """Return day and time of a Kafka timestamp.

        >>> Formats("pt").moment(1_793_629_800_250)
        '02/11/2026 11:30:00'
        """
        moment = datetime.fromtimestamp(timestamp_ms / 1000, BUSINESS_ZONE)
        return f"{moment:{self._day} %H:%M:%S}"

    def clock(self, time: str) -> str:
        """Return the time of day of an RFC 3339 text.

        >>> Formats("pt").clock("2026-11-22T13:00:00.123Z")
        '10:00:00'
        """
        return f"{datetime.fromisoformat(time).astimezone(BUSINESS_ZONE):%H:%M:%S}"

    def stamp(self, time: str) -> str:
        """Return day, month and time of day of an RFC 3339 text.

        >>> Formats("pt").stamp("2026-11-22T13:00:00.123Z")
        '22/11 10:00:00'
        """
        moment = datetime.fromisoformat(time).astimezone(BUSINESS_ZONE)
        return f"{moment:{self._short_day} %H:%M:%S}"

    def span(self, seconds: float) -> str:
        """Return a length of time in its largest unit.

        >>> [Formats("pt").span(s) for s in (0.4, 75, 7300, 200_000)]
        ['0 s', '1 min', '2 h', '2 d']
        """
        units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
        size, unit = next(((size, unit) for size, unit in units if seconds >= size), units[-1])
        return f"{int(seconds // size)} {unit}"

    def ago(self, seconds: float) -> str:
        """Return how long ago something was.

        >>> Formats("pt").ago(0.4), Formats("pt").ago(75), Formats("en").ago(75)
        ('agora', 'há 1 min', '1 min ago')
        """
        if seconds < 1:
            return "agora" if self.language == "pt" else "now"
        length = self.span(seconds)
        return f"há {length}" if self.language == "pt" else f"{length} ago"
